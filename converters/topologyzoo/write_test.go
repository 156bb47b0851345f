package topologyzoo_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/converters/draft"
	"sendim/converters/topologyzoo"
	"sendim/core/model"
	"sendim/descriptors"
)

// randomNetwork draws a valid network with everything that nodes and links can have.
func randomNetwork(t *rapid.T) *model.Network {
	b := model.NewBuilder(rapid.SampledFrom([]string{"net", "Zürich – café", "a  b", "<&>\"'"}).Draw(t, "name"))
	odd := rapid.SampledFrom([]string{"", " ", "<&>\"'", "]]>", "é北京\U0001f600", "a\nb\tc\r\nd", "  blanks  ", "label", "sendim.kind", "plain"})
	key := rapid.SampledFrom([]string{"pop", "label", "Latitude", "latitude", "longitude", "sendim.kind", "sendim.rate", "LinkSpeedRaw", "über"})
	properties := func() (out []model.Property) {
		for range rapid.IntRange(0, 3).Draw(t, "properties") {
			out = append(out, model.Property{Name: key.Draw(t, "key"), Value: odd.Draw(t, "value")})
		}
		return out
	}
	classes := []model.Class{{ID: "gold 1", Min: 5, Max: 7e9, Priority: -3}, {ID: "x"}}
	ids := make([]model.NodeID, rapid.IntRange(2, 6).Draw(t, "nodes"))
	for i := range ids {
		kind := model.NodeKind(rapid.IntRange(1, 3).Draw(t, "kind"))
		name := rapid.SampledFrom([]string{"n", "h-s", "São Paulo ", "7-", "<x>&", "北京", "none"}).Draw(t, "stem") + fmt.Sprint(i)
		ids[i], _ = b.Declare([]byte(name), kind)
		b.SetNodeSpec(ids[i], b.NodeSpecID(model.NodeSpec{CPU: rapid.Int64Range(0, 5000).Draw(t, "cpu"), Memory: model.Size(rapid.Int64Range(0, 1<<40).Draw(t, "memory")), Disk: model.Size(rapid.SampledFrom([]int64{0, 1, 1000, 1 << 30}).Draw(t, "disk"))}))
		var id model.Identity
		if kind == model.Host && rapid.Bool().Draw(t, "addressed") {
			id = model.Identity{IP: 0x0a000001 + uint32(i), Prefix: 24, HasMAC: true, MAC: uint64(0x20 + i)}
		}
		if kind == model.Switch && rapid.Bool().Draw(t, "dpid") {
			id.DPID = uint64(i + 1)
		}
		var labels []string
		for range rapid.IntRange(0, 2).Draw(t, "labels") {
			labels = append(labels, rapid.SampledFrom([]string{"core", "<edge>", "ü"}).Draw(t, "label"))
		}
		if list := properties(); len(list) > 0 || len(labels) > 0 || id != (model.Identity{}) {
			b.SetNodeExtra(ids[i], id, labels, list)
		}
	}
	spec := func() model.SpecID {
		return b.SpecID(model.LinkSpec{Rate: model.Rate(rapid.Int64Range(0, 1<<50).Draw(t, "rate")), Delay: model.Time(rapid.Int64Range(0, 1<<50).Draw(t, "delay")), Jitter: model.Time(rapid.IntRange(0, 2000).Draw(t, "jitter")),
			Loss: rapid.Float64Range(0, 1).Draw(t, "loss"), Queue: rapid.SampledFrom([]model.QueueLimit{{}, {Packets: 7}, {Bytes: 1500}}).Draw(t, "queue"), MTU: rapid.SampledFrom([]int32{0, 1500, 9000}).Draw(t, "mtu"),
			Class: rapid.SampledFrom([]string{"", "gold 1", "x"}).Draw(t, "class"), Weight: rapid.Int64Range(0, 9).Draw(t, "weight"), Spare: rapid.Bool().Draw(t, "spare")})
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "links") {
		a := rapid.IntRange(0, len(ids)-1).Draw(t, "a")
		z := (a + rapid.IntRange(1, len(ids)-1).Draw(t, "z")) % len(ids)
		d := model.LinkDraft{A: ids[a], B: ids[z], APort: model.AutoPort, BPort: model.AutoPort, Properties: properties()}
		if rapid.Bool().Draw(t, "named") {
			d.Name = fmt.Sprintf("l é%d", i)
		}
		if rapid.Bool().Draw(t, "ported") {
			d.APort, d.BPort = model.PortNo(20+2*i), model.PortNo(21+2*i)
		}
		d.Spec = spec()
		d.Back = d.Spec
		if rapid.Bool().Draw(t, "asymmetric") {
			d.Back = spec()
		}
		b.Link(d)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	n.Classes = classes
	if err := n.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// canonical is a text that is equal for equal models.
func canonical(t interface{ Fatal(...any) }, n *model.Network) string {
	var b strings.Builder
	if err := descriptors.Encode(&b, n); err != nil {
		t.Fatal(err)
	}
	for l := range n.Links() { // the descriptor leaves out the ports that are as expected
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

func readBack(t interface{ Fatal(...any) }, data []byte) *draft.Result {
	n, err := topologyzoo.Read([]draft.File{{Name: "written", Data: data}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsWrittenIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := randomNetwork(t)
		var b bytes.Buffer
		lost, err := topologyzoo.Write(&b, n)
		if err != nil || len(lost) > 0 {
			t.Fatal(err, lost)
		}
		for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
			if _, err := d.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Fatalf("another reader refuses it: %v", err)
				}
				break
			}
		}
		back := readBack(t, b.Bytes())
		if want, got := canonical(t, n), canonical(t, back.Model); got != want {
			t.Fatalf("wrote\n%s\nread\n%s", want, got)
		}
	})
}

func TestWhatAGraphCannotHoldIsTold(t *testing.T) {
	b := model.NewBuilder("n")
	h, _ := b.Declare([]byte("h1"), model.Host)
	g, _ := b.Declare([]byte("h2"), model.Host)
	b.SetNodeExtra(h, model.Identity{}, []string{"two words"}, []model.Property{{Name: "p", Value: "a\x01b\xff"}})
	b.Link(model.LinkDraft{A: h, B: g, APort: model.AutoPort, BPort: model.AutoPort})
	n, _ := b.Build(nil)
	n.Flows = make([]model.Flow, 2)
	n.Tests = make([]model.Test, 1)
	var out bytes.Buffer
	lost, err := topologyzoo.Write(&out, n)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"flows: 2, left out: a graph has no place for them", "tests: 1, left out: a graph has no place for them",
		"labels with blanks: 1, read back as several", "characters that XML cannot hold: 2, replaced"}
	if !slices.Equal(lost, want) {
		t.Errorf("lost %q", lost)
	}
	readBack(t, out.Bytes())
	if _, err := topologyzoo.Write(failing{}, n); err == nil {
		t.Error("a writer that fails is no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// A network that another tool has read and written is still the same.
func TestNetworkxReadsAndWritesItWithoutLoss(t *testing.T) {
	if err := exec.Command("python3", "-c", "import networkx").Run(); err != nil {
		t.Skip("python3 with networkx is not installed")
	}
	b := model.NewBuilder("exchange")
	var ids []model.NodeID
	for _, name := range []string{"s1", "s 2", "é"} {
		id, _ := b.Declare([]byte(name), model.Switch)
		b.SetNodeExtra(id, model.Identity{}, []string{"core"}, []model.Property{{Name: "longitude", Value: "2.5"}, {Name: "latitude", Value: "48"}, {Name: "pop", Value: "x & y"}})
		ids = append(ids, id)
	}
	for i, e := range [][2]int{{2, 0}, {0, 1}, {0, 1}, {1, 2}} {
		s := b.SpecID(model.LinkSpec{Rate: model.Rate(i+1) * 1e9, Delay: 5 * model.Millisecond})
		b.Link(model.LinkDraft{A: ids[e[0]], B: ids[e[1]], APort: model.AutoPort, BPort: model.AutoPort, Spec: s, Back: b.SpecID(model.LinkSpec{Rate: 7})})
	}
	n, _ := b.Build(nil)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.graphml"), filepath.Join(dir, "out.graphml")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topologyzoo.Write(f, n); err != nil {
		t.Fatal(err)
	}
	f.Close()
	script := `
import sys, networkx as nx
g=nx.read_graphml(sys.argv[1])
assert g.number_of_nodes()==3 and g.number_of_edges()==4 and g.is_multigraph(), g
assert g.nodes['n1']['label']=='s 2' and g.nodes['n1']['Longitude']==2.5
assert sorted(d['LinkSpeedRaw'] for _,_,d in g.edges(data=True))==[1e9,2e9,3e9,4e9]
nx.write_graphml(g,sys.argv[2])
`
	if text, err := exec.Command("python3", "-c", script, in, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	back := readBack(t, data)
	for v := range n.Nodes() {
		if got := back.Model.Node(v.ID); fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("%v became %v", v, got)
		}
	}
	if back.Model.LinkCount() != 4 {
		t.Fatalf("%d links", back.Model.LinkCount())
	}
	var want, got []string // networkx lists edges by node
	for l := range n.Links() {
		want = append(want, fmt.Sprint(l.A, l.B, l.Spec, l.Back, l.Properties))
	}
	for l := range back.Model.Links() {
		got = append(got, fmt.Sprint(l.A, l.B, l.Spec, l.Back, l.Properties))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

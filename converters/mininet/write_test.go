package mininet_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/converters/mininet"
	"sendim/core/model"
	"sendim/integrators/labtest"
)

var update = flag.Bool("update", false, "write golden files")

// link is a line of a test's network.
type link struct {
	name, a, b string
	spec, back model.LinkSpec
}

func network(t testing.TB, name string, nodes []string, links []link) *model.Network {
	t.Helper()
	b := model.NewBuilder(name)
	for _, n := range nodes {
		kind := model.Host
		if n[0] == 's' {
			kind = model.Switch
		}
		if n[0] == 'x' {
			kind = model.External
		}
		b.Declare([]byte(n), kind)
	}
	for _, l := range links {
		if l.back == (model.LinkSpec{}) {
			l.back = l.spec
		}
		b.Link(model.LinkDraft{Name: l.name, A: b.Ref([]byte(l.a)), B: b.Ref([]byte(l.b)), APort: model.AutoPort, BPort: model.AutoPort, Spec: b.SpecID(l.spec), Back: b.SpecID(l.back)})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func everyKind(t testing.TB) *model.Network {
	shaped := model.LinkSpec{Rate: 20e6, Queue: model.QueueLimit{Packets: 50}}
	n := network(t, "every \"kind\"", []string{"s1", "s2", "switch of a very long name", "h1", "h2", "hélène", "x1"}, []link{
		{a: "s1", b: "s2", spec: shaped},
		{a: "s1", b: "s2", spec: model.LinkSpec{Rate: 1e9, Delay: 5 * model.Millisecond, Jitter: model.Millisecond, Loss: 0.001}, back: model.LinkSpec{Rate: 5e8, Queue: model.QueueLimit{Bytes: 150_000}}},
		{name: "spare way", a: "s2", b: "switch of a very long name", spec: model.LinkSpec{MTU: 9000}},
		{a: "h1", b: "s1"}, {a: "h2", b: "s2"}, {a: "hélène", b: "switch of a very long name"}, {a: "x1", b: "s1"},
	})
	h1, _ := n.NodeByName("h1")
	h2, _ := n.NodeByName("h2")
	s1, _ := n.NodeByName("s1")
	n.Services = []model.Service{{ID: "web", IP: 10<<24 | 9<<16 | 9<<8 | 9, Port: 80, Proto: model.TCP, Members: []model.Member{{Node: h2, Weight: 1}}}}
	n.Flows = []model.Flow{
		{ID: "f1", From: h1, To: h2, Start: model.Second, Size: 10e6, Transport: model.TCP},
		{ID: "f2", From: h1, To: h2, Duration: 2 * model.Second, Rate: 5e6, Packet: 1000, DstPort: 7000},
		{ID: "f3", From: h2, To: model.NoNode, Service: "web", Size: 1000},
		{ID: "f4", From: h2, To: h1, Count: 3},
	}
	n.Scenario = []model.ScenarioStep{
		{At: 3 * model.Second, Changes: []model.Change{{Kind: model.LinkDown, Link: 0, Node: model.NoNode}, {Kind: model.LinkRate, Link: 1, Node: model.NoNode, Rate: 1e8}}},
		{At: 4 * model.Second, Changes: []model.Change{{Kind: model.LinkUp, Link: 0}, {Kind: model.LinkDelay, Link: 1, Delay: model.Millisecond}, {Kind: model.LinkLoss, Link: 1, Loss: 0.01}}},
		{At: 5 * model.Second, Changes: []model.Change{{Kind: model.NodeDown, Link: model.NoLink, Node: s1}}},
		{At: 6 * model.Second, Changes: []model.Change{{Kind: model.PortDown, Link: model.NoLink, Node: s1, Port: 1}, {Kind: model.ControlDown, Link: model.NoLink, Node: s1},
			{Kind: model.ControllerDown, Link: model.NoLink, Node: model.NoNode}, {Kind: model.ControlLoss, Link: model.NoLink, Node: s1, Loss: 0.1}}},
	}
	n.Tests = []model.Test{{Kind: model.TestReachable, From: "h1,h2", To: "*"}, {Kind: model.TestThroughput, Flow: "f1", MinRate: 1e6},
		{Kind: model.TestLoss, Flow: "f2", MaxLoss: 0.01}, {Kind: model.TestCompletion, Flow: "f1", Max: 10 * model.Second}}
	return n
}

func ring(t testing.TB, count int) *model.Network {
	b := model.NewBuilder("ring")
	b.Grow(2*count, 2*count)
	shaped := b.SpecID(model.LinkSpec{Rate: 1e8})
	for i := range count {
		b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
		b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
	}
	for i := range count {
		s, h, next := model.NodeID(2*i), model.NodeID(2*i+1), model.NodeID(2*((i+1)%count))
		b.Link(model.LinkDraft{A: s, B: next, APort: model.AutoPort, BPort: model.AutoPort, Spec: shaped, Back: shaped})
		b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func script(t testing.TB, n *model.Network) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := mininet.Write(&out, n, mininet.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// own is the part of a script that differs from network to network.
func own(t testing.TB, text []byte) []byte {
	t.Helper()
	begin, end := bytes.Index(text, []byte("NAME = ")), bytes.Index(text, []byte("\nclass QuietHost"))
	if begin < 0 || end < begin {
		t.Fatal("the script has not the parts it should have")
	}
	return text[begin:end]
}

func TestScriptsAreAsTheGoldenFilesHaveThem(t *testing.T) {
	large := own(t, script(t, ring(t, 201)))
	for name, got := range map[string][]byte{"every-kind.py": own(t, script(t, everyKind(t))), "large.py": large} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from its golden file; look at it, then go test -update", name)
		}
	}
}

func python(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", argv...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func needPython(t testing.TB) {
	t.Helper()
	labtest.Program(t, "/usr/bin/python3")
}

func TestPythonCompilesSmallAndLargeScripts(t *testing.T) {
	needPython(t)
	for name, n := range map[string]*model.Network{"small": everyKind(t), "large": ring(t, 2000)} {
		path := filepath.Join(t.TempDir(), name+".py")
		if err := os.WriteFile(path, script(t, n), 0o644); err != nil {
			t.Fatal(err)
		}
		python(t, "-m", "py_compile", path)
	}
}

func TestAScriptThatTakesEditsCompilesAndOthersLackTheWords(t *testing.T) {
	needPython(t)
	n := everyKind(t)
	var out bytes.Buffer
	if err := mininet.Write(&out, n, mininet.Options{Edits: true}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "edits.py")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python(t, "-m", "py_compile", path)
	const words = "EDITS = {"
	if !bytes.Contains(out.Bytes(), []byte(words)) || bytes.Contains(script(t, n), []byte(words)) {
		t.Error("the words for edits stand where they should not, or not where they should")
	}
}

func TestStatementsAndTableBuildTheSameNetwork(t *testing.T) {
	needPython(t)
	// A stand-in for Mininet that notes what it is told.
	const fake = `
import json, sys, types
for name, names in {'mininet': [], 'mininet.cli': ['CLI'], 'mininet.log': ['setLogLevel'], 'mininet.net': ['Mininet'],
                    'mininet.node': ['Host', 'OVSSwitch', 'RemoteController']}.items():
    m = sys.modules[name] = types.ModuleType(name)
    for n in names:
        setattr(m, n, type(n, (), {}))
text = open(sys.argv[1]).read()
space = {'__name__': 'script'}
exec(compile(text, 'script', 'exec'), space)
class Net:
    def __init__(self): self.said = []
    def __getattr__(self, verb):
        return lambda *a, **k: self.said.append([verb, list(a), sorted(k.items())])
net = Net()
space['build'](net)
for line in net.said: print(json.dumps(line))
for intf, l in space['shaper'].limits.items(): print(intf, json.dumps(l, sort_keys=True))
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fake.py"), []byte(fake), 0o644); err != nil {
		t.Fatal(err)
	}
	build := func(n *model.Network) string {
		path := filepath.Join(dir, "net.py")
		if err := os.WriteFile(path, script(t, n), 0o644); err != nil {
			t.Fatal(err)
		}
		return python(t, filepath.Join(dir, "fake.py"), path)
	}
	small, large := build(ring(t, 100)), build(ring(t, 201))
	if !strings.Contains(small, `["addLink", ["s1", "s2"], [["addr1", "02:00:04:00:00:00"], ["addr2", "02:00:04:00:00:02"], ["intfName1", "s1-eth1"], ["intfName2", "s2-eth1"], ["port1", 1], ["port2", 1]]]`) {
		t.Errorf("the first link is not as it should be:\n%.3000s", small)
	}
	// Away from where the rings close they are the same, line by line.
	have := map[string]bool{}
	for line := range strings.Lines(large) {
		have[line] = true
	}
	for line := range strings.Lines(small) {
		if !have[line] && !strings.Contains(line, `s100`) && !strings.Contains(line, "s1-eth") {
			t.Errorf("only the statements say %s", line)
		}
	}
}

func TestLabelsOfAnyKindStayWithinTheirLiterals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching(`[a-z'"\\#{}%\n\t é☃😀-]{1,20}`).Draw(t, "label")
		b := model.NewBuilder(label)
		if model.CheckID(label) != nil {
			label = "plain"
		}
		b.Declare([]byte(label), model.Host)
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			t.Skip()
		}
		var out bytes.Buffer
		if err := mininet.Write(&out, n, mininet.Options{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "NAME = ") && (strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\"\n")) {
				t.Fatalf("%q", line)
			}
		}
	})
}

func TestWritingTheSameNetworkTwiceGivesTheSameBytes(t *testing.T) {
	if !bytes.Equal(script(t, everyKind(t)), script(t, everyKind(t))) {
		t.Error("they differ")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAWriterThatFailsIsAnError(t *testing.T) {
	err := mininet.Write(brokenPipe{}, everyKind(t), mininet.Options{})
	if err == nil || !strings.Contains(err.Error(), "writing the Mininet script of") {
		t.Error(err)
	}
}

func BenchmarkWrite100kNodes(b *testing.B) {
	n := ring(b, 50_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := mininet.Write(io.Discard, n, mininet.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

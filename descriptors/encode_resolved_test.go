package descriptors

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/model"
	"sendim/core/naming"
)

// resolve encodes and decodes again.
func resolve(t interface{ Fatalf(string, ...any) }, n *model.Network) (string, *model.Network) {
	names, err := naming.New(n)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out bytes.Buffer
	if err := EncodeResolved(&out, n, names); err != nil {
		t.Fatalf("%v", err)
	}
	sys, _, err := Decode(fstest.MapFS{"r.xml": {Data: out.Bytes()}}, Options{}, "r.xml")
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	return out.String(), sys.Model
}

// bare is a dump without what resolving adds: addresses.
func bare(n *model.Network) []string {
	var out []string
	for v := range n.Nodes() {
		v.Identity = model.Identity{}
		out = append(out, fmt.Sprintf("%+v", v))
	}
	return append(out, dump(n)[n.NodeCount()+1:]...)
}

func TestAResolvedNetworkIsTheSameAndResolvedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNetwork(t)
		if _, err := naming.New(n); err != nil {
			t.Skip("addresses clash")
		}
		text, again := resolve(t, n)
		if d := cmp.Diff(bare(n), bare(again)); d != "" {
			t.Fatalf("another network:\n%s\n%s", d, text)
		}
		a, _ := naming.New(n)
		b, err := naming.New(again)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for i := range n.NodeCount() {
			id := model.NodeID(i)
			ipA, bitsA := a.IP(id)
			ipB, bitsB := b.IP(id)
			if a.DPID(id) != b.DPID(id) || a.MAC(id) != b.MAC(id) || ipA != ipB || bitsA != bitsB {
				t.Fatalf("other addresses of %s", n.NodeName(id))
			}
		}
		if twice, _ := resolve(t, again); twice != text {
			t.Fatalf("resolved again it differs:\n%s", cmp.Diff(text, twice))
		}
	})
}

func TestAResolvedNetworkSaysEverythingOnce(t *testing.T) {
	const in = `<system name="x"><defaults><link rate="10Mbps"/></defaults>
  <generate kind="linear" k="2"/>
  <link id="extra" from="s1" to="s2" delay="1ms"><back rate="1Mbps" delay="0s"/></link>
</system>`
	sys, _, err := Decode(fstest.MapFS{"a.xml": {Data: []byte(in)}}, Options{}, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := resolve(t, sys.Model)
	for _, want := range []string{
		`<node id="s1" type="switch" dpid="0x1"/>`,
		`<node id="h1" type="host" mac="00:00:00:00:00:01" ip="10.0.0.1/8"/>`,
		`<link id="extra" from="s1:3" to="s2:3" rate="10Mbps" delay="1ms">`,
		`<back rate="1Mbps" delay="0ps"/>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "generate") || strings.Contains(text, "defaults") {
		t.Error("it still refers to something")
	}
}

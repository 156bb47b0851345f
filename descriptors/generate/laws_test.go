package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	want, err := os.ReadFile(file)
	if err == nil && string(want) == got {
		return
	}
	if !*update {
		t.Errorf("%s (%v): got\n%s\nwant\n%s", file, err, got, want)
		return
	}
	if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}

// write puts out all that a network is.
func write(w io.Writer, n *model.Network) {
	for v := range n.Nodes() {
		fmt.Fprintln(w, v.Name, v.Kind, v.Properties, v.Identity.DPID)
	}
	for l := range n.Links() {
		fmt.Fprintln(w, n.PortName(l.A), n.PortName(l.B), l.Spec, l.Back)
	}
}

func digest(n *model.Network) string {
	h := sha256.New()
	write(h, n)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// TestTheSameSeedGivesTheSameNetwork on every machine and in every version: whoever changes
// a digest changes what seeds in published descriptors mean.
func TestTheSameSeedGivesTheSameNetwork(t *testing.T) {
	var b strings.Builder
	for _, topo := range []string{
		"star,5", "ring,5,2", "full-mesh,5", "leaf-spine,2,3", "leaf-spine,2,3,parallel=2,spare=1",
		"jellyfish", "jellyfish,60,8,5,seed=1", "jellyfish,61,8,5,seed=1", "jellyfish,60,4,2,connected=true",
		"small-world", "small-world,200,6,0.3,seed=7", "small-world,200,2,0.8,connected=true",
		"small-world,model=swdc", "small-world,lattice=ring,n=500,seed=3", "small-world,lattice=torus,x=12,y=10", "small-world,lattice=hex-torus,x=6,y=8,z=5", "small-world,lattice=ring,n=100,exponent=0",
		"random", "random,500,3.5,seed=2", "random,500,p=0.01,seed=2", "random,500,p=0.001,connected=true", "random,12,m=60",
		"waxman", "waxman,500,degree=3.5,seed=2", "waxman,500,degree=2,connected=true,delay-per-km=5us", "waxman,300,m=3", "waxman,300,m=2,beta=0.02,coordinates=false",
		"barabasi-albert", "barabasi-albert,500,3,seed=9",
	} {
		fmt.Fprintf(&b, "%s %s\n", digest(build(t, topo)), topo)
	}
	golden(t, "digests.golden", b.String())
}

func TestSmallNetworksAreAsDocumented(t *testing.T) {
	var b strings.Builder
	for _, topo := range []string{"star,2", "star,2,2", "ring,3", "full-mesh,4,0", "leaf-spine,2,2,1", "leaf-spine,1,2,0,parallel=2,spare=1,rate=1Gbps",
		"jellyfish,6,4,3", "small-world,6,4,0.3", "small-world,lattice=ring,n=8,hosts=0", "random,5,2", "waxman,4,alpha=1,beta=1,delay-per-km=5us", "barabasi-albert,5,2"} {
		n := build(t, topo)
		fmt.Fprintln(&b, "#", topo)
		for v := range n.Nodes() {
			fmt.Fprint(&b, v.Name, " ")
			for _, p := range v.Properties {
				fmt.Fprintf(&b, "(%s=%s) ", p.Name, p.Value)
			}
		}
		b.WriteString("|")
		for l := range n.Links() {
			fmt.Fprint(&b, " ", n.PortName(l.A), "-", n.PortName(l.B))
			if l.Spec.Delay > 0 {
				fmt.Fprintf(&b, " (%v)", l.Spec.Delay)
			}
			if l.Spec.Spare {
				b.WriteString(" (spare)")
			}
		}
		b.WriteString("\n")
	}
	golden(t, "small.golden", b.String())
}

func TestDifferentSeedsGiveDifferentNetworks(t *testing.T) {
	for _, topo := range []string{"jellyfish", "small-world", "small-world,model=swdc", "random", "random,20,p=0.2", "waxman", "waxman,20,m=2", "barabasi-albert"} {
		seen := map[string]bool{}
		for seed := range 20 {
			seen[digest(build(t, fmt.Sprintf("%s,seed=%d", topo, seed)))] = true
		}
		if len(seen) < 20 {
			t.Errorf("%s: %d networks of 20 seeds", topo, len(seen))
		}
	}
}

// TestWhatIsAcceptedIsBuiltAsAnnounced draws options of all kinds. Whatever is accepted
// gives a network of the announced size in which all hosts have one link, no link leads back
// and none stands twice, and which is connected when that was asked for.
func TestWhatIsAcceptedIsBuiltAsAnnounced(t *testing.T) {
	accepted := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		r := Request{Kind: k.Name, MaxNodes: 2000, MaxLinks: 20_000}
		said := map[string]string{}
		wild := rapid.IntRange(0, 9).Draw(t, "wild") == 0 // most options are sensible, so that many are accepted
		var ofModel string
		for _, o := range k.Options {
			if o.Name == "model" && !wild {
				ofModel = rapid.SampledFrom(o.Values).Draw(t, "model")
			}
		}
		for _, o := range k.All() {
			if o.Name == "prefix" || o.Name != "model" && o.Initial != "" && !rapid.Bool().Draw(t, o.Name+"?") ||
				!wild && (!o.For(ofModel) || o.Name == "degree" && (said["alpha"] != "" || ofModel == "gnm")) {
				continue
			}
			number := func(low, high int) string { return fmt.Sprint(rapid.IntRange(low, high).Draw(t, o.Name)) }
			v := ""
			switch {
			case o.Name == "model" && !wild:
				v = ofModel
			case len(o.Values) > 0:
				v = rapid.SampledFrom(o.Values).Draw(t, o.Name)
			case o.Name == "loss":
				v = "1%"
			case o.Name == "queue":
				v = "7p"
			case strings.Contains(o.Name, "rate"):
				v = "5Mbps"
			case strings.Contains(o.Name, "delay"):
				v = rapid.SampledFrom([]string{"0s", "1us", "3ms"}).Draw(t, o.Name)
			case o.Name == "beta":
				v = fmt.Sprint(rapid.Float64Range(0.01, 3).Draw(t, o.Name))
			case o.form == real && o.high == 1:
				v = fmt.Sprint(rapid.SampledFrom([]float64{0, 1e-9, 0.01, 0.3, 0.9, 1}).Draw(t, o.Name))
			case o.form == real:
				v = number(0, 3)
			case o.Name == "parallel" || o.Name == "spare":
				v = number(int(o.min), 3)
			case wild:
				v = number(0, 12)
			case o.Name == "n" || o.Name == "x" || o.Name == "y":
				v = number(3, 12)
				if k.Name == "small-world" || k.Name == "random" {
					v = fmt.Sprint(2 * rapid.IntRange(3, 15).Draw(t, o.Name))
				}
			case o.even:
				v = fmt.Sprint(2 * rapid.IntRange(1, 4).Draw(t, o.Name))
			default:
				v = number(int(o.min), int(o.min)+6)
			}
			said[o.Name] = v
			r.Options = append(r.Options, Option{Name: o.Name, Value: v})
		}
		if said["lattice"] == "" && !wild {
			said["lattice"] = "ring"
		}
		if !wild && ofModel == "swdc" { // a lattice has its own sizes
			r.Options = slices.DeleteFunc(r.Options, func(o Option) bool {
				return o.Name == "n" && said["lattice"] != "ring" || o.Name == "z" && said["lattice"] != "hex-torus" ||
					(o.Name == "x" || o.Name == "y") && said["lattice"] == "ring"
			})
		}
		nodes, links, err := Size(r)
		b := model.NewBuilder("")
		berr := Build(r, b)
		if (err == nil) != (berr == nil) {
			t.Fatalf("Size says %v, Build %v", err, berr)
		}
		if err != nil {
			if b.NodeCount() > 0 || !fault.Is(err, fault.GeneratorOption) && !fault.Is(err, fault.Limit) {
				t.Fatalf("%v, and %d nodes", err, b.NodeCount())
			}
			return
		}
		accepted[k.Name]++
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		if err := n.Validate(nil).Err(); err != nil {
			t.Fatal(err)
		}
		if !asAnnounced(r, nodes, links, n.NodeCount(), n.LinkCount()) {
			t.Fatalf("announced %d and %d, made %d and %d", nodes, links, n.NodeCount(), n.LinkCount())
		}
		s := shapeOf(n)
		times := 1
		fmt.Sscan(said["parallel"], &times)
		spares := 0
		fmt.Sscan(said["spare"], &spares)
		for i, next := range s.next {
			count := map[int]int{}
			for _, j := range next {
				count[j]++
			}
			for j, c := range count {
				if c != times+spares || i == j {
					t.Fatalf("%d links from %d to %d, want %d", c, i, j, times+spares)
				}
			}
		}
		for _, h := range n.NodesOfKind(model.Host) {
			if len(n.Arcs(h)) != 1 {
				t.Fatalf("%s has %d links", n.NodeName(h), len(n.Arcs(h)))
			}
		}
		if random := k.Name == "random" || k.Name == "jellyfish" || k.Name == "waxman" || k.Name == "small-world"; (!random || said["connected"] == "true" || said["model"] == "swdc" || said["model"] == "brite") && !s.connected() {
			t.Fatal("it is not connected")
		}
	})
	t.Log(accepted)
}

func TestFaultsOfOptions(t *testing.T) {
	var b strings.Builder
	for _, topo := range []string{
		"mesh", "jelyfish", "star,n=0", "ring,2", "full-mesh,1000000", "leaf-spine,leafs=3",
		"jellyfish,10,4,5", "jellyfish,4,4,4", "jellyfish,10,4,3,hosts=2", "jellyfish,10,4,1,connected=true", "jellyfish,ports=4,k=3", "jellyfish,seed=-1",
		"small-world,10,3", "small-world,4,4", "small-world,10,4,1.5", "small-world,10,4,NaN", "small-world,model=ws", "small-world,model=swdc,p=0.1", "small-world,lattice=ring,x=4",
		"small-world,lattice=hex-torus,x=5,y=7", "small-world,lattice=ring,n=7", "small-world,lattice=rink", "small-world,k=4,lattice=torus", "small-world,model=swdc,k=4,p=0.2",
		"random,10,m=46", "random,10,degree=10", "random,10,m=5,degree=2", "random,10,p=0.1,degree=2", "random,10,m=5,p=0.5", "random,model=gnm,p=0.5", "random,10,m=8,connected=true", "random,10,m=2.5", "random,10,degree=x", "random,connected=yes",
		"waxman,10,0.1,0", "waxman,10,degree=3,alpha=0.2", "waxman,10,degree=9", "waxman,10,m=10", "waxman,10,m=2,beta=0.001", "waxman,10,m=2,alpha=0.5", "waxman,delay-per-km=5",
		"barabasi-albert,5,5", "barabasi-albert,1", "barabasi-albert,10,m=0",
		"single,2,parallel=2", "ring,4,parallel=0", "ring,4,spare=x", "ring,4,host-rate=10", "random,100000000", "waxman,1000000,1,1",
	} {
		r, err := Parse(topo)
		if err == nil {
			err = Build(r, model.NewBuilder(""))
		}
		if err == nil {
			t.Errorf("%s is accepted", topo)
		}
		fmt.Fprintf(&b, "%s\n  %s\n", topo, strings.ReplaceAll(fmt.Sprint(err), "\n", "\n  "))
	}
	golden(t, "faults.golden", b.String())
}

func TestWhatOptionsSayOfLinks(t *testing.T) {
	n := build(t, "ring,3,rate=1Gbps,delay=2ms,loss=1%,host-rate=100Mbps,host-delay=10us,parallel=2,spare=1")
	links := map[model.LinkSpec]int{}
	for l := range n.Links() {
		if l.Spec != l.Back {
			t.Error("the two ways differ")
		}
		links[l.Spec]++
	}
	trunk := model.LinkSpec{Rate: 1e9, Delay: 2 * model.Millisecond, Loss: 0.01}
	spare, host := trunk, trunk
	spare.Spare = true
	host.Rate, host.Delay = 1e8, 10*model.Microsecond
	if len(links) != 3 || links[trunk] != 6 || links[spare] != 3 || links[host] != 3 {
		t.Errorf("%v", links)
	}
}

// TestDefaultsCompleteEveryLink stands for a descriptor whose defaults depend on a link's ends.
func TestDefaultsCompleteEveryLink(t *testing.T) {
	for _, perLink := range []bool{false, true} {
		r, err := Parse("waxman,8,alpha=1,beta=10,delay-per-km=5us,spare=1,host-rate=100Mbps")
		if err != nil {
			t.Fatal(err)
		}
		b := model.NewBuilder("")
		calls := 0
		r.PerLink = perLink
		r.LinkSpec = func(a, z model.NodeID, spec model.LinkSpec, said func(string) bool) model.LinkSpec {
			calls++
			if (a == model.NoNode) == perLink {
				t.Fatalf("the end is %d", a)
			}
			host := spec.Rate == 1e8
			if host != (said("rate") && !said("delay")) || perLink && host != (b.Kind(a) == model.Host) {
				t.Fatalf("%v: rate said %v, delay said %v", spec, said("rate"), said("delay"))
			}
			if spec.MTU = 9000; !said("rate") {
				spec.Rate = 7e6
			}
			return spec
		}
		if err := Build(r, b); err != nil {
			t.Fatal(err)
		}
		n, _ := b.Build(nil)
		for l := range n.Links() {
			want := model.Rate(7e6)
			if n.NodeKindOf(l.A.Node) == model.Host {
				want = 1e8
			} else if l.Spec.Delay == 0 {
				t.Errorf("%s has no delay", n.LinkName(l.ID))
			}
			if l.Spec.MTU != 9000 || l.Spec.Rate != want {
				t.Errorf("%s: %v", n.LinkName(l.ID), l.Spec)
			}
		}
		if perLink && calls < n.LinkCount()/2 {
			t.Errorf("%d calls for %d links", calls, n.LinkCount())
		}
	}
}

// TestAPairSetIsASetOfPairs against a map, with what is taken out again.
func TestAPairSetIsASetOfPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, want := newPairSet(0), map[edge]bool{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			a, b := rapid.Int32Range(0, 12).Draw(t, "a"), rapid.Int32Range(13, 20).Draw(t, "b")
			e := edge{a, b}
			if rapid.Bool().Draw(t, "swap") {
				a, b = b, a
			}
			switch {
			case s.has(a, b) != want[e]:
				t.Fatalf("has %v: %v", e, !want[e])
			case rapid.Bool().Draw(t, "add"):
				if s.add(a, b) == want[e] {
					t.Fatalf("add %v: %v", e, want[e])
				}
				want[e] = true
			case want[e]:
				s.remove(a, b)
				delete(want, e)
			}
		}
		if s.count != len(want) {
			t.Fatalf("%d pairs, want %d", s.count, len(want))
		}
		for a := range int32(13) {
			for b := int32(13); b <= 20; b++ {
				if s.has(a, b) != want[edge{a, b}] {
					t.Fatalf("%d,%d", a, b)
				}
			}
		}
	})
}

func TestTheLogarithmOfGapsKeepsItsDigits(t *testing.T) {
	for _, p := range []float64{1e-12, 1e-5, 9.99e-5, 1.01e-4, 0.3, 0.999} {
		s := newSkipper(p)
		if want := math.Log1p(-p); math.Abs(s.ln/want-1) > 1e-12 {
			t.Errorf("ln(1-%v) is %v, want %v", p, s.ln, want)
		}
	}
}

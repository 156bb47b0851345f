package generate

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

func build(t interface{ Fatal(...any) }, topo string) *model.Network {
	r, err := Parse(topo)
	if err != nil {
		t.Fatal(topo, err)
	}
	nodes, links, err := Size(r)
	if err != nil {
		t.Fatal(topo, err)
	}
	b := model.NewBuilder(topo)
	if err := Build(r, b); err != nil {
		t.Fatal(topo, err)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(topo, err)
	}
	if !asAnnounced(r, nodes, links, n.NodeCount(), n.LinkCount()) {
		t.Fatal(topo, "announced", nodes, links, "made", n.NodeCount(), n.LinkCount())
	}
	if err := n.Validate(nil).Err(); err != nil {
		t.Fatal(topo, err)
	}
	return n
}

// asAnnounced compares what Size said with what Build did.
func asAnnounced(r Request, nodes, links int64, madeNodes, madeLinks int) bool {
	k, _ := find(r)
	return int64(madeNodes) == nodes && (int64(madeLinks) == links || k.Bound != "" && int64(madeLinks) < links)
}

// TestMininetsShapesAreMininets compares with what Mininet 2.3's Topo.nodes and the
// calls of addLink give, ports included.
func TestMininetsShapesAreMininets(t *testing.T) {
	for topo, want := range map[string]string{
		"minimal":       "s1 h1 h2 | h1:0-s1:1 h2:0-s1:2",
		"single,3":      "s1 h1 h2 h3 | h1:0-s1:1 h2:0-s1:2 h3:0-s1:3",
		"reversed,3":    "s1 h1 h2 h3 | h1:0-s1:3 h2:0-s1:2 h3:0-s1:1",
		"linear,3":      "s1 h1 s2 h2 s3 h3 | h1:0-s1:1 h2:0-s2:1 s2:2-s1:2 h3:0-s3:1 s3:2-s2:3",
		"linear,3,2":    "s1 h1s1 h2s1 s2 h1s2 h2s2 s3 h1s3 h2s3 | h1s1:0-s1:1 h2s1:0-s1:2 h1s2:0-s2:1 h2s2:0-s2:2 s2:3-s1:3 h1s3:0-s3:1 h2s3:0-s3:2 s3:3-s2:4",
		"tree,2,2":      "s1 s2 h1 h2 s3 h3 h4 | s2:1-h1:0 s2:2-h2:0 s1:1-s2:3 s3:1-h3:0 s3:2-h4:0 s1:2-s3:3",
		"tree,fanout=3": "s1 h1 h2 h3 | s1:1-h1:0 s1:2-h2:0 s1:3-h3:0",
		"torus,3,3": "s1x1 h1x1 s1x2 h1x2 s1x3 h1x3 s2x1 h2x1 s2x2 h2x2 s2x3 h2x3 s3x1 h3x1 s3x2 h3x2 s3x3 h3x3 | " +
			"h1x1:0-s1x1:1 h1x2:0-s1x2:1 h1x3:0-s1x3:1 h2x1:0-s2x1:1 h2x2:0-s2x2:1 h2x3:0-s2x3:1 h3x1:0-s3x1:1 h3x2:0-s3x2:1 h3x3:0-s3x3:1 " +
			"s1x1:2-s1x2:2 s1x1:3-s2x1:2 s1x2:3-s1x3:2 s1x2:4-s2x2:2 s1x3:3-s1x1:4 s1x3:4-s2x3:2 " +
			"s2x1:3-s2x2:3 s2x1:4-s3x1:2 s2x2:4-s2x3:3 s2x2:5-s3x2:2 s2x3:4-s2x1:5 s2x3:5-s3x3:2 " +
			"s3x1:3-s3x2:3 s3x1:4-s1x1:5 s3x2:4-s3x3:3 s3x2:5-s1x2:5 s3x3:4-s3x1:5 s3x3:5-s1x3:5",
		"fat-tree,2": "c0 p0a0 p0e0 h0 p1a0 p1e0 h1 | p0e0:1-h0:0 p0e0:2-p0a0:1 p0a0:2-c0:1 p1e0:1-h1:0 p1e0:2-p1a0:1 p1a0:2-c0:2",
	} {
		n := build(t, topo)
		var parts []string
		for v := range n.Nodes() {
			parts = append(parts, v.Name)
		}
		parts = append(parts, "|")
		for l := range n.Links() {
			parts = append(parts, n.PortName(l.A)+"-"+n.PortName(l.B))
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", topo, got, want)
		}
	}
	n := build(t, "torus,3,4")
	if id, _ := n.NodeByName("s2x3"); n.Identity(id).DPID != 2*256+3 {
		t.Error("a torus does not have Mininet's datapath ids")
	}
}

// reached counts the nodes that can be reached from the first.
func reached(n *model.Network) int {
	seen := make([]bool, n.NodeCount())
	seen[0] = true
	queue := []model.NodeID{0}
	for i := 0; i < len(queue); i++ {
		for _, a := range n.Arcs(queue[i]) {
			if to := n.ArcTo(a).Node; !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return len(queue)
}

func TestEveryShapeIsConnectedAndOfTheRightDegree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, n := rapid.IntRange(3, 7).Draw(t, "x"), rapid.IntRange(3, 7).Draw(t, "y"), rapid.IntRange(1, 4).Draw(t, "n")
		k := 2 * rapid.IntRange(1, 5).Draw(t, "k/2")
		m := k / 2
		for _, c := range []struct {
			topo            string
			switches, hosts int
			degree          func(name string) (low, high int) // of switches
		}{
			{fmt.Sprintf("single,%d", n), 1, n, func(string) (int, int) { return n, n }},
			{fmt.Sprintf("linear,%d,%d", x, n), x, x * n, func(string) (int, int) { return n + 1, n + 2 }},
			{fmt.Sprintf("torus,%d,%d,%d", x, y, n), x * y, x * y * n, func(string) (int, int) { return n + 4, n + 4 }},
			{fmt.Sprintf("tree,3,%d", n), 1 + n + n*n, n * n * n, func(string) (int, int) { return n, n + 1 }},
			{fmt.Sprintf("fat-tree,%d", k), 5 * m * m, k * m * m, func(string) (int, int) { return k, k }},
			{fmt.Sprintf("fat-tree,%d,%d", k, n-1), 5 * m * m, k * m * (n - 1), func(name string) (int, int) {
				if strings.Contains(name, "e") {
					return m + n - 1, m + n - 1
				}
				return k, k
			}},
		} {
			net := build(t, c.topo)
			hosts := len(net.NodesOfKind(model.Host))
			if hosts != c.hosts || net.NodeCount()-hosts != c.switches {
				t.Fatalf("%s: %d switches, %d hosts", c.topo, net.NodeCount()-hosts, hosts)
			}
			if r := reached(net); r != net.NodeCount() {
				t.Fatalf("%s: %d of %d nodes are connected", c.topo, r, net.NodeCount())
			}
			for v := range net.Nodes() {
				low, high := 1, 1
				if v.Kind == model.Switch {
					low, high = c.degree(v.Name)
				}
				if d := len(net.Arcs(v.ID)); d < low || d > high {
					t.Fatalf("%s: %s has %d links", c.topo, v.Name, d)
				}
			}
		}
	})
}

func TestAFatTreesPortsAreAsDocumented(t *testing.T) {
	n := build(t, "fat-tree,8")
	const k, m = 8, 4
	at := func(name string, port int) string {
		id, _ := n.NodeByName(name)
		arc, ok := n.ArcAtPort(id, model.PortNo(port))
		if !ok {
			t.Fatalf("%s has no port %d", name, port)
		}
		return n.NodeName(n.ArcTo(arc).Node)
	}
	for pod := range k {
		for i := range m {
			for j := range m {
				edge, agg := fmt.Sprintf("p%de%d", pod, i), fmt.Sprintf("p%da%d", pod, i)
				for _, c := range [][2]string{
					{at(edge, 1+j), fmt.Sprintf("h%d", pod*m*m+i*m+j)},
					{at(edge, m+1+j), fmt.Sprintf("p%da%d", pod, j)},
					{at(agg, 1+j), fmt.Sprintf("p%de%d", pod, j)},
					{at(agg, m+1+j), fmt.Sprintf("c%d", i*m+j)},
					{at(fmt.Sprintf("c%d", i*m+j), pod+1), agg},
				} {
					if c[0] != c[1] {
						t.Fatalf("got %s, want %s", c[0], c[1])
					}
				}
			}
		}
	}
}

func TestOptionsReachLinksAndNames(t *testing.T) {
	r := Request{Kind: "linear", Options: []Option{{Name: "k", Value: "2"}, {Name: "hosts", Value: "2"}, {Name: "prefix", Value: "dc-"}, {Name: "rate", Value: "5Mbps"}, {Name: "delay", Value: "2ms"}, {Name: "loss", Value: "1%"}, {Name: "queue", Value: "7p"}}}
	b := model.NewBuilder("")
	if err := Build(r, b); err != nil {
		t.Fatal(err)
	}
	n, _ := b.Build(nil)
	want := model.LinkSpec{Rate: 5e6, Delay: 2 * model.Millisecond, Loss: 0.01, Queue: model.QueueLimit{Packets: 7}}
	if l := n.Link(0); l.Spec != want || l.Back != want || n.NodeName(l.A.Node) != "dc-h1s1" {
		t.Errorf("%+v", l)
	}
}

func TestWhatCannotBeIsRefusedBeforeItIsBuilt(t *testing.T) {
	for topo, want := range map[string]string{
		"liner,4":              `did you mean "linear"?`,
		"linear,4,2,3":         "takes 2 numbers (k, n)",
		"linear,x":             `"x" is not a whole number`,
		"linear,k=2,m=3":       `has no option "m"`,
		"linear,4,k=5":         "k is given twice",
		"single,0":             "outside 1..",
		"torus,3":              "needs the option y",
		"fat-tree,3":           "it must be even",
		"linear,1000000000000": "are allowed [limit]",
		"tree,40,1000000":      "are allowed [limit]",
		"fat-tree,1000":        "are allowed [limit]",
		"single,2,prefix=a--":  "must not contain",
		"":                     "no generator",
	} {
		r, err := Parse(topo)
		if err == nil {
			err = Build(r, model.NewBuilder(""))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", topo, err, want)
		}
		if err != nil && !fault.Is(err, fault.GeneratorOption) && !fault.Is(err, fault.Limit) {
			t.Errorf("%s: %v has no code", topo, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"linear,4", "tree,depth=2,fanout=3", "torus,3,3,2", "fat-tree,4,hosts=1", "single,prefix=x,rate=5Mbps",
		"jellyfish,12,6,4,connected=true", "small-world,12,4,0.5,seed=3", "small-world,lattice=hex-torus,x=4,y=4", "random,30,p=0.2", "random,9,m=30",
		"waxman,20,degree=3,delay-per-km=5us", "waxman,20,m=3", "barabasi-albert,20,3", "leaf-spine,2,4,1,parallel=2,spare=1", "full-mesh,5", "star,3", "ring,4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, topo string) {
		r, err := Parse(topo)
		if err != nil {
			return
		}
		r.MaxNodes, r.MaxLinks = 1000, 1000
		nodes, links, err := Size(r)
		if err != nil {
			return
		}
		b := model.NewBuilder("")
		if err := Build(r, b); err != nil {
			t.Fatalf("%q: %v", topo, err)
		}
		if !asAnnounced(r, nodes, links, b.NodeCount(), b.LinkCount()) {
			t.Fatalf("%q: %d nodes and %d links, announced %d and %d", topo, b.NodeCount(), b.LinkCount(), nodes, links)
		}
	})
}

func BenchmarkFatTree(b *testing.B) {
	r, err := Parse("fat-tree,48")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Build(r, model.NewBuilder("")); err != nil {
			b.Fatal(err)
		}
	}
}

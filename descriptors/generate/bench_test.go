package generate

import (
	"testing"

	"sendim/core/model"
)

// BenchmarkAMillionNodes makes networks of a million nodes (half of them hosts, where
// there are any), with all that a Network has: names, ports, arcs.
func BenchmarkAMillionNodes(b *testing.B) {
	for _, c := range []struct{ name, topo string }{
		{"linear", "linear,500000"},
		{"tree", "tree,depth=19,fanout=2"},
		{"torus", "torus,1000,500"},
		{"star", "star,500000"},
		{"ring", "ring,500000"},
		{"full-mesh 1400", "full-mesh,1400,0"},
		{"leaf-spine", "leaf-spine,4,250000,3"},
		{"fat-tree", "fat-tree,144"},
		{"jellyfish", "jellyfish,500000,5,4"},
		{"watts-strogatz", "small-world,500000,4,0.1"},
		{"swdc ring", "small-world,model=swdc,n=500000"},
		{"swdc torus", "small-world,model=swdc,lattice=torus,x=1000,y=500"},
		{"swdc hex-torus", "small-world,model=swdc,lattice=hex-torus,x=80,y=80,z=80"},
		{"gnm", "random,500000,4"},
		{"gnm connected", "random,500000,4,connected=true"},
		{"gnp", "random,500000,4,model=gnp"},
		{"waxman", "waxman,500000,degree=4"},
		{"waxman plain", "waxman,500000,degree=4,coordinates=false"},
		{"waxman short", "waxman,500000,degree=4,beta=0.001,coordinates=false"},
		{"waxman connected with delays", "waxman,500000,degree=4,coordinates=false,connected=true,delay-per-km=5us"},
		{"brite", "waxman,500000,m=2,coordinates=false"},
		{"barabasi-albert", "barabasi-albert,500000,2"},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, err := Parse(c.topo)
			if err != nil {
				b.Fatal(err)
			}
			var n *model.Network
			b.ReportAllocs()
			for b.Loop() {
				builder := model.NewBuilder("")
				if err := Build(r, builder); err != nil {
					b.Fatal(err)
				}
				n, _ = builder.Build(nil)
			}
			b.ReportMetric(float64(n.NodeCount()), "nodes")
			b.ReportMetric(float64(n.LinkCount()), "links")
		})
	}
}

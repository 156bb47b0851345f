package topologyzoo_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/topologyzoo"
)

// ring is a text of n nodes and n edges, as the Zoo would write it.
func ring(n int, gml bool) []byte {
	var b strings.Builder
	if gml {
		b.WriteString("graph [\n")
	} else {
		b.WriteString("<graphml>" + labelled + "<graph edgedefault='undirected'>\n")
	}
	for i := range n {
		if gml {
			fmt.Fprintf(&b, "  node [\n    id %d\n    label \"City %d\"\n    Longitude %d.5\n    Latitude 40.25\n  ]\n", i, i, i%180)
		} else {
			fmt.Fprintf(&b, "<node id='%d'><data key='l'>City %d</data><data key='lon'>%d.5</data><data key='lat'>40.25</data></node>\n", i, i, i%180)
		}
	}
	for i := range n {
		if gml {
			fmt.Fprintf(&b, "  edge [\n    source %d\n    target %d\n    LinkLabel \"10 Gbps %d\"\n  ]\n", i, (i+1)%n, i)
		} else {
			fmt.Fprintf(&b, "<edge source='%d' target='%d'><data key='text'>10 Gbps %d</data></edge>\n", i, (i+1)%n, i)
		}
	}
	if gml {
		b.WriteString("]\n")
	} else {
		b.WriteString("</graph></graphml>\n")
	}
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	for _, gml := range []bool{false, true} {
		for _, n := range []int{10_000, 100_000} {
			data := ring(n, gml)
			b.Run(fmt.Sprintf("gml=%v/edges=%d", gml, n), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					n, err := topologyzoo.Read([]draft.File{{Name: "ring", Data: data}})
					if err != nil {
						b.Fatal(err)
					}
					if len(n.Links) == 0 {
						b.Fatal("nothing was read")
					}
				}
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		read, err := topologyzoo.Read([]draft.File{{Name: "ring", Data: ring(n, false)}})
		if err != nil {
			b.Fatal(err)
		}
		r, err := draft.Build(read, draft.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("links=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := topologyzoo.Write(io.Discard, r.Model); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package topohub_test

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/topohub"
)

// FuzzRead holds that whatever the bytes are, reading ends without a panic, and what is
// read can be built and encoded.
func FuzzRead(f *testing.F) {
	drafttest.Fuzz(f, topohub.Is, topohub.Read, []drafttest.Law{drafttest.Bounded}, polish,
		`{"directed": true, "multigraph": true, "graph": {"demands": {"1": {"2": 5}}}, "nodes": [{"id": 1, "pos": [1e300, -3]}, {"id": [2, [3]]}], "links": [{"source": 1, "target": [2, [3]], "dist": 1e12, "weight": 9, "delay": "1h"}]}`,
		`{"nodes": [{"name": "a"}], "edges": [{"source": 0, "target": 0}], "multigraph": true}`)
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		var text strings.Builder
		text.WriteString("{\"directed\": false,\n\"multigraph\": false,\n\"graph\": {},\n\"nodes\": [")
		for i := range n {
			fmt.Fprintf(&text, "%s\n{\"pos\": [%d.5, 40.25], \"name\": \"City %d\", \"id\": %d}", strings.Repeat(",", min(i, 1)), i%180, i, i)
		}
		text.WriteString("],\n\"edges\": [")
		for i := range n {
			fmt.Fprintf(&text, "%s\n{\"dist\": 12.5, \"ecmp_fwd\": {\"uni\": 1.5}, \"source\": %d, \"target\": %d}", strings.Repeat(",", min(i, 1)), i, (i+1)%n)
		}
		text.WriteString("]}\n")
		b.Run(fmt.Sprintf("edges=%d", n), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := topohub.Read([]draft.File{file(text.String())}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

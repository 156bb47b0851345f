package repetita_test

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/repetita"
)

// FuzzRead holds that whatever the bytes of a network and of its demands are, reading
// ends without a panic, and what is read can be built and encoded.
func FuzzRead(f *testing.F) {
	f.Add([]byte(tiny), []byte(demands))
	f.Add([]byte(strings.ReplaceAll(tiny, "\n", "\r\n")), []byte{})
	f.Add([]byte("NODES 2\nlabel x y\na+b,+c 500 1\nb 0 0\nEDGES 2\ndelay bw weight dest src label\n1e-9 1e9 0 0 1 e\n0 0 1e300 1 0 e\n"), []byte("DEMANDS 1\nlabel src dest bw\nd 0 0 1\n"))
	f.Fuzz(func(t *testing.T, graph, more []byte) {
		files := []draft.File{{Name: "g", Data: graph}}
		if len(more) > 0 {
			files = append(files, draft.File{Name: "d", Data: more})
		}
		repetita.Is(files[0])
		drafttest.Bounded(t, repetita.Read, files...)
		drafttest.Complete(t, repetita.Read, files...)
	})
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		var text strings.Builder
		fmt.Fprintf(&text, "NODES %d\nlabel x y\n", n)
		for i := range n {
			fmt.Fprintf(&text, "%d_City_%d %d.5 40.25\n", i, i, i%180)
		}
		fmt.Fprintf(&text, "\nEDGES %d\nlabel src dest weight bw delay\n", 2*n)
		for i := range n {
			fmt.Fprintf(&text, "edge_%d %d %d 10 9953280 1913\nedge_%d %d %d 10 9953280 1913\n", 2*i, i, (i+1)%n, 2*i+1, (i+1)%n, i)
		}
		b.Run(fmt.Sprintf("edges=%d", 2*n), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := repetita.Read([]draft.File{file("ring", text.String())}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

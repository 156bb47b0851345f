package emulate_test

import (
	"fmt"
	"testing"

	"sendim/core/change"
	"sendim/integrators/emulate"
)

// BenchmarkEdit adds a host with its link to a chain of switches that lives, and removes it
// again: two edits. The apps' answers come later and are not waited for.
func BenchmarkEdit(b *testing.B) {
	lab(b)
	for _, nodes := range []int{60, 200, 800} {
		for _, e := range []emulate.Backend{{Native: true}, {}} {
			if nodes > 200 && !e.Native {
				continue // it takes a minute to come up
			}
			b.Run(fmt.Sprintf("nodes=%d/peer=%s", nodes, e.Name()), func(b *testing.B) {
				n := chain(b, nodes/2)
				s := up(b, e, n, "shortest-path")
				defer func() {
					if err := s.Close(); err != nil {
						b.Error(err)
					}
				}()
				for b.Loop() {
					for _, lines := range [][]string{{"+x", "+x s1 10Mbps"}, {"-x"}} {
						next, err := n.Edit(edits(b, lines...))
						if err == nil {
							err = s.Apply(b.Context(), change.Diff(change.State{Model: n}, change.State{Model: next}), nil)
						}
						if err != nil {
							b.Fatal(err)
						}
						n = next
					}
				}
			})
		}
	}
}

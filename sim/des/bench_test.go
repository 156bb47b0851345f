package des

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// distributions of the time from an event to the one it causes. Bimodal is the
// usual trouble of calendar queues: packets in microseconds, timers in seconds.
var distributions = []struct {
	name string
	draw func(r *rand.Rand) int64
}{
	{"exponential", func(r *rand.Rand) int64 { return int64(r.ExpFloat64() * 18e6) }},
	{"uniform", func(r *rand.Rand) int64 { return r.Int64N(36 * Microsecond) }},
	{"bimodal", func(r *rand.Rand) int64 {
		if r.IntN(10) == 0 {
			return r.Int64N(10 * Second)
		}
		return r.Int64N(20 * Microsecond)
	}},
	{"equal", func(r *rand.Rand) int64 { return 18 * Microsecond }},
}

// filled returns a queue with n events and a source of precomputed time steps.
func filled(n int, draw func(*rand.Rand) int64) (*Queue, func() int64) {
	r := rand.New(rand.NewPCG(1, 2))
	steps := make([]int64, 1<<16)
	for i := range steps {
		steps[i] = draw(r)
	}
	q := NewQueue(0)
	for i := range n {
		q.Push(Event{At: r.Int64N(18 * Microsecond), Target: uint32(i), Seq: uint32(i)})
	}
	i := 0
	return q, func() int64 { i++; return steps[i&(1<<16-1)] }
}

func BenchmarkHold(b *testing.B) {
	for _, n := range []int{100, 1000, 4000, 64_000, 1_000_000} {
		for _, d := range distributions {
			b.Run(fmt.Sprintf("pending=%d/%s", n, d.name), func(b *testing.B) {
				q, next := filled(n, d.draw)
				for range 2 * n {
					e, _ := q.PopNext(math.MaxInt64)
					e.At += next()
					q.Push(e)
				}
				b.ReportAllocs()
				for b.Loop() {
					e, _ := q.PopNext(math.MaxInt64)
					e.At += next()
					q.Push(e)
				}
			})
		}
	}
}

type interfaceHeap []Event

func (h interfaceHeap) Len() int           { return len(h) }
func (h interfaceHeap) Less(i, j int) bool { return before(&h[i], &h[j]) }
func (h interfaceHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *interfaceHeap) Push(x any)        { *h = append(*h, x.(Event)) }
func (h *interfaceHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

func BenchmarkHoldContainerHeap(b *testing.B) {
	for _, n := range []int{1000, 64_000, 1_000_000} {
		b.Run(fmt.Sprintf("pending=%d/exponential", n), func(b *testing.B) {
			q, next := filled(n, distributions[0].draw)
			h := interfaceHeap(q.AppendPending(nil))
			heap.Init(&h)
			for b.Loop() {
				e := heap.Pop(&h).(Event)
				e.At += next()
				heap.Push(&h, e)
			}
		})
	}
}

package des

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// reference is the queue as one would explain it: a slice sorted on demand.
type reference struct {
	pending []Event
	now     int64
}

func (r *reference) push(e Event) { r.pending = append(r.pending, e) }

func (r *reference) first() int {
	least := -1
	for i := range r.pending {
		if least < 0 || Compare(&r.pending[i], &r.pending[least]) < 0 {
			least = i
		}
	}
	return least
}

func (r *reference) popNext(limit int64) (Event, bool) {
	i := r.first()
	if i < 0 || r.pending[i].At > limit {
		return Event{}, false
	}
	e := r.pending[i]
	r.pending = slices.Delete(r.pending, i, i+1)
	r.now = e.At
	return e, true
}

// delays draws time steps of very different sizes, and often the same one.
func delays() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Just(int64(0)),
		rapid.Just(int64(8*Microsecond)),
		rapid.Int64Range(0, 3),
		rapid.Int64Range(0, 300),
		rapid.Int64Range(0, 70*Nanosecond),
		rapid.Int64Range(0, 20*Microsecond),
		rapid.Int64Range(0, 10*Second),
		rapid.Int64Range(0, math.MaxInt64/8),
	)
}

func TestQueueAgreesWithASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]int64{0, 1, -5 * Second, math.MinInt64, 1 << 56}).Draw(t, "start")
		q := NewQueue(start)
		r := &reference{now: start}
		var seq uint32
		push := func(at int64, target, source uint32, kind uint8) {
			seq++
			e := Event{At: at, Target: target, Source: source, Kind: kind, Seq: seq, A: ^seq, B: seq}
			q.Push(e)
			r.push(e)
		}
		later := func(by int64) int64 {
			if r.now > math.MaxInt64-by {
				return math.MaxInt64
			}
			return r.now + by
		}
		draw := func(t *rapid.T, at int64) {
			push(at, rapid.Uint32Range(0, 3).Draw(t, "target"), rapid.Uint32Range(0, 3).Draw(t, "source"),
				rapid.Uint8Range(0, 2).Draw(t, "kind"))
		}
		pop := func(limit int64) {
			want, wantOK := r.popNext(limit)
			got, gotOK := q.PopNext(limit)
			if got != want || gotOK != wantOK {
				t.Fatalf("PopNext(%d) = %+v, %v, want %+v, %v", limit, got, gotOK, want, wantOK)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) { draw(t, later(delays().Draw(t, "delay"))) },
			"burst at one time": func(t *rapid.T) {
				at := later(delays().Draw(t, "delay"))
				for range rapid.IntRange(2, 100).Draw(t, "n") {
					draw(t, at)
				}
			},
			"burst over a range": func(t *rapid.T) {
				width := delays().Draw(t, "width")
				for range rapid.IntRange(2, 100).Draw(t, "n") {
					draw(t, later(rapid.Int64Range(0, width).Draw(t, "delay")))
				}
			},
			"pop":             func(t *rapid.T) { pop(math.MaxInt64) },
			"pop up to limit": func(t *rapid.T) { pop(later(delays().Draw(t, "limit"))) },
			"pop many": func(t *rapid.T) {
				for range rapid.IntRange(2, 80).Draw(t, "n") {
					pop(math.MaxInt64)
				}
			},
			"hold": func(t *rapid.T) {
				by := delays().Draw(t, "delay")
				for range rapid.IntRange(2, 200).Draw(t, "n") {
					pop(math.MaxInt64)
					push(later(by), seq%5, seq%3, 0)
				}
			},
			"peek": func(t *rapid.T) {
				at, ok := q.PeekTime()
				if i := r.first(); ok != (i >= 0) || ok && at != r.pending[i].At {
					t.Fatalf("PeekTime() = %d, %v with %d pending", at, ok, len(r.pending))
				}
			},
			"advance": func(t *rapid.T) {
				to := later(delays().Draw(t, "delay"))
				if i := r.first(); i < 0 || r.pending[i].At >= to {
					q.AdvanceTo(to)
					r.now = max(r.now, to)
				}
			},
			"list": func(t *rapid.T) {
				want := slices.Clone(r.pending)
				slices.SortFunc(want, func(a, b Event) int { return Compare(&a, &b) })
				if got := q.AppendPending(nil); !slices.Equal(got, want) {
					t.Fatalf("AppendPending = %v, want %v", got, want)
				}
			},
			"": func(t *rapid.T) {
				if q.Len() != len(r.pending) || q.Now() != r.now {
					t.Fatalf("Len, Now = %d, %d, want %d, %d", q.Len(), q.Now(), len(r.pending), r.now)
				}
			},
		})
		for q.Len() > 0 {
			pop(math.MaxInt64)
		}
		pop(math.MaxInt64)
	})
}

func TestEqualTimesAreOrderedByTargetKindSourceAndSequence(t *testing.T) {
	inOrder := []Event{
		{At: 5, Target: 9, Kind: 9, Source: 9, Seq: 9},
		{At: 7, Target: 1, Kind: 0, Source: 3, Seq: 8},
		{At: 7, Target: 1, Kind: 2, Source: 1, Seq: 9},
		{At: 7, Target: 1, Kind: 2, Source: 2, Seq: 4},
		{At: 7, Target: 1, Kind: 2, Source: 2, Seq: 5},
		{At: 7, Target: 2, Kind: 0, Source: 0, Seq: math.MaxUint32},
		{At: 7, Target: 2, Kind: 0, Source: 0, Seq: 0}, // the count has wrapped
	}
	q := NewQueue(0)
	for _, e := range slices.Backward(inOrder) {
		q.Push(e)
	}
	for i, want := range inOrder {
		if got, _ := q.PopNext(math.MaxInt64); got != want {
			t.Errorf("event %d is %+v, want %+v", i, got, want)
		}
	}
}

func TestAnEventForTheCurrentTimeMayPrecedeTheOneJustTaken(t *testing.T) {
	q := NewQueue(0)
	q.Push(Event{At: 10, Target: 5})
	q.Push(Event{At: 10, Target: 7})
	q.PopNext(math.MaxInt64)
	q.Push(Event{At: 10, Target: 3})
	if e, _ := q.PopNext(math.MaxInt64); e.Target != 3 {
		t.Errorf("next event is for node %d, want 3", e.Target)
	}
}

func TestPushIntoThePastPanicsWithAPastError(t *testing.T) {
	q := NewQueue(100)
	defer func() {
		var past *PastError
		err, _ := recover().(error)
		if !errors.As(err, &past) || past.Now != 100 || past.Event.At != 99 {
			t.Fatalf("recovered %v", err)
		}
		const want = "event for node 4 of kind 2 at 99 ps is in the past: the clock stands at 100 ps"
		if err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	}()
	q.Push(Event{At: 99, Target: 4, Kind: 2})
}

func TestAdvanceOverAnEventPanicsWithASkipError(t *testing.T) {
	q := NewQueue(0)
	q.Push(Event{At: 50})
	q.AdvanceTo(50)
	defer func() {
		var skip *SkipError
		err, _ := recover().(error)
		if !errors.As(err, &skip) || skip.Next != 50 {
			t.Fatalf("recovered %v", err)
		}
		if want := "advance to 51 ps would skip an event at 50 ps"; err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	}()
	q.AdvanceTo(51)
}

func TestResetQueueBehavesLikeANewOne(t *testing.T) {
	q := NewQueue(0)
	for i := range 1000 {
		q.Push(Event{At: int64(i*i) * Nanosecond, Seq: uint32(i)})
	}
	for range 300 {
		q.PopNext(math.MaxInt64)
	}
	q.Reset(5)
	if e, ok := q.PopNext(math.MaxInt64); ok || q.Len() != 0 || q.Now() != 5 {
		t.Fatalf("after Reset: event %+v, %d pending, clock %d", e, q.Len(), q.Now())
	}
	for i := range 1000 {
		q.Push(Event{At: 5 + int64(i%17)*Microsecond, Seq: uint32(i)})
	}
	previous := Event{}
	for range 1000 {
		e, ok := q.PopNext(math.MaxInt64)
		if !ok || Compare(&e, &previous) < 0 {
			t.Fatalf("%+v, %v after %+v", e, ok, previous)
		}
		previous = e
	}
}

func TestManyEventsLeaveInOrder(t *testing.T) {
	for _, d := range distributions {
		for _, n := range []int{3, 100, 5000, 70_000} {
			q, next := filled(n, d.draw)
			check := func(e Event, last *Event) {
				if Compare(last, &e) >= 0 {
					t.Fatalf("%s, %d pending: %+v after %+v", d.name, n, e, *last)
				}
				*last = e
			}
			last := Event{At: -1}
			for range 3 * n {
				e, _ := q.PopNext(math.MaxInt64)
				check(e, &last)
				e.At += 1 + next()
				q.Push(e)
			}
			for i, e := range q.AppendPending(nil) {
				got, ok := q.PopNext(math.MaxInt64)
				if !ok || got != e {
					t.Fatalf("%s: event %d of %d is %+v, was listed as %+v", d.name, i, n, got, e)
				}
				check(e, &last)
			}
			if q.Len() != 0 {
				t.Fatalf("%s: %d events too many", d.name, q.Len())
			}
		}
	}
}

func TestACrowdAmongManyEventsIsPutInOrder(t *testing.T) {
	// A few thousand events over a wide time, and among them hundreds close together and
	// at one moment, so that the fan is given up on the way.
	q := NewQueue(0)
	want := []Event{}
	push := func(at int64) {
		e := Event{At: at, Target: uint32(len(want) * 7919 % 101), Seq: uint32(len(want))}
		q.Push(e)
		want = append(want, e)
	}
	for i := range 3000 {
		push(int64(i*7919%3000) * 5 * Nanosecond)
	}
	for i := range 500 {
		push(7*Microsecond + int64(i*31%500))
		push(9 * Microsecond)
	}
	sortEvents(want)
	for i, w := range want {
		if at, ok := q.PeekTime(); !ok || at != w.At {
			t.Fatalf("before event %d PeekTime = %d, %v, want %d", i, at, ok, w.At)
		}
		if e := q.Next(w.At); e == nil || *e != w {
			t.Fatalf("event %d is %+v, want %+v", i, e, w)
		}
	}
}

func TestHoldingPatternDoesNotAllocate(t *testing.T) {
	for _, d := range distributions {
		q, next := filled(4096, d.draw)
		run := func() {
			for range 10_000 {
				e, _ := q.PopNext(math.MaxInt64)
				e.At += next()
				q.Push(e)
			}
		}
		for range 20 { // up to the working size
			run()
		}
		if n := testing.AllocsPerRun(5, run); n > 1 {
			t.Errorf("%s: %v allocations in 10,000 events", d.name, n)
		}
	}
}

func TestEventIsHalfACacheLine(t *testing.T) {
	if size := reflect.TypeFor[Event]().Size(); size != 32 {
		t.Errorf("Event has %d bytes, want 32", size)
	}
	if size := reflect.TypeFor[block]().Size(); size != 2048 {
		t.Errorf("block has %d bytes, want 2048", size)
	}
}

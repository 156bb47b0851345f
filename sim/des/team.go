package des

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Team does the parts of a step at once, step after step. The steps are so short (some
// microseconds) that a worker who waits for the next one first looks for it for a while
// before he sleeps, and that nobody can wait for a worker whom the system does not let
// work just now: whoever is free takes what nobody has begun, his own part first.
//
// What a step does is only as repeatable as the step: Team promises that all that
// happened before Do is seen in all parts, and all that they did by the caller after it.
// Which worker does a part is up to chance. A Team belongs to one goroutine. Its zero value
// is ready; Rest must be called in the end.
type Team struct {
	step  func(part int)
	parts []part
	hands
}

// part is what the workers agree by who does one; it fills two lines of the cache.
type part struct {
	taken atomic.Uint32 // the last step in which it was begun
	_     [124]byte
}

// hands is what all workers look at, apart from the rest so that they disturb nobody.
type hands struct {
	_     [128]byte
	turn  atomic.Uint32 // counts the steps
	over  atomic.Bool
	_     [120]byte
	left  atomic.Int32 // parts that are not finished
	_     [124]byte
	idle  atomic.Int32 // workers who sleep and have not been woken
	sleep sync.Mutex
	wake  *sync.Cond
	group sync.WaitGroup
}

// patience is how many times a worker looks for the next step before he lets others have
// the processor, and yields how many times he does that before he sleeps. Courtesy is how
// many times he looks whether another begins his own part, before he takes it from him: what
// a part works on lies in the cache of the processor that did it last, and costs more to
// move than a few microseconds of waiting. A look takes half a nanosecond.
const (
	patience = 100_000
	yields   = 20
	courtesy = 20_000
)

// Processors is how many workers can work at once.
func Processors() int { return runtime.GOMAXPROCS(0) }

// Do calls step once for every part from 0 on, by as many workers, and returns when all
// are done. The caller is one of them; the others stay ready until Rest, and the number of
// parts may only change after it.
func (t *Team) Do(parts int, step func(part int)) {
	if parts <= 1 || Processors() == 1 {
		for i := range parts {
			step(i)
		}
		return
	}
	if t.parts == nil {
		t.gather(parts)
	}
	t.step = step
	t.left.Store(int32(parts))
	turn := t.turn.Add(1)
	if t.idle.Load() > 0 {
		t.rouse()
	}
	t.work(0, turn)
	for n := 0; t.left.Load() > 0; n++ {
		if n > patience {
			runtime.Gosched()
		}
	}
}

// work does what nobody has begun, from one part on.
func (t *Team) work(first int, turn uint32) {
	for i := range t.parts {
		i = (first + i) % len(t.parts)
		p := &t.parts[i].taken
		for n := 0; i != first && n < courtesy && p.Load() == turn-1; n++ {
		}
		if p.Load() == turn-1 && p.CompareAndSwap(turn-1, turn) {
			t.step(i)
			t.left.Add(-1)
		}
	}
}

// gather starts the workers, not more than can work at once.
func (t *Team) gather(parts int) {
	t.parts = make([]part, parts)
	t.over.Store(false)
	t.wake = sync.NewCond(&t.sleep)
	seen := t.turn.Load()
	for i := range t.parts {
		t.parts[i].taken.Store(seen)
	}
	workers := min(parts, Processors())
	for worker := 1; worker < workers; worker++ {
		t.group.Add(1)
		go t.serve(worker*parts/workers, seen)
	}
}

// serve is a worker's life; seen is the last step that he need not do.
func (t *Team) serve(first int, seen uint32) {
	defer t.group.Done()
	for {
		seen = t.await(seen)
		if t.over.Load() {
			return
		}
		t.work(first, seen)
	}
}

// await returns the number of a step after one.
func (t *Team) await(seen uint32) uint32 {
	for n := range patience + yields {
		if now := t.turn.Load(); now != seen {
			return now
		}
		if n >= patience {
			runtime.Gosched()
		}
	}
	t.sleep.Lock()
	defer t.sleep.Unlock()
	for {
		t.idle.Add(1) // before the last look, so that a step that comes now sees it
		if now := t.turn.Load(); now != seen {
			t.idle.Add(-1)
			return now
		}
		t.wake.Wait()
		if now := t.turn.Load(); now != seen {
			return now
		}
	}
}

// rouse wakes all who sleep.
func (t *Team) rouse() {
	t.sleep.Lock()
	t.idle.Store(0)
	t.wake.Broadcast()
	t.sleep.Unlock()
}

// Rest ends the workers. A later Do finds new ones.
func (t *Team) Rest() {
	if t.parts == nil {
		return
	}
	t.over.Store(true)
	t.turn.Add(1)
	t.rouse()
	t.group.Wait()
	t.parts, t.step = nil, nil
}

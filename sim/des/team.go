package des

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Team lets several workers do the same step at once, step after step. The steps are so
// short (some microseconds) that a worker who waits for the next one first looks for it
// for a while before he sleeps.
//
// What a step's workers do is only as repeatable as the step: Team promises that all that
// happened before Do is seen by all workers, and all that they did by the caller after it.
// A Team belongs to one goroutine. Its zero value is ready; Rest must be called in the end.
type Team struct {
	size int
	step func(worker int)
	hands
}

// hands is what the workers look at, apart from the rest so that they disturb nobody.
type hands struct {
	_     [64]byte
	turn  atomic.Uint32 // counts the steps
	over  atomic.Bool
	_     [56]byte
	left  atomic.Int32 // workers who have not finished the step
	_     [60]byte
	sleep sync.Mutex
	wake  *sync.Cond
	idle  int // who sleep; held by sleep
	group sync.WaitGroup
}

// patience is how many times a worker looks for the next step before he lets others have
// the processor, and before he sleeps.
const (
	patience = 20_000
	yields   = 50
)

// Processors is how many workers can work at once.
func Processors() int { return runtime.GOMAXPROCS(0) }

// Do has each of so many workers call step once, with his number, and returns when all
// have. The caller is worker 0; the others stay ready until Rest, and their number may
// only change after it.
func (t *Team) Do(workers int, step func(worker int)) {
	if workers <= 1 {
		step(0)
		return
	}
	if t.size == 0 {
		t.gather(workers)
	}
	t.step = step
	t.left.Store(int32(t.size - 1))
	t.turn.Add(1)
	t.rouse()
	step(0)
	for n := 0; t.left.Load() > 0; n++ {
		if n > patience || t.size > Processors() {
			runtime.Gosched()
		}
	}
}

// gather starts the workers.
func (t *Team) gather(workers int) {
	t.size = workers
	t.over.Store(false)
	t.wake = sync.NewCond(&t.sleep)
	seen := t.turn.Load()
	for worker := 1; worker < workers; worker++ {
		t.group.Add(1)
		go t.serve(worker, seen)
	}
}

// serve is a worker's life; seen is the last step that he need not do.
func (t *Team) serve(worker int, seen uint32) {
	defer t.group.Done()
	for {
		seen = t.await(seen)
		if t.over.Load() {
			return
		}
		t.step(worker)
		t.left.Add(-1)
	}
}

// await returns the number of the step after one.
func (t *Team) await(seen uint32) uint32 {
	patient := patience
	if t.size > Processors() {
		patient = 0
	}
	for n := 0; n < patient+yields; n++ {
		if now := t.turn.Load(); now != seen {
			return now
		}
		if n >= patient {
			runtime.Gosched()
		}
	}
	t.sleep.Lock()
	defer t.sleep.Unlock()
	t.idle++
	for t.turn.Load() == seen {
		t.wake.Wait()
	}
	t.idle--
	return t.turn.Load()
}

// rouse wakes who sleeps.
func (t *Team) rouse() {
	t.sleep.Lock()
	if t.idle > 0 {
		t.wake.Broadcast()
	}
	t.sleep.Unlock()
}

// Rest ends the workers. A later Do finds new ones.
func (t *Team) Rest() {
	if t.size == 0 {
		return
	}
	t.over.Store(true)
	t.turn.Add(1)
	t.rouse()
	t.group.Wait()
	t.size, t.step = 0, nil
}

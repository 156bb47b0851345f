package fluid

import (
	"fmt"
	"math"
)

// Time is a point of the caller's time in picoseconds.
type Time = int64

// Never is the finish of a flow that does not finish at its present rate.
const Never Time = math.MaxInt64

const picosecondsPerSecond = 1e12

// Transfers gives the flows of a Network volumes to send and says which is done next.
// Capacities and rates of the network are then volume per second.
//
// What a flow has sent is worked out only when its rate changes or somebody asks, from the
// exact integer time since then. A finish is rounded to the nearest picosecond and a flow
// counts as done there; this is the only place where time is rounded. Of flows that finish
// at the same picosecond the one started first comes first.
//
// The sequence at each instant is: Finish for every flow that is due, any number of Start
// and Cancel, and of changes made directly to the network (but removals through Finish and
// Cancel alone), then one Settle. Times must not decrease.
type Transfers struct {
	net     *Network
	flows   []transfer
	heap    []int32 // flows that finish, as a 4-ary heap by (finish, order)
	started uint64
	live    int
	now     Time
}

type transfer struct {
	volume float64
	sent   float64 // up to since
	rate   float64 // from since on
	since  Time
	finish Time
	order  uint64 // of creation
	at     int32  // index in the heap, -1 when absent
	live   bool
}

// NewTransfers manages flows of n. Flows that were added to n directly are left alone.
func NewTransfers(n *Network) *Transfers { return &Transfers{net: n} }

// Network is the network whose flows these are.
func (t *Transfers) Network() *Network { return t.net }

// Start adds a flow that has volume to send from now on; +Inf never ends. It sends nothing
// until Settle. It panics on a negative volume or NaN, or where Network.Add does.
func (t *Transfers) Start(now Time, spec FlowSpec, volume float64) Flow {
	checkAmount("volume", volume)
	t.advance(now)
	id := t.net.Add(spec)
	for int(id) >= len(t.flows) {
		t.flows = append(t.flows, transfer{at: -1})
	}
	t.started++
	t.live++
	t.flows[id] = transfer{
		volume: volume, since: now, finish: Never, order: t.started, at: -1, live: true,
	}
	if volume == 0 {
		t.schedule(id, now)
	}
	return id
}

// Settle settles the network and brings the finishes up to date for every flow whose rate
// changed. It returns those flows, as Network.Solve does; flows of the network that are not
// transfers are among them.
func (t *Transfers) Settle(now Time) []Flow {
	t.advance(now)
	changed := t.net.Solve()
	for _, id := range changed {
		if int(id) >= len(t.flows) || !t.flows[id].live {
			continue
		}
		f := &t.flows[id]
		f.sent = f.sentBy(now)
		f.since = now
		f.rate = t.net.facts[id].rate
		if f.finish > now { // one that is due stays due, whatever rounding left over
			t.schedule(id, f.finishAt())
		}
	}
	return changed
}

// Next is the flow that finishes next and when; ok is false when none does at the present
// rates.
func (t *Transfers) Next() (id Flow, at Time, ok bool) {
	if len(t.heap) == 0 {
		return 0, Never, false
	}
	id = Flow(t.heap[0])
	return id, t.flows[id].finish, true
}

// Finish removes the flow that Next names, at the time it names, and returns its volume.
func (t *Transfers) Finish() (id Flow, at Time, volume float64) {
	id, at, ok := t.Next()
	if !ok {
		panic("fluid: no flow finishes")
	}
	t.advance(at)
	volume = t.flows[id].volume
	t.drop(id)
	return id, at, volume
}

// Cancel removes a flow before its end and returns what it had sent.
func (t *Transfers) Cancel(now Time, id Flow) (sent float64) {
	t.mustLive(id)
	t.advance(now)
	sent = t.flows[id].sentBy(now)
	t.drop(id)
	return sent
}

// Sent is what a flow has sent up to now, which must not lie before the last Settle nor
// after the next finish.
func (t *Transfers) Sent(now Time, id Flow) float64 {
	t.mustLive(id)
	return t.flows[id].sentBy(now)
}

// FinishOf is when a flow finishes at the present rates, or Never.
func (t *Transfers) FinishOf(id Flow) Time {
	t.mustLive(id)
	return t.flows[id].finish
}

// Len is the number of transfers under way.
func (t *Transfers) Len() int { return t.live }

func (t *Transfers) drop(id Flow) {
	t.unschedule(id)
	t.flows[id].live = false
	t.live--
	t.net.Remove(id)
}

func (t *Transfers) advance(now Time) {
	if now < t.now {
		panic(fmt.Sprintf("fluid: time goes back from %d to %d ps", t.now, now))
	}
	t.now = now
}

func (t *Transfers) mustLive(id Flow) {
	if int(id) >= len(t.flows) || !t.flows[id].live {
		panic(fmt.Sprintf("fluid: flow %d is not a transfer under way", id))
	}
}

// sentBy is what has been sent by a time not before since, at most the volume.
func (f *transfer) sentBy(now Time) float64 {
	if now >= f.finish {
		return f.volume
	}
	if now == f.since {
		return f.sent
	}
	seconds := float64(now-f.since) / picosecondsPerSecond
	return min(f.volume, f.sent+float64(f.rate*seconds))
}

// finishAt is when the rest will have been sent if the rate stays.
func (f *transfer) finishAt() Time {
	left := f.volume - f.sent
	if left <= 0 {
		return f.since
	}
	// Conversion of a number out of range differs between machines, hence the comparison;
	// it is false for NaN too, which an endless volume at an infinite rate gives.
	wait := math.RoundToEven(left / f.rate * picosecondsPerSecond)
	if !(wait < float64(Never-f.since)) {
		return Never
	}
	return f.since + Time(wait)
}

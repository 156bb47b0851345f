package sim

import (
	"math"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/random"
	"sendim/sim/des"
)

// tether is what a switch's control channel has once something happened to it: a TCP
// connection that can be cut, and whose segments can be lost.
//
// Cut, both ends notice: the switch at once, the controller when the end of the connection
// has come to it, one upward delay later, behind what the switch said before. What was on
// its way to the switch is lost, and so is what the controller sends until it knows. The
// switch goes on with the tables that it has (Open vSwitch's fail-mode secure); packets for
// the controller are lost and timeouts go on. When the channel is back the switch
// introduces itself and says what it holds, and the controller sends the difference to
// what it wants.
type tether struct {
	cut      uint8 // why it is: channelIsCut, controllerIsDown
	loss     uint64
	since    int64 // when the controller heard of this connection; what it sent before was for an earlier one
	lastUp   int64 // latest arrivals, which nothing overtakes
	lastDown int64
	lotsUp   random.Stream
	lotsDown random.Stream
}

const (
	channelIsCut uint8 = 1 << iota
	controllerIsDown
)

// What is lost of a control connection is sent again as Linux does (RFC 6298 with a least
// variance of 200 ms): after the round trip and 200 ms, each time twice as long, and what
// follows waits for it. Messages are too rare to find a loss sooner, by duplicates.
const (
	leastResend = 200 * des.Millisecond
	mostResend  = 120 * des.Second
)

// tethers gives the states of all channels; they are made when first asked for.
func (w *world) tethers() []tether {
	c := &w.control
	if c.tethers == nil {
		c.tethers = make([]tether, len(w.switches))
		for i := range c.tethers {
			c.tethers[i] = w.newTether(w.switches[i].id)
		}
	}
	return c.tethers
}

func (w *world) newTether(sw model.NodeID) tether {
	id := uint64(sw)
	return tether{since: math.MinInt64, lotsUp: w.random.Stream("control up", id), lotsDown: w.random.Stream("control down", id)}
}

// tether sets a cause for which a switch's channel is cut.
func (w *world) tether(s *node, cause uint8, cut bool, now int64) {
	t := &w.tethers()[w.slot[s.id]]
	was := t.cut != 0
	if cut && !was && !s.down {
		w.up(s, control.Upcall{Kind: control.SwitchLost}, now)
	}
	t.cut &^= cause
	if cut {
		t.cut |= cause
	}
	if was && t.cut == 0 && !s.down {
		w.up(s, control.Upcall{Kind: control.SwitchConnected, Ports: w.portStates(s),
			Stats: w.stats(s, &app.StatsRequest{Rules: true, Groups: true, Meters: true}, now)}, now)
	}
}

// setControlDelay changes a channel's delay, both ways. What has been sent is not overtaken.
// How far the network may go before the apps are asked never grows: timers of apps rely on
// what it was at the start.
func (w *world) setControlDelay(slot int32, delay int64) {
	c := &w.control
	w.tethers()
	if c.delays == nil {
		c.delays = make([]int64, len(w.switches))
		for i := range c.delays {
			c.delays[i] = c.delay
		}
	}
	c.delays[slot] = delay
	c.up, c.down = min(c.up, delay), min(c.down, delay)
}

func (w *world) setControlLoss(slot int32, share float64) {
	w.tethers()[slot].loss = uint64(math.Round(share * (1 << 53)))
}

// late is how much later than usual a message arrives because it has to be sent again.
func (t *tether) late(lots *random.Stream, delay int64) (late int64) {
	if t.loss == 0 {
		return 0
	}
	for wait := 2*delay + leastResend; lots.Uint64()>>11 < t.loss; wait = min(2*wait, mostResend) {
		late += wait
	}
	return late
}

// upward is when a message of a switch arrives; never if the channel is cut. Answers to
// barriers come with what they answer: how many there are depends on how arrivals were
// gathered, and must not matter.
func (t *tether) upward(u *control.Upcall, at, delay int64) (int64, bool) {
	if t.cut != 0 {
		return 0, false
	}
	if u.Kind == control.BarrierReply {
		return max(at, t.lastUp), true
	}
	at += t.late(&t.lotsUp, delay)
	if u.Kind == control.SwitchConnected { // after the end of the connection before
		at = max(at, t.lastUp+1)
		t.since = at
	}
	t.lastUp = max(at, t.lastUp)
	return t.lastUp, true
}

// downward is when a message to a switch arrives.
func (t *tether) downward(d *control.Downcall, at, delay int64) int64 {
	if d.Kind == control.Barrier {
		return max(at, t.lastDown)
	}
	t.lastDown = max(at+t.late(&t.lotsDown, delay), t.lastDown)
	return t.lastDown
}

// severed says whether a message does not reach its switch.
func (t *tether) severed(d *control.Downcall) bool {
	return t.cut != 0 || d.At < model.Time(t.since)
}

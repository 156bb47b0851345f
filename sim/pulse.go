package sim

import (
	"sync/atomic"

	"sendim/core/model"
)

// pulse tells other goroutines how far the world is. It is no part of what is simulated.
type pulse struct {
	at     atomic.Int64
	events atomic.Uint64
	flows  atomic.Int64 // of the model, whenever they start
}

// beats is after how many events the pulse is felt within a window; a power of two.
const beats = 4096

// beat takes note of a time reached, from t=0 on, and of events handled since.
func (p *pulse) beat(at model.Time, events int) {
	p.at.Store(int64(at))
	p.events.Add(uint64(events))
}

// Pulse says, at any time and from any goroutine, how far virtual time is, how many events
// have happened and how many flows the model has in all. It lags a little behind.
func (s *Session) Pulse() (at model.Time, events uint64, flows int) {
	return model.Time(s.pulse.at.Load()), s.pulse.events.Load(), int(s.pulse.flows.Load())
}

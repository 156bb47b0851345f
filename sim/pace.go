package sim

import (
	"sendim/core/model"
	"sendim/core/workload"
)

// paced is what a UDP flow with a pattern sends: packets of a size and at a time that are
// drawn, the same in every world.
type paced struct {
	workload.Pacer
	next model.Size // payload of the packet that is due
}

// launchPaced starts a flow whose schedule was admitted.
func (w *world) launchPaced(f *run, now int64) {
	s, err := workload.ScheduleOf(w.net, &f.spec)
	if err == nil {
		var p *workload.Pacer
		if p, err = s.Pacer(w.random); err == nil {
			f.paced = &paced{Pacer: *p}
		}
	}
	if err != nil {
		f.reason = err.Error()
		w.end(f, now)
		return
	}
	at, payload, ok := f.paced.Next()
	switch {
	case !ok: // it ends before its first packet
		w.end(f, now)
		return
	case at > 0:
		f.paced.next = payload
		w.schedule(f.start+int64(at), f.from.id, onSend, uint32(f.index), 0)
		return
	}
	f.paced.next = payload
	w.sendPaced(f, now)
}

// sendPaced sends the packet that is due.
func (w *world) sendPaced(f *run, now int64) {
	due := int64(f.paced.next)
	at, payload, ok := f.paced.Next()
	f.paced.next = payload
	next := int64(-1)
	if ok {
		next = f.start + int64(at)
	}
	w.sendDatagram(f, due, next, now)
}

package embedded

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded/wire"
)

// kept are the packets that a switch has kept of those it sent up. None is asked to, and
// Open vSwitch keeps none; others may, and send the beginning alone. An answer that leaves
// such a packet as it is names it, so that the whole of it goes on and the switch is rid
// of it; it is named once. What nobody answers so is let go of.
type kept struct {
	some atomic.Bool // whether any packet was ever kept: most switches never do

	keptMu sync.Mutex
	seed   maphash.Seed
	list   []keptPacket // oldest first
	named  []named      // the newest answers that named a packet, oldest first
}

type keptPacket struct {
	buffer uint32
	sum    uint64 // of port and frame
	cut    bool   // not all of it came up
	since  time.Time
}

// named is an answer that may have to be sent again in full: the switch may have
// forgotten the packet by itself.
type named struct {
	down control.Downcall
	cut  bool
}

// keptMost is how many packets of a switch are looked after. What it keeps beyond them it
// must forget by itself, as the specification demands of it anyway. namedMost and
// namedBytes are how many answers are held, for as long as an error takes.
const (
	keptMost   = 4096
	namedMost  = 256
	namedBytes = 1 << 20
)

func (k *kept) sum(port uint32, frame []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], port)
	_, _ = h.Write(b[:])
	_, _ = h.Write(frame)
	return h.Sum64()
}

// keep notes a packet that the switch has kept. One that came up and is not passed on is
// let go of at the next opportunity.
func (k *kept) keep(p *wire.PacketIn, passed bool) {
	if p.Buffer == wire.NoBuffer {
		return
	}
	k.keptMu.Lock()
	defer k.keptMu.Unlock()
	if !k.some.Load() {
		k.seed = maphash.MakeSeed()
		k.some.Store(true)
	}
	// A number that is used again means another packet from now on.
	k.list = slices.DeleteFunc(k.list, func(old keptPacket) bool { return old.buffer == p.Buffer })
	if len(k.list) == keptMost {
		k.list = slices.Delete(k.list, 0, 1)
	}
	is := keptPacket{buffer: p.Buffer}
	if passed {
		is.sum, is.cut, is.since = k.sum(p.InPort, p.Frame), p.Length > len(p.Frame), time.Now()
	}
	k.list = append(k.list, is)
}

// take gives the packet that an answer leaves as it was, and forgets it.
func (k *kept) take(d *control.Downcall) (buffer uint32, ok bool) {
	if !k.some.Load() {
		return 0, false
	}
	k.keptMu.Lock()
	defer k.keptMu.Unlock()
	if len(k.list) == 0 {
		return 0, false
	}
	sum := k.sum(d.Packet.InPort, d.Packet.Frame)
	i := slices.IndexFunc(k.list, func(p keptPacket) bool { return p.sum == sum && !p.since.IsZero() })
	if i < 0 {
		return 0, false
	}
	p := k.list[i]
	k.list = slices.Delete(k.list, i, i+1)
	k.named = append(k.named, named{*d, p.cut})
	bytes := 0
	for i := len(k.named) - 1; i >= 0; i-- {
		if bytes += len(k.named[i].down.Packet.Frame); bytes > namedBytes || len(k.named)-i > namedMost {
			k.named = slices.Delete(k.named, 0, i+1)
			break
		}
	}
	return p.buffer, true
}

// stale gives the packets that nobody has answered as they were since then, and forgets them.
func (k *kept) stale(since time.Time) (out []uint32) {
	if !k.some.Load() {
		return nil
	}
	k.keptMu.Lock()
	defer k.keptMu.Unlock()
	k.list = slices.DeleteFunc(k.list, func(p keptPacket) bool {
		if p.since.After(since) {
			return false
		}
		out = append(out, p.buffer)
		return true
	})
	return out
}

// forgotten takes an error; known where it says that the switch does not have a packet
// any more that an answer, or who wanted to let go of it, has named. again is the answer
// that can be sent in full instead.
func (k *kept) forgotten(r wire.Refusal) (again *control.Downcall, known bool) {
	if !k.some.Load() || !r.Unkept() {
		return nil, false
	}
	if r.Xid&own != 0 {
		return nil, true
	}
	k.keptMu.Lock()
	defer k.keptMu.Unlock()
	i := slices.IndexFunc(k.named, func(n named) bool { return short(n.down.Xid) == r.Xid })
	if i < 0 {
		return nil, false
	}
	n := k.named[i]
	k.named = slices.Delete(k.named, i, i+1)
	if n.cut { // there is no more than its beginning
		return nil, false
	}
	return &n.down, true
}

// sendPacket writes a packet-out, which names the packet where the switch has kept it.
func (w *writer) sendPacket(d *control.Downcall) ([]byte, error) {
	xid := short(d.Xid)
	if buffer, ok := w.take(d); ok {
		b, err := w.speaks.Release(xid, buffer, d.Packet)
		if err != nil { // nobody else will ask for it
			w.keep(&wire.PacketIn{Buffer: buffer}, false)
		}
		return b, err
	}
	return w.speaks.PacketOut(xid, d.Packet)
}

// letGo has the switch drop the packets that it keeps for nobody.
func (w *writer) letGo() error {
	if w.owner.cfg.Clock.Stopped() { // nobody can have answered
		return nil
	}
	for _, buffer := range w.stale(time.Now().Add(-w.owner.cfg.Echo)) {
		w.askMu.Lock()
		xid := w.number()
		w.askMu.Unlock()
		b, err := w.speaks.Release(xid, buffer, &flow.PacketOut{})
		if err != nil {
			return err
		}
		w.buffer = append(w.buffer, b...)
	}
	return w.flush()
}

package embedded_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// out is what a packet-out says: what it names, and the frame that it carries.
func (p *peer) out() (m wire.Message, buffer uint32, frame []byte, actions int) {
	p.t.Helper()
	m = p.next(wire.TypePacketOut)
	buffer = binary.BigEndian.Uint32(m[8:])
	if p.of.Version() == wire.Version15 {
		actions = int(binary.BigEndian.Uint16(m[12:]))
		return m, buffer, m[32+actions:], actions
	}
	actions = int(binary.BigEndian.Uint16(m[16:]))
	return m, buffer, m[24+actions:], actions
}

// A switch keeps packets although it was asked for whole ones: an answer names what it
// leaves as it was, once, and what nobody answers so is let go of.
func TestPacketsThatASwitchHasKeptAreNamedOnceAndNotLeftThere(t *testing.T) { inBoth(t, keptPackets) }

func keptPackets(t *testing.T) {
	s := polling()
	b := run(t, s, 1, nil, func(c *embedded.Config) { c.Echo, c.Silence = 400*time.Millisecond, time.Minute })
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	frame := func(n byte) []byte { return bytes.Repeat([]byte{n}, 64) }
	up := func(buffer, port uint32, frame []byte, length int) {
		t.Helper()
		p.send(wire.TypePacketIn, 0, wiretest.PacketIn(wire.PacketIn{Buffer: buffer, InPort: port, Length: length, Frame: frame})...)
		s.await(t, "packet-in", kind(control.PacketIn))
	}
	down := func(port uint32, frame []byte) {
		s.send(control.Downcall{Kind: control.SendPacket, Packet: &flow.PacketOut{InPort: port, Actions: []flow.Action{flow.Out(2)}, Frame: frame}})
	}
	const none = wire.NoBuffer
	want := func(what string, buffer uint32, frame []byte) wire.Message {
		t.Helper()
		m, named, data, actions := p.out()
		if named != buffer || !bytes.Equal(data, frame) || actions != 16 {
			t.Fatalf("%s: names %#x with %d bytes of frame and %d of actions, want %#x with %d", what, named, len(data), actions, buffer, len(frame))
		}
		return m
	}

	up(7, 1, frame(1), 1400)
	down(1, frame(1))
	want("the answer to a packet of which the beginning came", 7, nil)
	down(1, frame(1))
	want("the second answer", none, frame(1))

	up(8, 1, frame(2), 64)
	up(9, 1, frame(2), 64)
	for _, buffer := range []uint32{8, 9} {
		down(1, frame(2))
		want("the answer to one of two packets alike", buffer, nil)
	}
	down(1, frame(2))
	want("an answer too many", none, frame(2))

	up(10, 1, frame(3), 64)
	up(10, 1, frame(4), 64) // the switch has used the number again
	down(1, frame(3))
	want("the answer to a packet whose number another has now", none, frame(3))
	down(1, frame(4))
	want("the answer to the other", 10, nil)

	// Forgotten by the switch before the answer came: sent in full, where there is all of it.
	up(11, 1, frame(5), 64)
	down(1, frame(5))
	m := want("the answer to a packet that was forgotten", 11, nil)
	p.send(wire.TypeError, m.Xid(), append([]byte{0, 1, 0, 8}, m...)...)
	want("the answer again", none, frame(5))
	up(12, 1, frame(6), 1400)
	down(1, frame(6))
	m = want("the answer to a packet that was forgotten but for its beginning", 12, nil)
	p.send(wire.TypeError, m.Xid(), append([]byte{0, 1, 0, 7}, m...)...)
	if u := s.await(t, "refusal", kind(control.Refusal)); u.Reason != "bad request: buffer already used" {
		t.Errorf("refused for %q", u.Reason)
	}

	// Altered, from another port, or not answered at all: the switch is told to drop its own.
	up(13, 1, frame(7), 64)
	up(14, 1, frame(8), 64)
	up(15, 1, frame(9), 64)
	down(1, frame(70))
	want("an answer that alters the packet", none, frame(70))
	down(3, frame(8))
	want("an answer that has the packet come from elsewhere", none, frame(8))
	for _, buffer := range []uint32{13, 14, 15} {
		m, named, data, actions := p.out()
		if named != buffer || len(data) != 0 || actions != 0 {
			t.Errorf("let go of %d by one that names %d, with %d bytes of frame and %d of actions", buffer, named, len(data), actions)
		}
		p.send(wire.TypeError, m.Xid(), append([]byte{0, 1, 0, 8}, m...)...) // it had forgotten it by itself
	}
	down(1, frame(9))
	want("an answer that comes too late", none, frame(9))
	for _, text := range b.flushed() {
		t.Errorf("the diary complains: %s", text)
	}
}

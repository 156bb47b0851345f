package embedded_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// Prompt has readers do the work themselves where nothing is polled.
func (s *script) Prompt() bool { return !s.polls }

func out(frame ...byte) control.Downcall {
	return control.Downcall{Kind: control.SendPacket, Packet: &flow.PacketOut{Actions: []flow.Action{flow.Out(1)}, Frame: frame}}
}

func barrier(awaited bool) control.Downcall {
	return control.Downcall{Kind: control.Barrier, Awaited: awaited}
}

func TestASwitchIsAskedOnceToAcknowledgeManyPackets(t *testing.T) {
	inBoth(t, aSwitchIsAskedOnceToAcknowledgeManyPackets)
}

func aSwitchIsAskedOnceToAcknowledgeManyPackets(t *testing.T) {
	for name, c := range map[string]struct {
		sent []control.Downcall
		want []wire.Type // and the barrier of the last number, if it is one
	}{
		"packets alone":  {[]control.Downcall{out(1), barrier(false), out(2), barrier(false)}, []wire.Type{wire.TypePacketOut, wire.TypePacketOut, wire.TypeBarrierRequest}},
		"somebody waits": {[]control.Downcall{out(1), barrier(true), out(2), barrier(false)}, []wire.Type{wire.TypePacketOut, wire.TypeBarrierRequest, wire.TypePacketOut, wire.TypeBarrierRequest}},
		"a rule is among them": {[]control.Downcall{out(1), barrier(false), rule(0, 1), barrier(false), out(2), barrier(false)},
			[]wire.Type{wire.TypePacketOut, wire.TypeFlowMod, wire.TypeBarrierRequest, wire.TypePacketOut, wire.TypeBarrierRequest}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			s.react = func(u control.Upcall) []control.Downcall {
				if u.Kind == control.PacketIn {
					return c.sent
				}
				return nil
			}
			b := run(t, s, 1, nil, nil)
			p := dial(t, b.addr)
			p.greet(1)
			b.wait(t, 1)
			b.startApps(t)
			p.send(wire.TypePacketIn, 0, wiretest.PacketIn(wire.PacketIn{Buffer: wire.NoBuffer, InPort: 1, Length: 4, Frame: make([]byte, 60)})...)
			var last wire.Message
			for i, want := range c.want {
				m, err := wire.Read(p.read)
				if err != nil {
					t.Fatal(err)
				}
				if last = m; m.Type() != want {
					t.Fatalf("message %d is of type %d, want %d", i, m.Type(), want)
				}
			}
			if int(last.Xid()) != len(c.sent) {
				t.Errorf("the last barrier is %d of %d", last.Xid(), len(c.sent))
			}
			p.send(wire.TypeBarrierReply, last.Xid())
			s.await(t, "acknowledgement", func(u control.Upcall) bool { return u.Kind == control.BarrierReply && u.Xid == uint64(len(c.sent)) })
		})
	}
}

// What the line does not take at once is written later, and nothing out of its order.
func TestAnswersComeWholeAndInOrderToASwitchThatReadsLate(t *testing.T) {
	const packets, size = 3000, 4000
	s := newScript()
	s.react = func(u control.Upcall) []control.Downcall {
		if u.Kind == control.PacketIn {
			return []control.Downcall{out(u.Packet.Bytes()...)}
		}
		return nil
	}
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	frame := func(i int) []byte {
		return binary.BigEndian.AppendUint32(bytes.Repeat([]byte{byte(i)}, size), uint32(i))
	}
	for i := range packets { // much more than two sockets hold, and less than is dropped
		p.send(wire.TypePacketIn, 0, wiretest.PacketIn(wire.PacketIn{Buffer: wire.NoBuffer, InPort: 1, Length: size + 4, Frame: frame(i)})...)
	}
	for i := range packets {
		if m := p.next(wire.TypePacketOut); !bytes.HasSuffix(m, frame(i)) {
			t.Fatalf("answer %d has the end % x", i, m[len(m)-8:])
		}
	}
}

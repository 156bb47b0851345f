package embedded_test

import (
	"errors"
	"testing"

	"sendim/core/flow"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

func TestAPacketIsSentByASwitchThatIsThere(t *testing.T) {
	inBoth(t, func(t *testing.T) {
		b := run(t, polling(), 2, nil, nil)
		p := dial(t, b.addr)
		p.greet(1)
		b.wait(t, 1)
		out := &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(1)}, Frame: make([]byte, 60)}
		if err := b.Send(0, out); err != nil {
			t.Fatal(err)
		}
		p.next(wire.TypePacketOut)
		if err := b.Send(1, out); !errors.Is(err, embedded.ErrNotConnected) {
			t.Error(err)
		}
	})
}

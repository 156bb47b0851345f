package embedded_test

import (
	"context"
	"strings"
	"testing"

	"sendim/core/control"
	"sendim/integrators/controller/embedded/wire"
)

// Somebody who dials with the datapath id of a switch that is there is a second switch
// with the same number, and not the first one again, when the first one still answers.
func TestOfTwoSwitchesWithOneNumberTheFirstIsServed(t *testing.T) {
	inBoth(t, func(t *testing.T) {
		s := newScript()
		b := run(t, s, 1, nil, nil)
		first := dial(t, b.addr)
		first.greet(1)
		b.wait(t, 1)
		b.startApps(t)
		for range 3 {
			second := dial(t, b.addr)
			second.introduce(1)
			first.send(wire.TypeEchoReply, first.next(wire.TypeEchoRequest).Xid())
			second.closed()
		}
		first.send(wire.TypeEchoRequest, 3)
		first.next(wire.TypeEchoReply)
		if texts := strings.Join(b.diary.texts(), "\n"); !strings.Contains(texts, "datapath id 0x1 is that of the switch at 127.0.0.1:") {
			t.Errorf("diary: %s", texts)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, u := range s.seen {
			if u.Kind == control.SwitchLost {
				t.Error("the first switch was lost")
			}
		}
	})
}

func TestTheDriverIsVisitedByTheGoroutineThatOwnsIt(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	if seen := false; !b.Visit(t.Context(), func() { seen = true }) || !seen {
		t.Error("nobody was let in")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if b.Visit(ctx, func() {}) {
		t.Error("somebody was let in after the end")
	}
}

func TestWhoOnlyLooksWhetherSomebodyListensIsNotNoted(t *testing.T) {
	b := run(t, newScript(), 1, nil, nil)
	for range 3 {
		dial(t, b.addr).net.Close()
	}
	dial(t, b.addr).greet(1)
	b.wait(t, 1)
	b.clock.Flush()
	if texts := b.diary.texts(); len(texts) > 0 {
		t.Errorf("diary: %v", texts)
	}
}

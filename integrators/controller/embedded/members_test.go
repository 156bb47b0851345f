package embedded_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

func TestSwitchesBecomeTheRunsAndAreLetGoWhileItLives(t *testing.T) {
	s := newScript()
	b := run(t, s, 1, nil, nil)
	first := dial(t, b.addr)
	first.greet(1)
	b.wait(t, 1)
	stranger := dial(t, b.addr)
	stranger.send(wire.TypeHello, 1)
	stranger.send(wire.TypeFeaturesReply, stranger.next(wire.TypeFeaturesRequest).Xid(), features(9)...)
	stranger.closed()

	b.Enlist(map[uint64]model.NodeID{9: 1})
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := b.WaitFor(short, []model.NodeID{0, 1}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for s2 to connect") {
		t.Error(err)
	}
	second := dial(t, b.addr)
	second.greet(9)
	if err := b.WaitFor(t.Context(), []model.NodeID{1, 0}); err != nil {
		t.Fatal(err)
	}
	if got := b.Connected(); !slices.Equal(got, []model.NodeID{0, 1}) {
		t.Errorf("connected: %v", got)
	}

	// A datapath id is another node's from now on; the old one's connection ends.
	if err := b.Dismiss(t.Context(), []model.NodeID{1, 7}); err != nil {
		t.Fatal(err)
	}
	second.closed()
	b.Enlist(map[uint64]model.NodeID{9: 2})
	third := dial(t, b.addr)
	third.greet(9)
	if err := b.WaitFor(t.Context(), []model.NodeID{2}); err != nil {
		t.Fatal(err)
	}
	if got := b.Connected(); !slices.Equal(got, []model.NodeID{0, 2}) {
		t.Errorf("connected: %v", got)
	}
	b.startApps(t)
	for _, text := range b.diary.texts() {
		if strings.Contains(text, "removed") {
			t.Errorf("the diary complains of what was asked for: %s", text)
		}
	}
	if err := b.Dismiss(t.Context(), []model.NodeID{2}); err != nil {
		t.Fatal(err)
	}
	third.closed()
	s.await(t, "loss", func(u control.Upcall) bool { return u.Kind == control.SwitchLost && u.Switch == 2 })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.WaitFor(t.Context(), []model.NodeID{5}); !errors.Is(err, embedded.ErrClosed) {
		t.Error(err)
	}
}

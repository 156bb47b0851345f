package traffic

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// standing is an agent's clock and the other end of it.
func standing(t *testing.T) (*agent, *Standstill) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clock")
	outer, err := NewStandstill(path)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := openStandstill(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, s := range []*Standstill{inner, outer} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return &agent{ctx: t.Context(), still: inner}, outer
}

func TestWhoSleepsWhileTheNetworkStandsStillSleepsOnForWhatWasLeft(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const still = int64(100 * time.Millisecond)
	for _, span := range []int64{int64(2 * time.Millisecond), int64(60 * time.Millisecond)} { // in the kernel, and before that
		a, outer := standing(t)
		began := Monotonic()
		at := a.now() + span
		set := make(chan int64, 1)
		time.AfterFunc(time.Millisecond, func() { outer.Set(still); set <- Monotonic() })
		if err := a.sleepUntil(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		took := Monotonic() - began
		if <-set < began+span && took < span+still { // it stood still before it would have woken
			t.Errorf("a sleep of %v took %v with %v of standstill in it", time.Duration(span), time.Duration(took), time.Duration(still))
		}
	}
}

func TestAnAlarmRingsByTheClockThatStoodStill(t *testing.T) {
	a, outer := standing(t)
	ring := a.after(time.Millisecond)
	outer.Set(int64(time.Hour))
	if <-ring.C; ring.rings() {
		t.Error("it rang in the time in which the network stood still")
	}
	ring = a.after(time.Millisecond)
	for <-ring.C; !ring.rings(); <-ring.C {
	}
	if a.now() < ring.at {
		t.Errorf("it rang %v early", time.Duration(ring.at-a.now()))
	}
}

func TestAnAgentThatSleepsCanBeEnded(t *testing.T) {
	a, _ := standing(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.sleepUntil(ctx, a.now()+int64(time.Hour)); err == nil {
		t.Error("it slept to its end")
	}
}

func TestAnAgentTellsTimesByItsClock(t *testing.T) {
	_, outer := standing(t)
	outer.Set(int64(1_000_000 * time.Hour))
	var said bytes.Buffer
	if err := serve(t.Context(), strings.NewReader(`{"id":1,"op":"exec","argv":["true"]}`+"\n"), &said, outer); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), `"first":-`) {
		t.Errorf("it says %s, of before the machine was started", said.String())
	}
	if err := serve(t.Context(), strings.NewReader(""), io.Discard, nil); err != nil {
		t.Error(err)
	}
}

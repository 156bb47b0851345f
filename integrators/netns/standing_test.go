package netns_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sendim/integrators/netns/netnstest"
)

func TestOneProcessStandsStillAndGoesOn(t *testing.T) {
	s := netnstest.Open(t, "still", t.TempDir())
	one, other := filepath.Join(t.TempDir(), "one"), ticking(t, s, "other")
	p, err := s.Command(t.Context(), []string{"/bin/sh", "-c", "while :; do echo x >>" + one + "; i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; done"}, "", nil, [3]*os.File{})
	if err != nil {
		t.Fatal(err)
	}
	grows(t, one)
	if err := s.SetStill(t.Context(), p.PID(), true); err != nil {
		t.Fatal(err)
	}
	was := size(one)
	grows(t, other)
	time.Sleep(20 * time.Millisecond)
	if is := size(one); is != was {
		t.Errorf("it stands still, and yet wrote %d bytes", is-was)
	}
	if err := s.SetStill(t.Context(), p.PID(), false); err != nil {
		t.Fatal(err)
	}
	grows(t, one)
	if err := s.SetStill(t.Context(), 1<<20, true); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("nobody stands still: %v", err)
	}
	if _, err := s.EnlargeStreams(t.Context(), 1<<20, 1<<20); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("nobody has streams: %v", err)
	}
}

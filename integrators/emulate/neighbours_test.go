package emulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLimitsOfNeighboursAreOnlyRaised(t *testing.T) {
	for _, c := range []struct {
		what          string
		before, after [3]string
		hosts         int
	}{
		{"a fresh machine and a small network", [3]string{"128", "512", "1024"}, [3]string{"4096", "8192", "16384"}, 3},
		{"a large network", [3]string{"128", "512", "1024"}, [3]string{"9900", "19800", "39600"}, 100},
		{"a machine that is set up", [3]string{"80000", "90000", "100000"}, [3]string{"80000", "90000", "100000"}, 100},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			names := [3]string{"gc_thresh1", "gc_thresh2", "gc_thresh3"}
			for i, n := range names {
				if err := os.WriteFile(filepath.Join(dir, n), []byte(c.before[i]+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := makeNeighbourRoom(dir, c.hosts); err != nil {
				t.Fatal(err)
			}
			for i, n := range names {
				text, err := os.ReadFile(filepath.Join(dir, n))
				if got := strings.TrimSpace(string(text)); err != nil || got != c.after[i] {
					t.Errorf("%s is %s, want %s (%v)", n, got, c.after[i], err)
				}
			}
		})
	}
	if err := makeNeighbourRoom(t.TempDir(), 2); err == nil {
		t.Error("limits that are not there raise no error")
	}
}

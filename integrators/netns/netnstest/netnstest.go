package netnstest

import (
	"strings"
	"testing"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// Open opens a sandbox for the length of a test.
func Open(t testing.TB, label, dir string) *netns.Sandbox {
	t.Helper()
	s, err := netns.Open(t.Context(), netns.Options{Label: label, RunDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Inside runs a shell script inside, which must succeed, and returns what it printed.
func Inside(t testing.TB, s *netns.Sandbox, script string) string {
	t.Helper()
	res, err := shell.Elsewhere(s.Command, s.Enter()...).Run(t.Context(), shell.Cmd{Argv: []string{"sh", "-ec", script}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

package netns_test

import (
	"testing"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// BenchmarkOpenClose is an empty sandbox, made and taken away.
func BenchmarkOpenClose(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: dir})
		if err != nil {
			b.Skip(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommand is /bin/true inside, with its output captured.
func BenchmarkCommand(b *testing.B) {
	s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: b.TempDir()})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	r := shell.Elsewhere(s.Command)
	for b.Loop() {
		if _, err := r.Run(b.Context(), shell.Cmd{Argv: []string{"true"}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProbe is what a cached answer saves.
func BenchmarkProbe(b *testing.B) {
	for b.Loop() {
		if _, err := netns.Probe(); err != nil {
			b.Skip(err)
		}
	}
}

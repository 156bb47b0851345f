package apprpc

import (
	"context"
	"fmt"
	"testing"

	"sendim/core/app"
)

// BenchmarkEvents sends packet-ins of 100 bytes to an app that sends each back, in
// batches of several sizes; with one event to a batch it measures the round trip. The
// last lines have the same app linked in, as the bound.
func BenchmarkEvents(b *testing.B) {
	events := make([]app.Event, 4096)
	for n := range events {
		events[n] = packetIn(n, make([]byte, 100))
	}
	run := func(b *testing.B, i app.Instance, size int) {
		answers := 0
		b.ReportAllocs()
		for b.Loop() {
			err := i.Handle(context.Background(), events[:size], func(_ int, c []app.Command) { answers += len(c) })
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		if answers < b.N*size {
			b.Fatalf("%d answers to %d events", answers, b.N*size)
		}
	}
	for _, size := range []int{1, 16, 256, 4096} {
		b.Run(fmt.Sprintf("process/%d", size), func(b *testing.B) {
			i, err := launchTest("plain", nil)
			if err != nil {
				b.Fatal(err)
			}
			defer i.Close()
			run(b, i, size)
		})
	}
	b.Run("linked/4096", func(b *testing.B) { run(b, app.Local(plain{&echo{}}), 4096) })
}

// BenchmarkRules has an app answer one event with 100,000 rules.
func BenchmarkRules(b *testing.B) {
	i, err := launchTest("plain", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer i.Close()
	for b.Loop() {
		if _, err := handle(i, timer("rules:100000")); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "rules/s")
}

// BenchmarkLaunch starts and closes an app.
func BenchmarkLaunch(b *testing.B) {
	for b.Loop() {
		i, err := launchTest("plain", nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := i.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

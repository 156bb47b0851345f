package flowlist_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/converters/flowlist"
	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/workload"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/sim"
)

// anySystem draws a network with traffic of every kind, some of which will not be
// finished when the run is.
func anySystem(t *rapid.T) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<system name="x"><generate kind="linear" k="4" rate="%dMbps" delay="%dus"/>`, rapid.IntRange(1, 50).Draw(t, "rate"), rapid.IntRange(0, 999).Draw(t, "delay"))
	for i := range rapid.IntRange(1, 8).Draw(t, "flows") {
		from := rapid.IntRange(1, 4).Draw(t, "from")
		to := (from+rapid.IntRange(0, 2).Draw(t, "to"))%4 + 1
		fmt.Fprintf(&b, `<flow id="f%d" from="h%d" to="h%d" start="%dps"`, 9-i, from, to, 1000*rapid.Int64Range(0, 100).Draw(t, "start")*rapid.Int64Range(1, 1_000_000).Draw(t, "start"))
		fmt.Fprintf(&b, ` granularity=%q`, rapid.SampledFrom([]string{"packet", "flow"}).Draw(t, "granularity"))
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			fmt.Fprintf(&b, ` size="%dB"`, rapid.IntRange(1, 500_000).Draw(t, "size"))
		case 1:
			fmt.Fprintf(&b, ` size="%dB" rate="%dkbps" transport="tcp"`, rapid.IntRange(1, 500_000).Draw(t, "size"), rapid.IntRange(100, 9000).Draw(t, "rate"))
		case 2:
			fmt.Fprintf(&b, ` duration="%dus" rate="%dkbps" packet="%dB"`, rapid.IntRange(1, 900_000).Draw(t, "duration"), rapid.IntRange(1, 9000).Draw(t, "rate"), rapid.IntRange(64, 1514).Draw(t, "packet"))
		case 3:
			fmt.Fprintf(&b, ` duration="%dus" transport="tcp"`, rapid.IntRange(1, 900_000).Draw(t, "duration"))
		case 4:
			fmt.Fprintf(&b, ` size="%dB" rate="%dkbps" transport="udp"`, rapid.IntRange(1, 500_000).Draw(t, "size"), rapid.IntRange(100, 9000).Draw(t, "rate"))
		}
		b.WriteString("/>")
	}
	if rapid.Bool().Draw(t, "echoes") {
		b.WriteString(`<flow id="echoes" from="h1" to="h4" transport="icmp" duration="2s"/><flow id="three" from="h2" to="h4" transport="icmp" count="3" rate="10kbps"/>`)
	}
	if rapid.Bool().Draw(t, "more") {
		b.WriteString(`<demands start="10ms" until="200ms"><demand from="h1" to="h2" rate="100kbps"/></demands><traffic id="bg" kind="poisson" sizes="hadoop" load="2%" until="100ms"/>`)
	}
	b.WriteString("</system>")
	return b.String()
}

func carried(t *rapid.T, dir, system string, lists ...string) *core.Result {
	until, seed := 400*model.Millisecond, uint64(5)
	j, err := job.Load(job.Input{Systems: []string{system}, Flows: lists, Seed: &seed, Until: &until, Apps: []deployment.Application{{Name: "a", Plugin: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	launch := func(context.Context, deployment.Application) (app.Instance, error) {
		return app.Local(shortestpath.New()), nil
	}
	res, err := core.Run(context.Background(), core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}}, Launch: launch, Root: filepath.Join(dir, "runs"), Version: "test"}, core.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestARunIsReplayedFaithfully: the flows.csv of a run, and its diary, hold the list of
// flows that the run carried, as far as they started, and carrying them again gives the same results.
func TestARunIsReplayedFaithfully(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "replay-*")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		text := anySystem(t)
		system := filepath.Join(dir, "net.xml")
		if err := os.WriteFile(system, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		first := carried(t, dir, system)
		j, err := job.Load(job.Input{Systems: []string{system}})
		if err != nil {
			t.Fatal(err)
		}
		all, err := workload.Concrete(j.Model, 5)
		if err != nil {
			t.Fatal(err)
		}
		var want []model.Flow
		for _, f := range all {
			if f.Start < 400*model.Millisecond {
				if f.Duration > 0 { // the count follows from it
					f.Count = 0
				}
				want = append(want, f)
			}
		}
		file := filepath.Join(first.Dir, "flows.csv")
		for _, format := range []flowlist.Format{flowlist.Run, flowlist.Trace} {
			name := map[flowlist.Format]string{flowlist.Run: "flows.csv", flowlist.Trace: "trace.jsonl"}[format]
			r, err := os.Open(filepath.Join(first.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			list, err := flowlist.Read(r, flowlist.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := list.Resolve(j.Model, flowlist.Mapping{}).Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, list.Flows); diff != "" || list.Format != format || list.Warnings.Total > 0 {
				t.Fatalf("%s %v\n%s\n%s", list.Format, list.Warnings.Faults, diff, text)
			}
		}
		second := carried(t, dir, system, file)
		if diff := cmp.Diff(first.Flows, second.Flows); diff != "" || first.Manifest.Digest != second.Manifest.Digest {
			t.Fatalf("%s %s\n%s\n%s", first.Manifest.Digest, second.Manifest.Digest, diff, text)
		}
	})
}

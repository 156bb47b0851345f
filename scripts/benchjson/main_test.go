package main

import (
	"bytes"
	"testing"
)

func TestALineOfABenchmarkGivesEveryFigureUnderItsUnit(t *testing.T) {
	x := parse("BenchmarkPacketHops/k=8-2  \t 3\t 12.5 ns/op\t 4.1e+06 hops/s\t       0 B/op")
	if x == nil || x.Bench != "PacketHops/k=8" || x.Runs != 3 || x.Figures["hops/s"] != 4.1e6 || x.Figures["ns/op"] != 12.5 {
		t.Errorf("%+v", x)
	}
	for _, other := range []string{"PASS", "goos: linux", "Benchmark", "BenchmarkX-2", "{}", "{"} {
		if x := parse(other); x != nil {
			t.Errorf("%q: %+v", other, x)
		}
	}
}

func TestOursIsComparedWithItsPeersByRateOrByTime(t *testing.T) {
	var out bytes.Buffer
	print(&out, []*result{
		parse(`{"bench":"Hops/k=4/peer=slow","figures":{"hops/s":10}}`),
		parse(`{"bench":"Hops/k=4","figures":{"hops/s":40,"ns/op":7}}`),
	})
	print(&out, []*result{
		parse(`{"bench":"Decode/peer=other","figures":{"ns/op":30,"MB/s":1}}`),
		parse(`{"bench":"Decode/ours","figures":{"ns/op":10,"MB/s":3}}`),
	})
	want := `{"bench":"Hops/k=4/peer=slow","figures":{"hops/s":10}}
{"bench":"Hops/k=4","figures":{"hops/s":40,"ns/op":7},"times_faster_than":{"slow":4}}
{"bench":"Decode/peer=other","figures":{"MB/s":1,"ns/op":30}}
{"bench":"Decode/ours","figures":{"MB/s":3,"ns/op":10},"times_faster_than":{"other":3}}
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func TestABenchmarksNameIsMatchedExactly(t *testing.T) {
	if got := exactly("Construct/nodes=10000"); got != "^BenchmarkConstruct$/^nodes=10000$" {
		t.Error(got)
	}
}

func TestTheBestOfSeveralRunsIsKept(t *testing.T) {
	var all []*result
	for _, line := range []string{"BenchmarkA-2 1 5 ns/op", "BenchmarkB-2 1 5 hops/s", "BenchmarkA-2 1 4 ns/op", "BenchmarkB-2 1 4 hops/s"} {
		all = best(all, parse(line))
	}
	if len(all) != 2 || all[0].Figures["ns/op"] != 4 || all[1].Figures["hops/s"] != 5 {
		t.Errorf("%+v", all)
	}
}

func TestOnlyAnswersToOneQuestionAreCompared(t *testing.T) {
	ours := parse(`{"bench":"A","figures":{"ns/op":1}}`)
	print(&bytes.Buffer{}, []*result{parse(`{"bench":"B/peer=x","figures":{"ns/op":9}}`), ours})
	if ours.Faster != nil {
		t.Error(ours.Faster)
	}
}

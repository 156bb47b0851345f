package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/flow"
)

func TestTablesAreWrittenAsEncodingJSONWouldWriteThem(t *testing.T) {
	small := rapid.Uint64Range(0, 3)
	rules := rapid.Custom(func(t *rapid.T) flow.RuleStat {
		s := flow.RuleStat{Rule: flow.Rule{Priority: uint16(small.Draw(t, "priority")), Cookie: small.Draw(t, "cookie"), Goto: uint8(small.Draw(t, "goto"))},
			Counters: flow.Counters{Packets: small.Draw(t, "packets"), Bytes: rapid.Uint64().Draw(t, "bytes")}, Age: rapid.Int64().Draw(t, "age")}
		if rapid.Bool().Draw(t, "match") {
			s.Rule.Match = flow.Match{}.IPv4To(1, 32)
		}
		if rapid.Bool().Draw(t, "apply") {
			s.Rule.Apply = []flow.Action{flow.Out(uint32(small.Draw(t, "port"))), flow.ToController()}
		}
		return s
	})
	ports := rapid.Custom(func(t *rapid.T) flow.PortStat {
		return flow.PortStat{Port: 1, RxPackets: small.Draw(t, "rx"), TxBytes: small.Draw(t, "tx"), RxDropped: small.Draw(t, "rx drops"), TxDropped: small.Draw(t, "tx drops")}
	})
	tables := rapid.Custom(func(t *rapid.T) Table {
		x := Table{Switch: rapid.SampledFrom([]string{"s1", `q"<ü`, ""}).Draw(t, "switch"), Rules: rapid.SliceOfN(rules, 0, 4).Draw(t, "rules"),
			Ports: rapid.SliceOfN(ports, 0, 3).Draw(t, "ports")}
		if rapid.Bool().Draw(t, "nil") && len(x.Rules) == 0 {
			x.Rules = nil
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "groups") {
			x.Groups = append(x.Groups, flow.GroupStat{Group: flow.Group{Number: uint32(i), Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(1)}}}}})
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "meters") {
			x.Meters = append(x.Meters, flow.MeterStat{Meter: flow.Meter{Number: uint32(i)}})
		}
		return x
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(tables, 0, 4).Draw(t, "tables")
		var got, want bytes.Buffer
		if err := writeTables(&got, list); err != nil {
			t.Fatal(err)
		}
		if err := writeJSON(&want, list); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("got\n%swant\n%s", &got, &want)
		}
	})
	for of, fields := range map[reflect.Type]int{reflect.TypeFor[Table](): 6, reflect.TypeFor[flow.RuleStat](): 3, reflect.TypeFor[flow.Rule](): 16,
		reflect.TypeFor[flow.Counters](): 2, reflect.TypeFor[flow.PortStat](): 7} {
		if of.NumField() != fields {
			t.Errorf("%s has %d fields: write them all", of, of.NumField())
		}
	}
}

func BenchmarkWriteTables(b *testing.B) {
	var list []Table
	for i := range 10_000 {
		x := Table{Switch: fmt.Sprint("s", i), Ports: make([]flow.PortStat, 5)}
		for range 2 {
			x.Rules = append(x.Rules, flow.RuleStat{Rule: flow.Rule{Match: flow.Match{}.With(flow.EthType, 0x806), Apply: []flow.Action{flow.ToController()}}})
		}
		list = append(list, x)
	}
	for b.Loop() {
		var n counter
		if err := writeTables(&n, list); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/switch")
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestSwitchesThatShareTheirRulesAreWrittenOnceAmongManyAndReadBackInFull(t *testing.T) {
	shared := []flow.RuleStat{{Rule: flow.Rule{Priority: 1}, Age: 5}}
	for _, n := range []int{Spelled, Spelled + 1} {
		list := make([]Table, n)
		for i := range list {
			list[i] = Table{Switch: fmt.Sprintf("s%d", i), Rules: shared}
		}
		list[3].Rules = []flow.RuleStat{{Rule: flow.Rule{Priority: 1}, Counters: flow.Counters{Packets: 1}, Age: 5}}
		list[5].Ports = []flow.PortStat{{Port: 1, RxPackets: 2}}
		var text bytes.Buffer
		if err := writeTables(&text, list); err != nil {
			t.Fatal(err)
		}
		if brief := bytes.Contains(text.Bytes(), []byte(`"as": "s0"`)); brief != (n > Spelled) {
			t.Errorf("%d switches: brief is %v", n, brief)
		}
		var back []Table
		if err := json.Unmarshal(text.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if err := spell(back); err != nil || !reflect.DeepEqual(back, list) {
			t.Errorf("%d switches come back differently: %v", n, err)
		}
	}
	if err := spell([]Table{{Switch: "a", As: "b"}, {Switch: "b"}}); err == nil {
		t.Error("a switch that is as a later one is taken")
	}
}

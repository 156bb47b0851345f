package embedded_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

func TestARealSwitchSaysWhatItIsAndWhatItsTablesHold(t *testing.T) {
	inBoth(t, aRealSwitchSaysWhatItIsAndWhatItsTablesHold)
}

func aRealSwitchSaysWhatItIsAndWhatItsTablesHold(t *testing.T) {
	s := polling()
	l := newLab(t, s, 2)
	l.startApps(t)
	second := rule(0, 3)
	second.Rule.Rule.Table = 4
	s.flush(t, 0, rule(0, 1), rule(0, 2), second)
	l.vsctl("set", "bridge", "s1", "other_config:dp-desc=the first")
	got, err := l.Inspect(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.Manufacturer != "Nicira, Inc." || got.Hardware != "Open vSwitch" || got.Software != l.ovs.Version() || got.Datapath != "the first" || got.OpenFlow != spoken(t).Version().String() {
		t.Errorf("OpenFlow %s, %+v", got.OpenFlow, got.Description)
	}
	rules := map[uint8]int{}
	for _, table := range got.Tables {
		rules[table.Table] = table.Rules
	}
	if rules[0] != 2 || rules[4] != 1 {
		t.Errorf("tables %+v", got.Tables)
	}
	if _, err := l.Inspect(t.Context(), 7); err == nil {
		t.Error("a switch that is not there answers")
	}
}

func TestStatisticsInPartsArePutTogether(t *testing.T) { inBoth(t, statisticsInPartsArePutTogether) }

func statisticsInPartsArePutTogether(t *testing.T) {
	s := polling()
	b := run(t, s, 1, nil, nil)
	b.startApps(t)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	table := func(number uint8, rules uint32, lookups, matched uint64) []byte {
		b := binary.BigEndian.AppendUint32([]byte{number, 0, 0, 0}, rules)
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, lookups), matched)
	}
	queue := func(port, number uint32, bytes, packets, dropped uint64) []byte {
		return wiretest.Queue(p.of, wire.QueueStat{Port: port, Queue: number, Sent: flow.Counters{Packets: packets, Bytes: bytes}, Dropped: dropped, Age: 3 * model.Second})
	}
	go func() {
		for range 3 {
			m := p.next(wire.TypeMultipartRequest)
			switch wire.Part(m[9]) {
			case wire.PartDescription:
				body := make([]byte, 1056)
				copy(body, strings.Repeat("x", 300)) // no zero at the end of its field
				copy(body[512:], "1.0")
				p.answer(m, false, body...)
			case wire.PartTables:
				p.answer(m, true, append(table(3, 0, 5, 4), table(9, 0, 0, 0)...)...)
				p.answer(m, true)
				p.answer(m, false, table(1, 2, 0, 0)...)
			case wire.PartQueues:
				p.answer(m, true, queue(2, 1, 1000, 10, 1)...)
				p.answer(m, false, queue(1, 7, ^uint64(0), 3, 0)...)
			}
		}
	}()
	got, err := b.Inspect(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.Manufacturer != strings.Repeat("x", 256) || got.Software != "1.0" {
		t.Errorf("%+v", got.Description)
	}
	if want := []flow.TableStat{{Table: 1, Rules: 2}, {Table: 3, Lookups: 5, Matched: 4}}; !slices.Equal(got.Tables, want) {
		t.Errorf("tables %+v", got.Tables)
	}
	want := []wire.QueueStat{
		{Port: 1, Queue: 7, Sent: flow.Counters{Packets: 3}, Age: 3e12},
		{Port: 2, Queue: 1, Sent: flow.Counters{Packets: 10, Bytes: 1000}, Dropped: 1, Age: 3e12},
	}
	if !slices.Equal(got.Queues, want) {
		t.Errorf("queues %+v", got.Queues)
	}
}

package trace

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"sendim/core/flow"
	"sendim/core/packet"
)

func entries() []Entry {
	port, table, value := uint32(2), uint8(1), 0.25
	return []Entry{
		{At: -5, Kind: AppStarted, App: "router"},
		{At: 0, Kind: RuleMod, Node: "s1", App: "router", Rule: &flow.RuleMod{Command: flow.Add,
			Rule: flow.Rule{Priority: 7, Match: flow.Match{}.IPv4To(0x0a000001, 32), Apply: []flow.Action{flow.Out(2)}}}},
		{At: 10, Kind: PacketIn, Node: "s1", Port: &port, Table: &table, Header: &packet.Header{EthType: packet.EthTypeARP, ARPOp: 1}, Length: 42},
		{At: 20, Kind: AppMetric, App: "router", Name: "share", Value: &value},
		{At: 30, Kind: FlowEnd, Flow: "f", Result: &FlowResult{ID: "f", From: "h1", To: "h2", Finish: Unfinished, Path: []string{"h1", "s1", "h2"}}},
	}
}

func TestADiaryIsReadBackAsItWasWritten(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, e := range entries() {
		w.Emit(&e)
	}
	if err := w.Close(); err != nil || w.Count() != 5 {
		t.Fatalf("%d entries, %v", w.Count(), err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 5 {
		t.Errorf("%d lines", lines)
	}
	var got []Entry
	for e, err := range Read(&out) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *e)
	}
	if want := entries(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestADiaryCutShortGivesWhatItHas(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, e := range entries() {
		w.Emit(&e)
	}
	_ = w.Close()
	whole, last := 0, error(nil)
	for _, err := range Read(bytes.NewReader(out.Bytes()[:out.Len()-9])) {
		if err != nil {
			last = err
			break
		}
		whole++
	}
	if whole != 4 || !errors.Is(last, io.ErrUnexpectedEOF) {
		t.Errorf("%d entries, then %v", whole, last)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestTheFirstErrorOfADiskIsKept(t *testing.T) {
	w := NewWriter(broken{})
	for range 10_000 {
		w.Emit(&Entry{Kind: Warning, Text: strings.Repeat("x", 100)})
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
}

package trace

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// A line is what encoding/json makes of the entry, whichever way it was made.
func TestLinesAreWhatEncodingJSONWouldWrite(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "s1", "s1--s2", "a b", `q"uo`, "<&>", "ü", "\x7f", "back\\"})
	rules := rapid.Custom(func(t *rapid.T) *flow.RuleMod {
		m := &flow.RuleMod{Command: flow.ModCommand(rapid.IntRange(0, 4).Draw(t, "command"))}
		m.Rule.Priority = uint16(rapid.IntRange(0, 1).Draw(t, "priority"))
		if rapid.Bool().Draw(t, "match") {
			m.Rule.Match = flow.Match{}.IPv4To(1, 32)
		}
		if rapid.Bool().Draw(t, "apply") {
			m.Rule.Apply = []flow.Action{{Type: flow.PushVLAN, Arg: rapid.SampledFrom([]uint32{0, 0x8100}).Draw(t, "type")}}
		}
		m.Rule.Goto = uint8(rapid.IntRange(0, 1).Draw(t, "goto"))
		m.AllTables = rapid.Bool().Draw(t, "all")
		return m
	})
	entries := rapid.Custom(func(t *rapid.T) *Entry {
		e := &Entry{At: model.Time(rapid.Int64().Draw(t, "at")), Kind: Kind(text.Draw(t, "kind")), Node: text.Draw(t, "node"), Link: text.Draw(t, "link"),
			App: text.Draw(t, "app")}
		if rapid.Bool().Draw(t, "has rule") {
			e.Rule = rules.Draw(t, "rule")
		}
		if rapid.Bool().Draw(t, "has sample") {
			e.Sample = &Sample{From: text.Draw(t, "from"), To: text.Draw(t, "to"), Span: 5, Packets: rapid.Int64().Draw(t, "packets"), Drops: 1, Rate: 10,
				Queue: rapid.SampledFrom([]float64{0, 0, 1.5}).Draw(t, "queue"), Measured: rapid.SampledFrom([]float64{0, 0, 1e21}).Draw(t, "measured")}
		}
		if rapid.Bool().Draw(t, "packet") {
			port, table := uint32(rapid.IntRange(0, 2).Draw(t, "port")), uint8(rapid.IntRange(0, 1).Draw(t, "table"))
			e.Header = &packet.Header{EthDst: packet.MAC(rapid.IntRange(0, 1<<30).Draw(t, "to")), EthType: 0x800, IPSrc: 1, VLAN: uint16(rapid.IntRange(0, 1).Draw(t, "vlan"))}
			e.Length, e.Cookie, e.Reason = rapid.IntRange(0, 1500).Draw(t, "length"), rapid.Uint64().Draw(t, "cookie"), text.Draw(t, "reason")
			if rapid.Bool().Draw(t, "where") {
				e.Port, e.Table = &port, &table
			}
			for range rapid.IntRange(0, 3).Draw(t, "actions") {
				e.Out = append(e.Out, rapid.SampledFrom([]flow.Action{flow.Out(1), flow.ToController(), {Type: flow.DecTTL}, {Type: flow.ToGroup, Arg: 1},
					{Type: flow.ToGroup, Name: text.Draw(t, "group")}, {Type: flow.SetField, Field: flow.EthDst, Value: flow.V(5)}}).Draw(t, "action"))
			}
		}
		switch rapid.IntRange(0, 5).Draw(t, "more") {
		case 1:
			e.Text = text.Draw(t, "text")
		case 2:
			e.Out = []flow.Action{flow.Out(1)}
		case 3:
			port := uint32(0)
			e.Port = &port
		}
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		var got, want bytes.Buffer
		w := NewWriter(&got)
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		for _, e := range rapid.SliceOf(entries).Draw(t, "entries") {
			before := *e
			w.Emit(e)
			if !reflect.DeepEqual(*e, before) {
				t.Fatalf("writing changed the entry: %+v, before %+v", *e, before)
			}
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("got\n%swant\n%s", &got, &want)
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	rule := &flow.RuleMod{Rule: flow.Rule{Priority: 65535, Match: flow.Match{}.With(flow.EthType, 0x806), Apply: []flow.Action{flow.ToController()}}}
	for name, e := range map[string]*Entry{
		"packet-in": {Kind: PacketIn, Node: "s1", App: "router", Port: new(uint32), Table: new(uint8), Length: 60, Reason: "no_match",
			Header: &packet.Header{EthDst: 0x20000ffffff, EthSrc: 0xa23456789a, EthType: 0x88b5}},
		"switch-up":  {Kind: SwitchUp, Node: "s1"},
		"rule-mod":   {Kind: RuleMod, Node: "s1", App: "router", Rule: rule},
		"link-total": {Kind: LinkTotal, Link: "s1--s2", Sample: &Sample{From: "s1", To: "s2", Span: 1e12, Packets: 10, Bytes: 10000, Rate: 1e9}},
	} {
		b.Run(name, func(b *testing.B) {
			w := NewWriter(discard{})
			for b.Loop() {
				w.Emit(e)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestAnEntryWithAnythingSetIsNotBlank(t *testing.T) {
	var e Entry
	if !e.blank() {
		t.Error("an empty one is not")
	}
	for i, v := 0, reflect.ValueOf(&e).Elem(); i < v.NumField(); i++ {
		f := v.Field(i)
		switch f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.String:
			f.SetString("x")
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Uint64:
			f.SetUint(1)
		default:
			t.Fatalf("%s is of kind %s", v.Type().Field(i).Name, f.Kind())
		}
		if e.blank() {
			t.Errorf("with %s it is", v.Type().Field(i).Name)
		}
		f.SetZero()
	}
}

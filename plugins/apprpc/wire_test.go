package apprpc

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	pb "sendim/plugins/apprpc/proto"
)

// source decides what a generated value holds.
type source interface {
	number(bits int) uint64
	below(n int) int // 0..n-1
}

type drawn struct{ t *rapid.T }

func (d drawn) number(bits int) uint64 {
	return rapid.Uint64().Draw(d.t, "number") >> (64 - bits)
}
func (d drawn) below(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "below") }

// everything leaves nothing zero or empty.
type everything struct{ r *rand.Rand }

func (e everything) number(bits int) uint64 { return e.r.Uint64()>>(64-bits) | 1 }
func (e everything) below(n int) int        { return 1 + e.r.IntN(n-1) }

// enums are the types whose values are choices, with how many there are. The zero value
// counts only where it is one of them.
var enums = map[reflect.Type]int{
	reflect.TypeFor[flow.Field]():          31,
	reflect.TypeFor[flow.GroupType]():      4,
	reflect.TypeFor[flow.RemovedReason]():  5,
	reflect.TypeFor[flow.PacketInReason](): 3,
	reflect.TypeFor[flow.ModCommand]():     5,
	reflect.TypeFor[app.MissAction]():      3,
	reflect.TypeFor[model.Transport]():     4,
}

const words = "abcdefghijklmnopqrstuvwxyzäß日\x00\n "

// fill gives a value by its type; kinds of fields that it does not know are a failure, so
// that new ones are seen.
func fill(s source, v reflect.Value) {
	if n, ok := enums[v.Type()]; ok {
		v.SetUint(uint64(s.below(n)))
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *flow.ActionType:
		*x = flow.ActionType(1 + s.below(9))
		return
	case *flow.Match:
		*x = match(s)
		return
	case *flow.Rule:
		fillFields(s, v)
		if !x.HasGoto {
			x.Goto = 0 // means nothing then
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		fillFields(s, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(s, v.Elem())
	case reflect.Slice:
		if n := s.below(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(s, v.Index(i))
			}
		}
	case reflect.Map:
		if n := s.below(4); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for i := range n {
				value := reflect.New(v.Type().Elem()).Elem()
				fill(s, value)
				v.SetMapIndex(reflect.ValueOf(fmt.Sprintf("name%d", i)), value)
			}
		}
	case reflect.String:
		r := []rune(words)
		var b strings.Builder
		for range s.below(5) {
			b.WriteRune(r[s.below(len(r))])
		}
		v.SetString(b.String())
	case reflect.Bool:
		v.SetBool(s.below(2) == 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(s.number(v.Type().Bits()))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(s.number(v.Type().Bits())))
	case reflect.Int: // a length
		v.SetInt(int64(s.number(31)))
	case reflect.Float64:
		v.SetFloat(float64(int64(s.number(64))) / 1024)
	default:
		panic("a field of the type " + v.Type().String() + " is new to the test")
	}
}

func fillFields(s source, v reflect.Value) {
	for i := range v.NumField() {
		fill(s, v.Field(i))
	}
}

func match(s source) (m flow.Match) {
	for range s.below(5) {
		f := flow.Field(1 + s.below(30))
		mask := f.AllOnes()
		if s.below(3) == 1 {
			mask = mask.And(flow.Value{Hi: s.number(64), Lo: s.number(64)})
		}
		m = m.WithMask(f, flow.Value{Hi: s.number(64), Lo: s.number(64)}.And(mask), mask)
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// parts lists the fields of an event or a command that hold a part, and that is one for
// each kind.
func parts(t reflect.Type) (out []int) {
	for i := range t.NumField() {
		if t.Field(i).Type.Kind() == reflect.Pointer {
			out = append(out, i)
		}
	}
	return out
}

// tagged fills an event or a command of one kind.
func tagged(s source, v reflect.Value, kind int) {
	for i := range v.NumField() {
		if v.Field(i).Kind() != reflect.Pointer {
			fill(s, v.Field(i))
		}
	}
	v.FieldByName("Kind").SetUint(uint64(kind))
	fill(s, v.Field(parts(v.Type())[kind-1]))
}

func eventThrough(t rapid.TB, e *app.Event) app.Event {
	t.Helper()
	var enc encoder
	p, err := enc.event(e)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if size := eventSize(p); len(wire) > size {
		t.Fatalf("the event takes %d bytes, thought to be at most %d", len(wire), size)
	}
	var back pb.Event
	if err := proto.Unmarshal(wire, &back); err != nil {
		t.Fatal(err)
	}
	var dec decoder
	var out app.Event
	if !dec.event(&back, &out) {
		t.Fatal("the event's kind is not known")
	}
	if err := dec.take(); err != nil {
		t.Fatal(err)
	}
	return out
}

func commandThrough(t rapid.TB, c *app.Command) app.Command {
	t.Helper()
	var enc encoder
	p, err := enc.command(c)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back pb.Command
	if err := proto.Unmarshal(wire, &back); err != nil {
		t.Fatal(err)
	}
	var dec decoder
	var out app.Command
	dec.command(&back, &out)
	if err := dec.take(); err != nil {
		t.Fatal(err)
	}
	return out
}

func zeroLeaves(v reflect.Value, path string) (out []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, zeroLeaves(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return out
	case reflect.Pointer:
		if !v.IsNil() {
			return zeroLeaves(v.Elem(), path)
		}
	case reflect.Slice:
		if v.Len() > 0 && v.Type() != reflect.TypeFor[flow.Match]() {
			return zeroLeaves(v.Index(0), path)
		}
	}
	if v.IsZero() {
		return []string{path}
	}
	return nil
}

// Every field of every kind is given a value that is not zero and must come back: a field
// that the conversion forgets cannot.
func TestNoFieldOfAnyEventIsForgotten(t *testing.T) {
	list := parts(reflect.TypeFor[app.Event]())
	for kind := 1; kind <= len(list); kind++ {
		t.Run(app.EventKind(kind).String(), func(t *testing.T) {
			for seed := range uint64(20) {
				var e app.Event
				tagged(everything{rand.New(rand.NewPCG(seed, uint64(kind)))}, reflect.ValueOf(&e).Elem(), kind)
				part := reflect.ValueOf(&e).Elem().Field(list[kind-1])
				if forgotten := zeroLeaves(part, ""); forgotten != nil {
					t.Fatalf("the test leaves out %v", forgotten)
				}
				if diff := cmp.Diff(e, eventThrough(t, &e)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
	var enc encoder
	if _, err := enc.event(&app.Event{Kind: app.EventKind(len(list) + 1)}); err == nil || app.EventKind(len(list)+1).String() != "?" {
		t.Error("there are more kinds of events than parts")
	}
}

func TestNoFieldOfAnyCommandIsForgotten(t *testing.T) {
	list := parts(reflect.TypeFor[app.Command]())
	for kind := 1; kind <= len(list); kind++ {
		t.Run(app.CommandKind(kind).String(), func(t *testing.T) {
			for seed := range uint64(20) {
				var c app.Command
				tagged(everything{rand.New(rand.NewPCG(seed, uint64(kind)))}, reflect.ValueOf(&c).Elem(), kind)
				part := reflect.ValueOf(&c).Elem().Field(list[kind-1])
				if forgotten := zeroLeaves(part, ""); forgotten != nil {
					t.Fatalf("the test leaves out %v", forgotten)
				}
				if diff := cmp.Diff(c, commandThrough(t, &c)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
	var enc encoder
	if _, err := enc.command(&app.Command{Kind: app.CommandKind(len(list) + 1)}); err == nil || app.CommandKind(len(list)+1).String() != "?" {
		t.Error("there are more kinds of commands than parts")
	}
}

func TestNoFieldOfTheManifestIsForgotten(t *testing.T) {
	var m app.Manifest
	fill(everything{rand.New(rand.NewPCG(1, 2))}, reflect.ValueOf(&m).Elem())
	if forgotten := zeroLeaves(reflect.ValueOf(m), ""); forgotten != nil {
		t.Fatalf("the test leaves out %v", forgotten)
	}
	if diff := cmp.Diff(m, decodeManifest(encodeManifest(&m))); diff != "" {
		t.Error(diff)
	}
}

func TestEventsAndCommandsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e app.Event
		tagged(drawn{t}, reflect.ValueOf(&e).Elem(), rapid.IntRange(1, len(parts(reflect.TypeOf(e)))).Draw(t, "event kind"))
		if diff := cmp.Diff(e, eventThrough(t, &e)); diff != "" {
			t.Fatal(diff)
		}
		var c app.Command
		tagged(drawn{t}, reflect.ValueOf(&c).Elem(), rapid.IntRange(1, len(parts(reflect.TypeOf(c)))).Draw(t, "command kind"))
		if diff := cmp.Diff(c, commandThrough(t, &c)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAPartThatIsMissingIsAnError(t *testing.T) {
	var enc encoder
	for kind := range parts(reflect.TypeFor[app.Event]()) {
		if _, err := enc.event(&app.Event{Kind: app.EventKind(kind + 1)}); err == nil {
			t.Errorf("an event without its part %s passes", app.EventKind(kind+1))
		}
	}
	for kind := range parts(reflect.TypeFor[app.Command]()) {
		if _, err := enc.command(&app.Command{Kind: app.CommandKind(kind + 1)}); err == nil {
			t.Errorf("a command without its part %s passes", app.CommandKind(kind+1))
		}
	}
}

func TestEnumsKeepTheirNumbersAndNames(t *testing.T) {
	for f, name := range pb.Field_name {
		if f != 0 && "FIELD_"+strings.ToUpper(flow.Field(f).String()) != name {
			t.Errorf("field %d is %s on the wire and %s in core/flow", f, name, flow.Field(f))
		}
	}
	if flow.Field(len(pb.Field_name)).Valid() {
		t.Error("core/flow has a field that the wire has not")
	}
	for a, name := range pb.ActionType_name {
		text, _, _ := strings.Cut(flow.Action{Type: flow.ActionType(a), Field: 1}.String(), ":")
		if text == "group" {
			text = "to_group"
		}
		if a != 0 && "ACTION_TYPE_"+strings.ToUpper(text) != name {
			t.Errorf("action %d is %s on the wire and %s in core/flow", a, name, text)
		}
	}
	if text := (flow.Action{Type: flow.ActionType(len(pb.ActionType_name))}).String(); !strings.HasPrefix(text, "action(") {
		t.Errorf("core/flow has the action %s, which the wire has not", text)
	}
	for _, pair := range [][2]int{
		{int(pb.ModCommand_MOD_COMMAND_ADD), int(flow.Add)}, {int(pb.ModCommand_MOD_COMMAND_MODIFY), int(flow.Modify)},
		{int(pb.ModCommand_MOD_COMMAND_MODIFY_STRICT), int(flow.ModifyStrict)}, {int(pb.ModCommand_MOD_COMMAND_DELETE), int(flow.Delete)},
		{int(pb.ModCommand_MOD_COMMAND_DELETE_STRICT), int(flow.DeleteStrict)},
		{int(pb.GroupType_GROUP_TYPE_ALL), int(flow.All)}, {int(pb.GroupType_GROUP_TYPE_SELECT), int(flow.Select)},
		{int(pb.GroupType_GROUP_TYPE_INDIRECT), int(flow.Indirect)}, {int(pb.GroupType_GROUP_TYPE_FAST_FAILOVER), int(flow.FastFailover)},
		{int(pb.RemovedReason_REMOVED_REASON_IDLE), int(flow.RemovedIdle)}, {int(pb.RemovedReason_REMOVED_REASON_HARD), int(flow.RemovedHard)},
		{int(pb.RemovedReason_REMOVED_REASON_DELETE), int(flow.RemovedDelete)}, {int(pb.RemovedReason_REMOVED_REASON_GROUP), int(flow.RemovedGroup)},
		{int(pb.RemovedReason_REMOVED_REASON_METER), int(flow.RemovedMeter)},
		{int(pb.PacketInReason_PACKET_IN_REASON_NO_MATCH), int(flow.ReasonNoMatch)}, {int(pb.PacketInReason_PACKET_IN_REASON_ACTION), int(flow.ReasonAction)},
		{int(pb.PacketInReason_PACKET_IN_REASON_INVALID_TTL), int(flow.ReasonInvalidTTL)},
		{int(pb.MissAction_MISS_ACTION_DROP), int(app.MissDrop)}, {int(pb.MissAction_MISS_ACTION_CONTROLLER), int(app.MissController)},
		{int(pb.MissAction_MISS_ACTION_NEXT), int(app.MissNext)},
		{int(pb.Transport_TRANSPORT_AUTO), int(model.TransportAuto)}, {int(pb.Transport_TRANSPORT_UDP), int(model.UDP)},
		{int(pb.Transport_TRANSPORT_TCP), int(model.TCP)}, {int(pb.Transport_TRANSPORT_ICMP), int(model.ICMP)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%v differ", pair)
		}
	}
}

func TestWhatOurTypesCannotHoldIsRefusedByName(t *testing.T) {
	rule := func(r *pb.Rule) *pb.Command {
		return &pb.Command{Id: 1, Part: &pb.Command_Rule{Rule: &pb.RuleMod{Rule: r}}}
	}
	for name, c := range map[string]struct {
		command *pb.Command
		want    string
	}{
		"no part":                  {&pb.Command{Id: 9}, "command 9 has no part that is known"},
		"a table above 255":        {rule(&pb.Rule{Table: 256}), "table 256 does not fit 8 bits"},
		"a priority above 65535":   {rule(&pb.Rule{Priority: 1 << 16}), "priority 65536 does not fit 16 bits"},
		"an unknown field":         {rule(&pb.Rule{Match: []*pb.Masked{{Field: 31}}}), "there is no match field 31"},
		"no field":                 {rule(&pb.Rule{Match: []*pb.Masked{{}}}), "there is no match field 0"},
		"a field twice":            {rule(&pb.Rule{Match: []*pb.Masked{{Field: 5}, {Field: 4}, {Field: 5}}}), "a match mentions eth_src twice"},
		"an action without a type": {rule(&pb.Rule{Apply: []*pb.Action{{}}}), "there is no action type 0"},
		"an unknown group type": {&pb.Command{Part: &pb.Command_Group{Group: &pb.GroupMod{Group: &pb.Group{Type: 4}}}},
			"there is no group type 4"},
		"a negative enum": {&pb.Command{Part: &pb.Command_Miss{Miss: &pb.Miss{Action: -1}}}, "there is no miss action -1"},
	} {
		var dec decoder
		var out app.Command
		dec.command(c.command, &out)
		if err := dec.take(); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if dec.take() != nil {
			t.Errorf("%s: the fault stays", name)
		}
	}
}

func TestAMatchMayComeInAnyOrderAndWithoutMasks(t *testing.T) {
	var dec decoder
	got := dec.match([]*pb.Masked{{Field: pb.Field_FIELD_IPV4_DST, Value: 0x0a000001}, {Field: pb.Field_FIELD_ETH_TYPE, Value: 0x800}})
	want := flow.Match{}.With(flow.EthType, 0x800).With(flow.IPv4Dst, 0x0a000001)
	if !slices.Equal(got, want) || dec.take() != nil {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTextThatIsNotUTF8IsMended(t *testing.T) {
	e := app.Event{Kind: app.KindFailed, Failed: &app.Failed{Reason: "a\xffb"}}
	if got := eventThrough(t, &e).Failed.Reason; got != "a\ufffdb" {
		t.Errorf("%q", got)
	}
}

func TestAKindFromTheFutureIsLeftOut(t *testing.T) {
	var dec decoder
	var e app.Event
	if dec.event(&pb.Event{At: 5}, &e) || dec.take() != nil {
		t.Error("an event without a known part is taken for one")
	}
}

func TestColumnsThatDisagreeAreRefused(t *testing.T) {
	for name, p := range map[string]*pb.Topology{
		"hosts":      {Hosts: &pb.HostColumns{Id: []int32{1, 2}, Name: []string{"a"}}},
		"links":      {Links: &pb.LinkColumns{Id: []int32{1}}},
		"switches":   {Switches: &pb.SwitchColumns{Id: []int32{1}}},
		"per switch": {Switches: &pb.SwitchColumns{Id: []int32{1}, Name: []string{"a"}, Up: []bool{true}, PropertiesPerSwitch: []uint32{1, 2}}},
		"properties": {Switches: &pb.SwitchColumns{Id: []int32{1}, Name: []string{"a"}, Up: []bool{true}, PropertiesPerSwitch: []uint32{1 << 31}}},
	} {
		var dec decoder
		dec.topology(p)
		if dec.take() == nil {
			t.Errorf("%s pass", name)
		}
	}
}

// Whatever bytes the other side sends, reading them ends, without a panic.
func FuzzDecode(f *testing.F) {
	var enc encoder
	for kind := range parts(reflect.TypeFor[app.Command]()) {
		var c app.Command
		tagged(everything{rand.New(rand.NewPCG(3, uint64(kind)))}, reflect.ValueOf(&c).Elem(), kind+1)
		p, err := enc.command(&c)
		if err != nil {
			f.Fatal(err)
		}
		wire, _ := proto.Marshal(&pb.HandleResponse{Batch: 1, Answers: []*pb.Answer{{Event: 1, Commands: []*pb.Command{p}}}, Done: true})
		f.Add(wire)
	}
	for kind := range parts(reflect.TypeFor[app.Event]()) {
		var e app.Event
		tagged(everything{rand.New(rand.NewPCG(4, uint64(kind)))}, reflect.ValueOf(&e).Elem(), kind+1)
		p, err := enc.event(&e)
		if err != nil {
			f.Fatal(err)
		}
		wire, _ := proto.Marshal(&pb.HandleRequest{Batch: 1, Events: []*pb.Event{p}})
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var dec decoder
		var response pb.HandleResponse
		if proto.Unmarshal(wire, &response) == nil {
			r := decodeResponse(&dec, &response)
			if r.err == nil {
				for _, a := range r.answers {
					for i := range a.commands {
						again := commandThrough(t, &a.commands[i])
						if diff := cmp.Diff(a.commands[i], again, cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
							t.Fatal(diff)
						}
					}
				}
			}
		}
		var request pb.HandleRequest
		if proto.Unmarshal(wire, &request) == nil {
			for _, p := range request.Events {
				var e app.Event
				if dec.event(p, &e) && dec.take() == nil {
					eventThrough(t, &e)
				}
			}
		}
	})
}

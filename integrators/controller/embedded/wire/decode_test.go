package wire_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// dialects runs a test once for each version.
func dialects(t *testing.T, test func(t *testing.T, d wire.Dialect)) {
	for _, d := range both() {
		t.Run(d.Version().String(), func(t *testing.T) { test(t, d) })
	}
}

func both() []wire.Dialect { return []wire.Dialect{wire.V13{}, wire.V15{}} }

// statsOf is what a switch would answer about a rule.
func statsOf(t testing.TB, d wire.Dialect, r flow.Rule) []byte {
	return must(t)(wiretest.Rule(d, flow.RuleStat{Rule: r, Counters: flow.Counters{Packets: 11, Bytes: 12}, Age: int64(3500 * model.Millisecond)}))
}

func TestRulesComeBackAsTheyWent(t *testing.T) { dialects(t, rulesComeBack) }

func rulesComeBack(t *testing.T, d wire.Dialect) {
	var body []byte
	for _, r := range wiretest.Rules() {
		body = append(body, statsOf(t, d, r)...)
	}
	got, foreign, err := d.DecodeRules(body)
	if err != nil || len(foreign) != 0 {
		t.Fatal(err, foreign)
	}
	if len(got) != len(wiretest.Rules()) {
		t.Fatalf("%d rules of %d", len(got), len(wiretest.Rules()))
	}
	for i, want := range wiretest.Rules() {
		if !got[i].Rule.Equal(&want) {
			t.Errorf("got  %s\nwant %s", got[i].Rule, want)
		}
		if got[i].Counters != (flow.Counters{Packets: 11, Bytes: 12}) || got[i].Age != int64(3500*model.Millisecond) {
			t.Errorf("counters %+v, age %d", got[i].Counters, got[i].Age)
		}
	}
}

func TestAnyRuleComesBackAsItWent(t *testing.T) { dialects(t, anyRuleComesBack) }

func anyRuleComesBack(t *testing.T, d wire.Dialect) {
	value := func(t *rapid.T, f flow.Field, label string) flow.Value {
		return flow.Value{Hi: rapid.Uint64().Draw(t, label), Lo: rapid.Uint64().Draw(t, label)}.And(f.AllOnes())
	}
	action := rapid.Custom(func(t *rapid.T) flow.Action {
		switch rapid.IntRange(0, 6).Draw(t, "type") {
		case 0:
			return flow.Out(rapid.Uint32Range(1, flow.PortMax).Draw(t, "port"))
		case 1:
			return flow.Action{Type: flow.Output, Arg: flow.PortController, MaxLen: rapid.Uint16Range(0, 65000).Draw(t, "max")}
		case 2:
			return flow.Action{Type: flow.ToGroup, Arg: rapid.Uint32Range(1, 0xffffff00).Draw(t, "group")}
		case 3:
			return flow.Action{Type: flow.SetQueue, Arg: rapid.Uint32().Draw(t, "queue")}
		case 4:
			return flow.Action{Type: flow.PushVLAN, Arg: 0x8100}
		case 5:
			return flow.Action{Type: rapid.SampledFrom([]flow.ActionType{flow.PopVLAN, flow.DecTTL}).Draw(t, "bare")}
		}
		f := flow.Field(rapid.IntRange(1, int(flow.ARPTHA)).Draw(t, "field"))
		v := value(t, f, "value")
		if f == flow.VLANVID {
			v.Lo |= uint64(packet.VLANPresent)
		}
		return flow.Action{Type: flow.SetField, Field: f, Value: v}
	})
	rapid.Check(t, func(rt *rapid.T) {
		var m flow.Match
		for _, n := range rapid.SliceOfDistinct(rapid.IntRange(1, int(flow.ARPTHA)), rapid.ID).Draw(rt, "fields") {
			f := flow.Field(n)
			m = m.WithMask(f, value(rt, f, "value"), value(rt, f, "mask"))
		}
		mask := rapid.Uint64().Draw(rt, "metadata mask")
		want := flow.Rule{
			Table: rapid.Uint8Range(0, 254).Draw(rt, "table"), Priority: rapid.Uint16().Draw(rt, "priority"), Match: m,
			Apply: rapid.SliceOfN(action, 0, 5).Draw(rt, "apply"), Write: rapid.SliceOfN(action, 0, 5).Draw(rt, "write"), Clear: rapid.Bool().Draw(rt, "clear"),
			Metadata: rapid.Uint64().Draw(rt, "metadata") & mask, MetadataMask: mask, Meter: rapid.Uint32().Draw(rt, "meter"),
			HasGoto: rapid.Bool().Draw(rt, "goto"), Idle: rapid.Uint16().Draw(rt, "idle"), Hard: rapid.Uint16().Draw(rt, "hard"),
			Cookie: rapid.Uint64().Draw(rt, "cookie"), SendRemoved: rapid.Bool().Draw(rt, "removed"),
		}
		got, foreign, err := d.DecodeRules(statsOf(t, d, want))
		if err != nil || len(foreign) != 0 || len(got) != 1 {
			rt.Fatal(err, foreign, len(got))
		}
		if !got[0].Rule.Equal(&want) {
			rt.Fatalf("got  %s\nwant %s", got[0].Rule, want)
		}
	})
}

func TestGroupsAndMetersComeBackAsTheyWent(t *testing.T) { dialects(t, groupsAndMetersComeBack) }

func groupsAndMetersComeBack(t *testing.T, d wire.Dialect) {
	var desc, config []byte
	for _, g := range wiretest.Groups() {
		desc = append(desc, must(t)(wiretest.Group(d, g))...)
	}
	for _, m := range wiretest.Meters() {
		config = append(config, must(t)(wiretest.Meter(d, m))...)
	}
	gotGroups, foreign, err := d.DecodeGroups(desc)
	if err != nil || len(foreign) != 0 {
		t.Fatal(err, foreign)
	}
	for i, want := range wiretest.Groups() {
		if g := gotGroups[i]; g.Number != want.Number || g.Type != want.Type || !slices.EqualFunc(g.Buckets, want.Buckets, func(a, b flow.Bucket) bool {
			return a.Weight == b.Weight && a.WatchPort == b.WatchPort && a.WatchGroup == b.WatchGroup && slices.Equal(a.Actions, b.Actions)
		}) {
			t.Errorf("got %+v, want %+v", g, want)
		}
	}
	gotMeters, foreign, err := wire.DecodeMeters(config)
	if err != nil || len(foreign) != 0 || !slices.Equal(gotMeters, wiretest.Meters()) {
		t.Errorf("got %+v, want %+v (%d foreign, %v)", gotMeters, wiretest.Meters(), foreign, err)
	}
}

func TestPortsPacketsAndRemovalsAreRead(t *testing.T) {
	port := unhex(t, `
		00000003 00000000       // port, pad
		0200000000ff 0000       // hardware address
		73312d65746833 000000000000000000 // s1-eth3
		00000000 00000001       // config, state: OFPPS_LINK_DOWN
		00000840 00000000 00000000 00000000 00989680 00000000`)
	p, reason, err := wire.V13{}.DecodePortStatus(wiretest.Message(wire.Version13, wire.TypePortStatus, 0, append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, port...)))
	if want := (flow.PortState{Port: 3, Name: "s1-eth3", MAC: 0x0200000000ff}); err != nil || p != want || reason != wire.PortModified {
		t.Errorf("port-status: got %+v %d %v, want %+v", p, reason, err, want)
	}
	frame := packet.Append(nil, packet.ARPRequest(0x020000000001, 0x0a000001, 0x0a000002), nil)
	in, err := wire.V13{}.DecodePacketIn(wiretest.Message(wire.Version13, wire.TypePacketIn, 0, append(unhex(t, `
		ffffffff 0040 01 02 0000000000000005 // no buffer, 64 bytes, an action of table 2, cookie
		0001 000c 80000004 00000007 00000000 // in_port 7
		0000`), frame...)))
	if err != nil || in.InPort != 7 || in.Table != 2 || in.Reason != flow.ReasonAction || in.Cookie != 5 || in.Length != 64 || !bytes.Equal(in.Frame, frame) {
		t.Errorf("packet-in: got %+v, %v", in, err)
	}
	removed, known, err := wire.V13{}.DecodeFlowRemoved(wiretest.Message(wire.Version13, wire.TypeFlowRemoved, 0, unhex(t, `
		0000000000000009 0064 00 01          // cookie, priority, idle, table
		00000002 00000000 0005 0000          // 2 s, idle timeout 5
		000000000000000a ffffffffffffffff    // packets; bytes are not counted
		0001 000e 80000606 020000000001 0000 // eth_dst, which the library loses`)))
	want := flow.Rule{Table: 1, Priority: 100, Match: flow.Match{}.With(flow.EthDst, 0x020000000001), Idle: 5, Cookie: 9, SendRemoved: true}
	if err != nil || !known || !removed.Rule.Equal(&want) || removed.Reason != flow.RemovedIdle || removed.Age != 2*model.Second || removed.Counters != (flow.Counters{Packets: 10}) {
		t.Errorf("flow-removed: got %+v %v, want %s", removed, err, want)
	}
}

func TestRefusalsSayWhatTheSwitchHadAgainstIt(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"0002 0009", "bad action: no such group"},
		{"0006 0008 040f0010", "group-mod failed: no such group"},
		{"0005 0003", "flow-mod failed: overlaps another rule"},
		{"000c 0001", "meter-mod failed: meter exists"},
		{"0004 0009", "bad match: a field lacks its prerequisite"},
		{"0002 0011", "bad action: no such meter"},
		{"0003 0009", "bad instruction: instruction given twice"},
		{"0005 000a", "flow-mod failed: the rule is synchronised from another"},
		{"0006 0010", "group-mod failed: bucket exists"},
		{"000b 0004", "role request failed: short id in use"},
		{"000d 000a", "table features failed: too many tables"},
		{"000e 0004", "bad property: given twice"},
		{"0011 000d", "bundle failed: a message failed"},
		{"0011 0012", "bundle failed: scheduled too far back"},
		{"0001 0012", "bad request: reason unknown"},
		{"0001 0063", "bad request: code 99"},
		{"0063 0001", "error type 99 code 1"},
		{"0000 0000 68616c6c6f", "hello failed: no common version: hallo"},
	} {
		r, err := wire.DecodeError(wiretest.Message(wire.Version13, wire.TypeError, 77, unhex(t, c.body)))
		if err != nil || r.Reason() != c.want || r.Xid != 77 {
			t.Errorf("%s: got %q (xid %d), %v; want %q", c.body, r.Reason(), r.Xid, err, c.want)
		}
	}
}

func TestVersionsAreNegotiated(t *testing.T) {
	const both, only13, only15 = "1.3 and 1.5", "1.3", "1.5"
	offers := map[string][]wire.Version{both: {wire.Version13, wire.Version15}, only13: {wire.Version13}, only15: {wire.Version15}}
	for _, c := range []struct {
		name, offered, hello string
		want                 wire.Version
		bad                  bool
	}{
		{"a bitmap with bits 1, 4 and 6", both, "06 00 0010 00000001 0001 0008 00000052", 6, false},
		{"a bitmap with bits 4 and 5", both, "05 00 0010 00000001 0001 0008 00000030", 4, false},
		{"a bitmap with bits 4 and 6, and 1.3 wanted", only13, "06 00 0010 00000001 0001 0008 00000050", 4, false},
		{"a bitmap with bits 4 and 6, and 1.5 wanted", only15, "06 00 0010 00000001 0001 0008 00000050", 6, false},
		{"a bitmap with bit 4, and 1.5 wanted", only15, "04 00 0010 00000001 0001 0008 00000010", 0, false},
		{"a bitmap without bit 4, whatever the header says", both, "04 00 0010 00000001 0001 0008 00000002", 0, false},
		{"a bitmap of later versions too", both, "09 00 0010 00000001 0001 0008 000003c0", 6, false},
		{"an unknown element before the bitmap", both, "04 00 0018 00000001 00ff 0006 dead 0000 0001 0008 00000010", 4, false},
		{"no bitmap, version 4", both, "04 00 0008 00000001", 4, false},
		{"no bitmap, version 5, which is the lower one", both, "05 00 0008 00000001", 0, false},
		{"no bitmap, version 6", both, "06 00 0008 00000001", 6, false},
		{"no bitmap, a version still to come", both, "07 00 0008 00000001", 6, false},
		{"no bitmap, version 6, and 1.3 offered", only13, "06 00 0008 00000001", 4, false},
		{"no bitmap, version 1", both, "01 00 0008 00000001", 0, false},
		{"an element longer than the message", both, "04 00 000c 00000001 0001 0040", 0, true},
		{"an element of no length", both, "04 00 000c 00000001 0001 0000", 0, true},
		{"another message first", both, "04 02 0008 00000001", 0, true},
	} {
		m, err := wire.ParseMessage(unhex(t, c.hello))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.Agree(m, offers[c.offered]); got != c.want || (err != nil) != c.bad {
			t.Errorf("%s: got %d, %v", c.name, got, err)
		}
	}
}

func TestMessagesAreCutFromAStream(t *testing.T) {
	stream := append(wire.EchoRequest(wire.Version13, 1), wire.BarrierRequest(wire.Version15, 2)...)
	r := bufio.NewReader(bytes.NewReader(stream))
	for want := range uint32(2) {
		if m, err := wire.Read(r); err != nil || m.Xid() != want+1 {
			t.Fatalf("got %x, %v", m, err)
		}
	}
	if _, err := wire.Read(r); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := wire.Read(bufio.NewReader(bytes.NewReader(stream[:5]))); err != io.ErrUnexpectedEOF {
		t.Errorf("within a message: %v", err)
	}
	var e *wire.Error
	if _, err := wire.Read(bufio.NewReader(bytes.NewReader([]byte{4, 2, 0, 7, 0, 0, 0, 1}))); !errors.As(err, &e) {
		t.Errorf("a length below that of the header: %v", err)
	}
}

// decodeAll gives a message to the decoder of its type, and a body to all of them.
func decodeAll(b []byte) {
	m, err := wire.ParseMessage(b)
	if err == nil {
		wire.Agree(m, []wire.Version{wire.Version13, wire.Version15})
		wire.DecodeError(m)
		wire.DecodeFeatures(m)
		wire.DecodeRole(m)
		wire.EchoReply(m)
		if _, _, body, err := wire.DecodeMultipart(m); err == nil {
			b = body
		}
	}
	for _, d := range both() {
		if err == nil {
			d.DecodeFlowRemoved(m)
			d.DecodePacketIn(m)
			d.DecodePortStatus(m)
			d.DecodeRoleStatus(m)
			d.BundleCommitted(m)
		}
		d.DecodeQueues(b)
		d.DecodePorts(b)
		d.DecodePortStats(b)
		d.DecodeRules(b)
		d.DecodeGroups(b)
	}
	wire.DecodeDescription(b)
	wire.DecodeTables(b)
	wire.DecodeGroupStats(b)
	wire.DecodeMeters(b)
	wire.DecodeMeterStats(b)
	wire.Read(bufio.NewReader(bytes.NewReader(b)))
}

func FuzzDecode(f *testing.F) {
	for _, d := range both() {
		var body []byte
		for _, r := range wiretest.Rules() {
			one := statsOf(f, d, r)
			f.Add([]byte(wiretest.Message(d.Version(), wire.TypeMultipartReply, 1, append([]byte{0, 1, 0, 0, 0, 0, 0, 0}, one...))))
			body = append(body, one...)
		}
		f.Add([]byte(wiretest.Message(d.Version(), wire.TypeMultipartReply, 1, append([]byte{0, 1, 0, 1, 0, 0, 0, 0}, body...))))
		_, messages := everything(f, d)
		for _, m := range append(messages, sayings(f, d)...) {
			f.Add(m)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeAll(b)
		if m, err := wire.ParseMessage(b); err == nil {
			if _, _, body, err := wire.DecodeMultipart(m); err == nil {
				b = body
			}
		}
		for _, d := range both() {
			// What can be read can be written, and says the same again.
			got, _, err := d.DecodeRules(b)
			if err != nil {
				continue
			}
			for _, s := range got {
				entry, err := wiretest.Rule(d, s)
				if err != nil || len(entry) > wire.MaxMessage {
					continue // a group 0, a rule longer than a message
				}
				again, foreign, err := d.DecodeRules(entry)
				if err != nil || len(foreign) != 0 || len(again) != 1 || !again[0].Rule.Match.Equal(s.Rule.Match) || len(again[0].Rule.Apply) != len(s.Rule.Apply) || again[0].Rule.Meter != s.Rule.Meter {
					t.Fatalf("%s: %s\ncame back as %v, %v", d.Version(), s.Rule, again, err)
				}
			}
			groups, _, err := d.DecodeGroups(b)
			if err != nil {
				continue
			}
			for _, g := range groups {
				entry, err := wiretest.Group(d, g)
				if err != nil {
					continue
				}
				if again, foreign, err := d.DecodeGroups(entry); err != nil || len(foreign) != 0 || len(again) != 1 || len(again[0].Buckets) != len(g.Buckets) || again[0].Type != g.Type {
					t.Fatalf("%s: %+v\ncame back as %v, %v", d.Version(), g, again, err)
				}
			}
		}
	})
}

// TestMessagesOfOthersAreReadWithoutHarm reads a collection of messages that other
// programs have written, where one is at hand.
func TestMessagesOfOthersAreReadWithoutHarm(t *testing.T) {
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		t.Skip("SENDIM_REFERENCE names no directory with data/openflow-messages")
	}
	files, err := filepath.Glob(filepath.Join(root, "data", "openflow-messages", "*", "*.packet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages below %s: %v", root, err)
	}
	// Open vSwitch 3.1 refuses these as well: an instruction of 2056 bytes in eight, and a
	// header that says less than there is.
	broken := []string{"libofproto-OFP15-flow_desc_reply.packet", "libofproto-OFP15-meter_features_reply.packet"}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		decodeAll(b)
		m, err := wire.ParseMessage(b)
		if err != nil && slices.Contains(broken, filepath.Base(name)) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		d, ok := wire.Of(m.Version())
		if !ok {
			continue
		}
		switch m.Type() {
		case wire.TypeHello:
			_, err = wire.Agree(m, []wire.Version{d.Version()})
		case wire.TypeError:
			_, err = wire.DecodeError(m)
		case wire.TypeFeaturesReply:
			_, err = wire.DecodeFeatures(m)
		case wire.TypePacketIn:
			_, err = d.DecodePacketIn(m)
		case wire.TypeFlowRemoved:
			_, _, err = d.DecodeFlowRemoved(m)
		case wire.TypePortStatus:
			_, _, err = d.DecodePortStatus(m)
		case wire.TypeRoleReply:
			_, _, err = wire.DecodeRole(m)
		case wire.TypeMultipartReply:
			var kind wire.Part
			var body []byte
			if kind, _, body, err = wire.DecodeMultipart(m); err != nil {
				break
			}
			switch kind {
			case wire.PartRules:
				_, _, err = d.DecodeRules(body)
			case wire.PartTables:
				_, err = wire.DecodeTables(body)
			case wire.PartPortStats:
				_, err = d.DecodePortStats(body)
			case wire.PartGroups:
				_, _, err = d.DecodeGroups(body)
			case wire.PartMeterConfig:
				_, _, err = wire.DecodeMeters(body)
			default:
				continue
			}
		case wire.TypeRoleStatus:
			if _, ok := d.DecodeRoleStatus(m); !ok {
				err = errors.New("is no role status")
			}
		default:
			continue
		}
		if (err != nil) != slices.Contains(broken, filepath.Base(name)) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		} else {
			t.Logf("%s: read", filepath.Base(name))
		}
	}
}

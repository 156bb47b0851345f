package wire_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// sayings are messages that a switch sends, one of each kind.
func sayings(t testing.TB, d wire.Dialect) (out [][]byte) {
	add := func(kind wire.Type, body []byte) {
		out = append(out, wiretest.Message(d.Version(), kind, 1, body))
	}
	multipart := func(kind wire.Part, body ...byte) {
		add(wire.TypeMultipartReply, slices.Concat([]byte{0, byte(kind), 0, 0, 0, 0, 0, 0}, body))
	}
	frame := packet.Append(nil, packet.ARPRequest(0x020000000001, 0x0a000001, 0x0a000002), nil)
	add(wire.TypePacketIn, wiretest.PacketIn(wire.PacketIn{InPort: 7, Table: 2, Reason: flow.ReasonAction, Cookie: 5, Buffer: wire.NoBuffer, Length: len(frame), Frame: frame}))
	add(wire.TypeFlowRemoved, must(t)(wiretest.Removed(d, wire.Removed{Rule: wiretest.Rules()[2], Reason: flow.RemovedHard, Counters: flow.Counters{Packets: 3, Bytes: 4}, Age: 5 * model.Second})))
	add(wire.TypePortStatus, wiretest.PortStatus(d, flow.PortState{Port: 3, Name: "s1-eth3", MAC: 0x0200000000ff}, wire.PortModified))
	add(wire.TypeRoleReply, wiretest.Role(wire.RoleMaster, 7))
	out = append(out, wiretest.RoleStatus(d, wire.RoleSlave, 8), wiretest.Committed(d, d.BundleCommit(1, 9)))
	multipart(wire.PartPorts, append(wiretest.Port(d, flow.PortState{Port: 1, Name: "s1-eth1", MAC: 0x020000000001, Up: true}), wiretest.Port(d, flow.PortState{Port: 2, Name: "s1-eth2"})...)...)
	multipart(wire.PartPortStats, append(wiretest.PortStat(d, flow.PortStat{Port: 1, RxPackets: 1, TxPackets: 2, RxBytes: 3, TxBytes: 4, RxDropped: 5, TxDropped: 6}), wiretest.PortStat(d, flow.PortStat{Port: 2})...)...)
	multipart(wire.PartQueues, wiretest.Queue(d, wire.QueueStat{Port: 1, Queue: 7, Sent: flow.Counters{Packets: 1, Bytes: 2}, Dropped: 3, Age: 4 * model.Second})...)
	var rules, groups, meters []byte
	for _, r := range wiretest.Rules() {
		rules = append(rules, statsOf(t, d, r)...)
	}
	for _, g := range wiretest.Groups() {
		groups = append(groups, must(t)(wiretest.Group(d, g))...)
	}
	for _, m := range wiretest.Meters() {
		meters = append(meters, must(t)(wiretest.Meter(d, m))...)
	}
	multipart(wire.PartRules, rules...)
	multipart(wire.PartGroups, groups...)
	multipart(wire.PartMeterConfig, meters...)
	return out
}

func TestWhatASwitchSaysIsUnderstood(t *testing.T) {
	dialects(t, func(t *testing.T, d wire.Dialect) {
		rapid.Check(t, func(t *rapid.T) {
			number := func(label string) uint64 { return rapid.Uint64Range(0, 1<<64-2).Draw(t, label) }
			age := model.Time(rapid.Uint32Range(0, 9_000_000).Draw(t, "seconds"))*model.Second + model.Time(rapid.Uint32Range(0, 999_999_999).Draw(t, "nanoseconds"))*model.Nanosecond
			port := flow.PortState{Port: rapid.Uint32().Draw(t, "port"), Name: rapid.StringMatching(`[a-z0-9-]{0,16}`).Draw(t, "name"),
				MAC: packet.MAC(rapid.Uint64Range(0, 1<<48-1).Draw(t, "mac")), Up: rapid.Bool().Draw(t, "up")}
			ports, err := d.DecodePorts(append(wiretest.Port(d, port), wiretest.Port(d, port)...))
			if err != nil || !slices.Equal(ports, []flow.PortState{port, port}) {
				t.Fatalf("ports: got %+v, %v; want %+v", ports, err, port)
			}
			why := wire.PortReason(rapid.Uint8Range(0, 2).Draw(t, "reason"))
			p, reason, err := d.DecodePortStatus(wiretest.Message(d.Version(), wire.TypePortStatus, 0, wiretest.PortStatus(d, port, why)))
			if want := port; err != nil || reason != why || p.Up != (want.Up && why != wire.PortDeleted) || p.Port != want.Port || p.Name != want.Name {
				t.Fatalf("port-status: got %+v %d, %v", p, reason, err)
			}
			stat := flow.PortStat{Port: port.Port, RxPackets: number("rx"), TxPackets: number("tx"), RxBytes: number("rx bytes"), TxBytes: number("tx bytes"), RxDropped: number("rx lost"), TxDropped: number("tx lost")}
			stats, err := d.DecodePortStats(append(wiretest.PortStat(d, stat), wiretest.PortStat(d, stat)...))
			if err != nil || !slices.Equal(stats, []flow.PortStat{stat, stat}) {
				t.Fatalf("port statistics: got %+v, %v; want %+v", stats, err, stat)
			}
			queue := wire.QueueStat{Port: port.Port, Queue: rapid.Uint32().Draw(t, "queue"), Sent: flow.Counters{Packets: number("packets"), Bytes: number("bytes")}, Dropped: number("dropped"), Age: age}
			queues, err := d.DecodeQueues(append(wiretest.Queue(d, queue), wiretest.Queue(d, queue)...))
			if err != nil || !slices.Equal(queues, []wire.QueueStat{queue, queue}) {
				t.Fatalf("queues: got %+v, %v; want %+v", queues, err, queue)
			}
			in := wire.PacketIn{InPort: port.Port, Table: rapid.Uint8().Draw(t, "table"), Reason: flow.PacketInReason(rapid.Uint8Range(0, 2).Draw(t, "why")), Cookie: number("cookie"),
				Buffer: rapid.Uint32().Draw(t, "buffer"), Length: rapid.IntRange(60, 65535).Draw(t, "length"), Frame: rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "frame")}
			got, err := d.DecodePacketIn(wiretest.Message(d.Version(), wire.TypePacketIn, 0, wiretest.PacketIn(in)))
			if err != nil || got.InPort != in.InPort || got.Table != in.Table || got.Reason != in.Reason || got.Cookie != in.Cookie || got.Buffer != in.Buffer || got.Length != in.Length || !slices.Equal(got.Frame, in.Frame) {
				t.Fatalf("packet-in: got %+v, %v; want %+v", got, err, in)
			}
			was := wire.Removed{Rule: wiretest.Rules()[rapid.IntRange(0, len(wiretest.Rules())-1).Draw(t, "rule")], Reason: flow.RemovedReason(rapid.Uint8Range(0, 4).Draw(t, "end")), Counters: queue.Sent, Age: age}
			body, err := wiretest.Removed(d, was)
			if err != nil {
				t.Fatal(err)
			}
			removed, known, err := d.DecodeFlowRemoved(wiretest.Message(d.Version(), wire.TypeFlowRemoved, 0, body))
			if err != nil || !known || removed.Reason != was.Reason || removed.Counters != was.Counters || removed.Age != age || !removed.Rule.Match.Equal(was.Rule.Match) || removed.Rule.Priority != was.Rule.Priority || removed.Rule.Cookie != was.Rule.Cookie || removed.Rule.Table != was.Rule.Table {
				t.Fatalf("flow-removed: got %+v, %v; want %+v", removed, err, was)
			}
		})
		if role, ok := d.DecodeRoleStatus(wiretest.RoleStatus(d, wire.RoleSlave, 3)); !ok || role != wire.RoleSlave {
			t.Errorf("role status: got %d, %t", role, ok)
		}
		commit := d.BundleCommit(1, 2)
		if d.BundleCommitted(commit) || !d.BundleCommitted(wiretest.Committed(d, commit)) {
			t.Error("the answer to a commit and the commit itself are not told apart")
		}
	})
}

// What ends early, or says another length than it has, is an error and no guess.
func TestWhatIsCutOffIsRefused(t *testing.T) {
	dialects(t, func(t *testing.T, d wire.Dialect) {
		for _, whole := range sayings(t, d) {
			for n := range len(whole) {
				m := slices.Clone(whole[:n])
				if n >= 8 {
					binary.BigEndian.PutUint16(m[2:], uint16(n))
				}
				decodeAll(m)
			}
			for at := 8; at+2 <= len(whole); at += 1 + at/256 { // every length that may stand in it, and some of the later ones
				for _, n := range []uint16{0, 1, 3, 4, 7, 8, 0x7fff, 0xfff8, 0xffff} {
					m := slices.Clone(whole)
					binary.BigEndian.PutUint16(m[at:], n)
					decodeAll(m)
				}
			}
		}
		for name, fail := range map[string]func(n int) error{
			"rules":           cut(statsOf(t, d, wiretest.Rules()[10]), func(b []byte) error { _, _, err := d.DecodeRules(b); return err }),
			"a group":         cut(must(t)(wiretest.Group(d, wiretest.Groups()[1])), func(b []byte) error { _, _, err := d.DecodeGroups(b); return err }),
			"a port":          cut(wiretest.Port(d, flow.PortState{Port: 1}), func(b []byte) error { _, err := d.DecodePorts(b); return err }),
			"port statistics": cut(wiretest.PortStat(d, flow.PortStat{Port: 1}), func(b []byte) error { _, err := d.DecodePortStats(b); return err }),
			"a queue":         cut(wiretest.Queue(d, wire.QueueStat{}), func(b []byte) error { _, err := d.DecodeQueues(b); return err }),
			"a removal": cut(must(t)(wiretest.Removed(d, wire.Removed{Rule: wiretest.Rules()[2]})), func(b []byte) error {
				_, _, err := d.DecodeFlowRemoved(wiretest.Message(d.Version(), wire.TypeFlowRemoved, 0, b))
				return err
			}),
		} {
			for n := 1; fail(n) != errWhole; n++ {
				if fail(n) == nil {
					t.Errorf("%s cut off after %d bytes: no error", name, n)
				}
			}
		}
	})
}

type wholeError struct{}

func (wholeError) Error() string { return "nothing is cut off" }

var errWhole error = wholeError{}

func cut(b []byte, decode func([]byte) error) func(n int) error {
	return func(n int) error {
		if n >= len(b) {
			return errWhole
		}
		return decode(b[:n])
	}
}

// What 1.5 has and flow has no word for makes a rule or a group a stranger's.
func TestWhatHasNoWordIsAStrangers(t *testing.T) {
	d := wire.V15{}
	rule := func(r flow.Rule, change func(b []byte) []byte) []byte {
		b := change(statsOf(t, d, r))
		binary.BigEndian.PutUint16(b, uint16(len(b)))
		return b
	}
	metered := flow.Rule{Priority: 5, Meter: 3, Apply: []flow.Action{flow.Out(1)}}
	for name, body := range map[string][]byte{
		"a meter that is not the first action": rule(metered, func(b []byte) []byte { // swapped with the output
			n := len(b)
			return slices.Concat(b[:n-24], b[n-16:], b[n-24:n-16])
		}),
		"an action set that goes through a meter": rule(metered, func(b []byte) []byte {
			b[len(b)-31] = 3
			return b
		}),
		"1.3's instruction for meters": rule(flow.Rule{Priority: 5}, func(b []byte) []byte { return append(b, 0, 6, 0, 8, 0, 0, 0, 3) }),
		"a trigger of statistics":      rule(flow.Rule{Priority: 5}, func(b []byte) []byte { return append(b, 0, 7, 0, 16, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0) }),
	} {
		rules, strange, err := d.DecodeRules(body)
		if err != nil || len(rules) != 0 || len(strange) != 1 {
			t.Errorf("%s: %v, %d strange, %v", name, rules, len(strange), err)
			continue
		}
		m, err := wire.ParseMessage(d.DeleteStrange(1, &strange[0]))
		if err != nil || m.Version() != wire.Version15 || binary.BigEndian.Uint16(m[30:]) != 5 {
			t.Errorf("%s: its deletion is %x, %v", name, m, err)
		}
	}
	group := must(t)(wiretest.Group(d, wiretest.Groups()[1]))
	group = append(group, 0xff, 0xff, 0, 13, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 0) // an experimenter's property
	binary.BigEndian.PutUint16(group, uint16(len(group)))
	if groups, foreign, err := d.DecodeGroups(group); err != nil || len(groups) != 0 || !slices.Equal(foreign, []uint32{2}) {
		t.Errorf("a group with an experimenter's property: %v, %v, %v", groups, foreign, err)
	}
}

// The weight of a bucket that says none is 1 in a group that chooses, and none elsewhere.
func TestABucketWithoutAWeight(t *testing.T) {
	bucket := []byte{0, 8, 0, 0, 0, 0, 0, 0}
	for kind, want := range map[flow.GroupType]uint16{flow.Select: 1, flow.All: 0} {
		b := append([]byte{0, 24, byte(kind), 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0}, bucket...)
		groups, _, err := wire.V15{}.DecodeGroups(b)
		if err != nil || len(groups) != 1 || groups[0].Buckets[0].Weight != want {
			t.Errorf("%s: %+v, %v", kind, groups, err)
		}
	}
}

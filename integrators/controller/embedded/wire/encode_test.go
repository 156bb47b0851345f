package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// unhex reads hexadecimal digits, with "//" comments.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestMessagesAreWrittenAsTheSpecificationSays(t *testing.T) {
	hello, err := wire.Hello(1, []wire.Version{wire.Version13, wire.Version15})
	must(t)(hello, err)
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"hello offers versions 4 and 6", hello, `
			06 00 0010 00000001   // version, type, length, xid
			0001 0008 00000050    // OFPHET_VERSIONBITMAP, length, bits 4 and 6`},
		{"set-config asks for whole packets", wire.SetConfig(wire.Version13, 2), `
			04 09 000c 00000002
			0000 ffff             // OFPC_FRAG_NORMAL, OFPCML_NO_BUFFER`},
		{"a role request carries the generation", wire.RoleRequest(wire.Version13, 3, wire.RoleMaster, 7), `
			04 18 0018 00000003
			00000002 00000000     // OFPCR_ROLE_MASTER, pad
			0000000000000007`},
		{"a rule with a prefix, a meter and a next table", must(t)(wire.V13{}.RuleMod(4, &flow.RuleMod{Rule: flow.Rule{
			Table: 1, Priority: 100, Cookie: 0xc0, Idle: 5, Hard: 9, SendRemoved: true, Meter: 3,
			Match: flow.Match{}.IPv4To(0x0a000000, 8), Apply: []flow.Action{flow.Out(2)}, HasGoto: true, Goto: 2}})), `
			04 0e 0070 00000004
			00000000000000c0 0000000000000000 // cookie, mask
			01 00 0005 0009 0064              // table, OFPFC_ADD, idle, hard, priority
			ffffffff ffffffff ffffffff        // no buffer, any port, any group
			0001 0000                         // OFPFF_SEND_FLOW_REM
			0001 0016                         // OFPMT_OXM, length without padding
			80000a02 0800                     // eth_type
			80001908 0a000000 ff000000        // ipv4_dst with a mask
			0000                              // padding to 24
			0006 0008 00000003                // meter
			0004 0018 00000000                // apply-actions
			0000 0010 00000002 0000 000000000000 // output
			0001 0008 02 000000               // goto-table`},
		{"a delete keeps its filters for port and group apart", must(t)(wire.V13{}.RuleMod(5, &flow.RuleMod{Command: flow.Delete, AllTables: true,
			Rule: flow.Rule{Cookie: 0x1234}, CookieMask: 0xffff, OutPort: 7, OutGroup: 8})), `
			04 0e 0038 00000005
			0000000000001234 000000000000ffff
			ff 03 0000 0000 0000              // OFPTT_ALL, OFPFC_DELETE
			ffffffff 00000007 00000008        // buffer, out_port, out_group
			0000 0000
			0001 0004 00000000                // empty match`},
		{"a fast-failover group watches ports", must(t)(wire.V13{}.GroupMod(6, &flow.GroupMod{Group: flow.Group{Number: 9, Type: flow.FastFailover,
			Buckets: []flow.Bucket{{WatchPort: 1, Actions: []flow.Action{flow.Out(1)}}}}})), `
			04 0f 0030 00000006
			0000 03 00 00000009               // OFPGC_ADD, OFPGT_FF
			0020 0000 00000001 ffffffff 00000000 // bucket: length, weight, port, group
			0000 0010 00000001 0000 000000000000`},
		{"a meter drops above its rate", must(t)(wire.V13{}.MeterMod(7, &flow.MeterMod{Command: flow.Modify, Meter: flow.Meter{Number: 2, Rate: 10000, Burst: 100}})), `
			04 1d 0020 00000007
			0001 000d 00000002                // OFPMC_MODIFY, KBPS|BURST|STATS
			0001 0010 00002710 00000064 00000000 // drop band`},
		{"a packet-out from nowhere", must(t)(wire.V13{}.PacketOut(8, &flow.PacketOut{Actions: []flow.Action{flow.Out(flow.PortAll)}, Frame: []byte{0xaa, 0xbb}})), `
			04 0d 002a 00000008
			ffffffff fffffffd 0010 000000000000 // no buffer, from the controller, length of the actions
			0000 0010 fffffffc 0000 000000000000
			aabb`},
		{"a question for port statistics names every port", must(t)(wire.V13{}.Request(9, wire.PartPortStats)), `
			04 12 0018 00000009
			0004 0000 00000000
			ffffffff 00000000`},
	} {
		if want := unhex(t, c.want); !bytes.Equal(c.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", c.name, c.got, want)
		}
	}
}

// everything is one message of each kind and, for fields and actions, of each word.
func everything(t testing.TB, d wire.Dialect) (names []string, messages [][]byte) {
	add := func(name string, b []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names, messages = append(names, name), append(messages, b)
	}
	for _, r := range wiretest.Rules() {
		b, err := d.RuleMod(1, &flow.RuleMod{Rule: r})
		add("add "+r.String(), b, err)
	}
	{
		b, err := d.RuleMod(1, &flow.RuleMod{Command: flow.Modify, Rule: wiretest.Rules()[0], CookieMask: 0xff, ResetCounts: true})
		add("modify", b, err)
	}
	b, err := d.RuleMod(1, &flow.RuleMod{Command: flow.ModifyStrict, Rule: wiretest.Rules()[0]})
	add("modify strict", b, err)
	b, err = d.RuleMod(1, &flow.RuleMod{Rule: wiretest.Rules()[0], CheckOverlap: true})
	add("add, no overlap allowed", b, err)
	b, err = d.RuleMod(1, &flow.RuleMod{Command: flow.DeleteStrict, Rule: wiretest.Rules()[0]})
	add("delete strict", b, err)
	b, err = d.RuleMod(1, &flow.RuleMod{Command: flow.Delete, Rule: flow.Rule{Table: 3, Cookie: 5}, CookieMask: 0xff, OutPort: 4})
	add("delete by cookie and port", b, err)
	b, err = d.RuleMod(1, &flow.RuleMod{Command: flow.Delete, AllTables: true, OutGroup: 4})
	add("delete by group everywhere", b, err)
	for _, g := range wiretest.Groups() {
		b, err := d.GroupMod(1, &flow.GroupMod{Group: g})
		add(fmt.Sprintf("add group %d, %s", g.Number, g.Type), b, err)
	}
	b, err = d.GroupMod(1, &flow.GroupMod{Command: flow.Delete, Group: flow.Group{Number: flow.GroupAll}})
	add("delete all groups", b, err)
	for _, m := range wiretest.Meters() {
		b, err := d.MeterMod(1, &flow.MeterMod{Meter: m})
		add(fmt.Sprintf("add meter %d", m.Number), b, err)
	}
	b, err = d.MeterMod(1, &flow.MeterMod{Command: flow.Delete, Meter: flow.Meter{Number: flow.MeterAll}})
	add("delete all meters", b, err)
	for _, k := range []wire.Part{wire.PartRules, wire.PartPorts, wire.PartPortStats, wire.PartGroups, wire.PartGroupStats, wire.PartMeterConfig, wire.PartMeterStats,
		wire.PartDescription, wire.PartTables, wire.PartQueues} {
		b, err := d.Request(1, k)
		add(fmt.Sprintf("request of kind %d", k), b, err)
	}
	frame := packet.Append(nil, packet.ARPRequest(0x020000000001, 0x0a000001, 0x0a000002), nil)
	b, err = d.PacketOut(1, &flow.PacketOut{InPort: 1, Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: frame})
	add("packet-out", b, err)
	b, err = d.Release(1, 7, &flow.PacketOut{InPort: 1})
	add("packet-out of what was kept, to nowhere", b, err)
	b, err = wire.Hello(1, []wire.Version{d.Version()})
	add("hello", b, err)
	add("set-config", wire.SetConfig(d.Version(), 1), nil)
	add("set-async", d.SetAsync(1), nil)
	add("hello failed", wire.HelloFailed(d.Version(), 1, "version 4 only"), nil)
	add("role", wire.RoleRequest(d.Version(), 1, wire.RoleMaster, 1), nil)
	add("features", wire.FeaturesRequest(d.Version(), 1), nil)
	add("echo", wire.EchoRequest(d.Version(), 1), nil)
	add("barrier", wire.BarrierRequest(d.Version(), 1), nil)
	add("opening a bundle", d.BundleOpen(1, 9), nil)
	b, err = d.BundleAdd(9, messages[0])
	add("a rule in a bundle", b, err)
	add("committing a bundle", d.BundleCommit(1, 9), nil)
	return names, messages
}

// TestOpenVSwitchReadsWhatWasMeant holds a golden file of every message and, below it,
// what ovs-ofctl says that it is. Its words differ from release to release and are
// compared with those of the release that stands at the top.
func TestOpenVSwitchReadsWhatWasMeant(t *testing.T) { dialects(t, openVSwitchReads) }

func openVSwitchReads(t *testing.T, d wire.Dialect) {
	names, messages := everything(t, d)
	names, messages = append(names, "from here on what a switch says"), append(messages, nil)
	for i, m := range sayings(t, d) {
		names, messages = append(names, fmt.Sprintf("saying %d", i+1)), append(messages, m)
	}
	path := filepath.Join("testdata", "messages-"+d.Version().String()+".golden")
	stored, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	version, err := exec.Command("ovs-ofctl", "--version").Output()
	release, _, _ := strings.Cut(string(version), "\n")
	reads := *update || err == nil && strings.HasPrefix(string(stored), "## "+release+"\n")
	if *update && err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if reads {
		fmt.Fprintf(&text, "## %s\n", release)
	}
	for i, b := range messages {
		fmt.Fprintf(&text, "== %s\n", names[i])
		for row := range (len(b) + 15) / 16 {
			fmt.Fprintf(&text, "% x\n", b[16*row:min(16*row+16, len(b))])
		}
		if !reads || len(b) == 0 {
			continue
		}
		out, err := exec.Command("ovs-ofctl", "ofp-print", hex.EncodeToString(b), "2").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", names[i], err, out)
		}
		for line := range strings.Lines(strings.TrimSpace(string(out))) {
			fmt.Fprintf(&text, "-- %s\n", strings.TrimRight(line, "\n"))
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := string(stored)
	if !reads { // the bytes are held all the same
		var lines []string
		for line := range strings.Lines(want) {
			if !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, "##") {
				lines = append(lines, line)
			}
		}
		want = strings.Join(lines, "")
	}
	if want != text.String() {
		t.Errorf("messages differ from %s; look at what -update changes", path)
	}
}

func TestWhatHasNoNumberYetIsNotWritten(t *testing.T) { dialects(t, isNotWritten) }

func isNotWritten(t *testing.T, d wire.Dialect) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"a group by name", second(d.RuleMod(1, &flow.RuleMod{Rule: flow.Rule{Apply: []flow.Action{flow.InGroup("west")}}})), `group "west" has no number`},
		{"a meter by name", second(d.RuleMod(1, &flow.RuleMod{Rule: flow.Rule{MeterName: "slow"}})), `meter "slow" has no number`},
		{"a flood", second(d.PacketOut(1, &flow.PacketOut{Actions: []flow.Action{flow.FloodTree()}})), "control runtime"},
		{"the next app", second(d.RuleMod(1, &flow.RuleMod{Rule: flow.Rule{Apply: []flow.Action{flow.Next()}}})), "control runtime"},
		{"a group that is named only", second(d.GroupMod(1, &flow.GroupMod{Group: flow.Group{Name: "west"}})), "no number"},
		{"a meter that is named only", second(d.MeterMod(1, &flow.MeterMod{Meter: flow.Meter{Name: "slow"}})), "no number"},
		{"a command that is none", second(d.RuleMod(1, &flow.RuleMod{Command: 9})), "no command 9"},
		{"an add to all tables", second(d.RuleMod(1, &flow.RuleMod{AllTables: true})), "only a delete"},
		{"a field that is none", second(d.RuleMod(1, &flow.RuleMod{Rule: flow.Rule{Match: flow.Match{{Field: 200, Mask: flow.V(1)}}}})), "no match field 200"},
		{"a rule longer than a message", second(d.RuleMod(1, &flow.RuleMod{Rule: flow.Rule{Apply: make5000()}})), "more than the 65535"},
		{"a group longer than a message", second(d.GroupMod(1, &flow.GroupMod{Group: flow.Group{Number: 1, Buckets: []flow.Bucket{{Actions: make5000()}}}})), "more than the 65535"},
		{"a frame longer than a message", second(d.PacketOut(1, &flow.PacketOut{Frame: make([]byte, 65530)})), "more than the 65535"},
	} {
		var e *wire.Error
		if !errors.As(c.err, &e) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, c.err, c.want)
		}
	}
}

func second(_ []byte, err error) error { return err }

func make5000() []flow.Action {
	out := make([]flow.Action, 5000)
	for i := range out {
		out[i] = flow.Out(1)
	}
	return out
}

package flow

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sendim/core/packet"
)

func TestAMatchReadsAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct {
		match Match
		text  string
	}{
		{nil, "any"},
		{Match(nil).IPv4To(0x0a000000, 8).With(InPort, 1), "in_port=1,eth_type=0x0800,ipv4_dst=10.0.0.0/8"},
		{Match(nil).IPv4To(0x0a000001, 32), "eth_type=0x0800,ipv4_dst=10.0.0.1"},
		{Match(nil).WithMask(IPv4Src, V(1), V(0xff)), "ipv4_src=0.0.0.1/0.0.0.255"},
		{Match(nil).With(EthDst, 0xaabbccddeeff), "eth_dst=aa:bb:cc:dd:ee:ff"},
		{Match(nil).WithMask(EthDst, V(1<<40), V(1<<40)), "eth_dst=01:00:00:00:00:00/01:00:00:00:00:00"},
		{Match(nil).With(VLANVID, 0x100a), "vlan_vid=10"},
		{Match(nil).With(VLANVID, 0), "vlan_vid=none"},
		{Match(nil).WithMask(VLANVID, V(0x1000), V(0x1000)), "vlan_vid=tagged"},
		{Match(nil).WithMask(VLANVID, V(0x1002), V(0x1003)), "vlan_vid=0x1002/0x1003"},
		{Match(nil).With(InPort, uint64(PortController)), "in_port=controller"},
		{Match(nil).WithMask(TCPSrc, V(1), V(3)), "tcp_src=0x1/0x3"},
		{Match(nil).WithMask(Metadata, V(0xabcd), V(0xffff)), "metadata=0xabcd/0xffff"},
		{Match(nil).WithMask(IPv6Dst, Value{Hi: 0x20010db8 << 32}, prefixMask6(32)), "ipv6_dst=2001:db8::/32"},
		{Match(nil).WithMask(IPv6Src, Value{Lo: 1}, Value{Lo: 1}), "ipv6_src=::1/::1"},
		{Match(nil).With(IPProto, 6).With(TCPDst, 80).With(IPDSCP, 46), "ip_dscp=46,ip_proto=6,tcp_dst=80"},
	} {
		if got := c.match.String(); got != c.text {
			t.Errorf("text is %q, want %q", got, c.text)
		}
		got, err := ParseMatch(c.text)
		if err != nil || !got.Equal(c.match) {
			t.Errorf("%q reads as %v, %v", c.text, got, err)
		}
	}
}

func TestAMatchThatCannotBeReadSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "not of the form field=value",
		"ipv4_dts=10.0.0.1":     `"ipv4_dts" is not a match field`,
		"in_port=1,in_port=2":   "mentions in_port twice",
		"ipv4_dst=10.0.0.0/33":  "prefix is longer",
		"ipv4_dst=10.0.0.1/8":   "bits outside its mask",
		"eth_type=0x800/0xff00": "cannot be masked",
		"tcp_dst=65536":         "at most 16 bits",
		"ip_dscp=64":            "at most 6 bits",
		"vlan_vid=5000":         "0 to 4095",
		"vlan_vid=1/1":          "hexadecimal",
		"metadata=1/0":          "mask of metadata is empty",
		"in_port=eth0":          "neither a port number nor a name",
	} {
		if _, err := ParseMatch(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestActionsReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string][]Action{
		"":                               nil,
		"output:2":                       {Out(2)},
		"output:controller:128":          {{Type: Output, Arg: PortController, MaxLen: 128}},
		"output:in_port,output:all":      {Out(PortInPort), Out(PortAll)},
		"group:web":                      {InGroup("web")},
		"group:#7":                       {{Type: ToGroup, Arg: 7}},
		"group:web#7":                    {{Type: ToGroup, Arg: 7, Name: "web"}},
		`group:"a,\"b",output:1`:         {InGroup(`a,"b`), Out(1)},
		"set_queue:1,flood":              {{Type: SetQueue, Arg: 1}, FloodTree()},
		"set_field:ipv4_dst=10.0.0.1":    {Set(IPv4Dst, 0x0a000001)},
		"push_vlan,set_field:vlan_vid=5": {{Type: PushVLAN}, Set(VLANVID, 0x1005)},
		"push_vlan:0x88a8,pop_vlan":      {{Type: PushVLAN, Arg: 0x88a8}, {Type: PopVLAN}},
		"dec_ttl,next_app":               {{Type: DecTTL}, Next()},
	} {
		got, err := ParseActions(text)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v %s", text, err, d)
		}
		if back := ActionsText(want); back != text {
			t.Errorf("%q is written %q", text, back)
		}
	}
	for _, text := range []string{"output", "output:", "output:x", "set_field:ipv4_dst", "set_field:ipv4_dst=10.0.0.0/8",
		"group:", "group:#", "group:a b", "drop", "output:1,", ",output:1", "output:controller:70000"} {
		if got, err := ParseActions(text); err == nil {
			t.Errorf("%q reads as %v", text, got)
		}
	}
}

func FuzzParseMatch(f *testing.F) {
	for _, s := range []string{"any", "in_port=1,eth_type=0x0800,ipv4_dst=10.0.0.0/8", "vlan_vid=tagged", "ipv6_dst=2001:db8::/32", "eth_dst=aa:bb:cc:dd:ee:ff/ff:ff:00:00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMatch(text)
		if err != nil {
			return
		}
		again, err := ParseMatch(m.String())
		if err != nil || !again.Equal(m) {
			t.Fatalf("%q reads as %#v, which is written %q, which reads as %#v, %v", text, m, m, again, err)
		}
		_ = m.Check()
	})
}

func FuzzParseActions(f *testing.F) {
	for _, s := range []string{"output:2,output:controller:128", "group:web#7,set_queue:1", `group:"a,\"b"`, "set_field:ipv4_dst=10.0.0.1,push_vlan:0x8100,pop_vlan"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseActions(text)
		if err != nil {
			return
		}
		again, err := ParseActions(ActionsText(list))
		if d := cmp.Diff(list, again); err != nil || d != "" {
			t.Fatalf("%q is written %q: %v %s", text, ActionsText(list), err, d)
		}
	})
}

func TestTextsOfWhatCanBeInstalledAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t, []uint32{1, 2}, []uint32{1})
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Rule
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if !back.Equal(&r) || back.Key() != r.Key() || back.String() != r.String() {
			t.Fatalf("%s became %s through %s", r, back, b)
		}
	})
}

// golden compares with a file below testdata; SENDIM_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("SENDIM_UPDATE") == "1" {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

func TestModificationsAndTheirJSONStayTheSame(t *testing.T) {
	web := Match(nil).IPv4To(0x0a000000, 8).With(IPProto, 6).With(TCPDst, 80)
	rules := []Rule{
		{Priority: 100, Match: web, Apply: []Action{Set(EthDst, 2), {Type: DecTTL}, InGroup("web")}, Idle: 10, Hard: 60, Cookie: 0xdead, SendRemoved: true},
		{Table: 1, Priority: 5, Match: Match(nil).With(VLANVID, 0x100a), Clear: true, Write: []Action{{Type: PopVLAN}, Out(3)}, MeterName: "slow",
			Metadata: 1, MetadataMask: 0xff, HasGoto: true, Goto: 2},
		{Table: 2, Meter: 4, Apply: []Action{ToController()}},
		{Table: 2, Priority: 9, Match: Match(nil).With(EthType, uint64(packet.EthTypeLLDP))},
	}
	var b strings.Builder
	for _, r := range rules {
		b.WriteString(r.String() + "\n")
	}
	for _, v := range []any{
		RuleMod{Rule: rules[0]},
		RuleMod{Command: DeleteStrict, Rule: rules[1], CookieMask: 0xff, OutGroup: 3},
		GroupMod{Modify, Group{Name: "web", Type: Select, Buckets: []Bucket{{Weight: 2, WatchPort: 1, Actions: []Action{Out(1)}}}}},
		MeterMod{Add, Meter{Name: "slow", Rate: 1000, Burst: 100}},
		Removed{rules[2], RemovedIdle, Counters{1, 64}, 10},
		RuleStat{Rule: rules[3], Counters: Counters{2, 128}, Age: 5},
		PacketOut{InPort: 1, Actions: []Action{FloodTree()}, Frame: []byte{1, 2}},
	} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(string(j) + "\n")
	}
	golden(t, "texts.golden", b.String())
}

func TestDiffNamesWhatDiffers(t *testing.T) {
	a := Rule{Priority: 1, Apply: []Action{Out(1)}}
	b := Rule{Priority: 1, Apply: []Action{Out(2)}}
	c := Rule{Table: 1, Apply: []Action{{Type: PushVLAN}}}
	same := Rule{Table: 1, Apply: []Action{{Type: PushVLAN, Arg: 0x8100}}}
	if d := Diff([]Rule{c, a}, []Rule{a, same}); len(d) != 0 {
		t.Errorf("equal tables differ: %v", d)
	}
	d := Diff([]Rule{c, a}, []Rule{b})
	if len(d) != 2 || d[0].String() != "- "+a.String()+"\n+ "+b.String() || d[1].String() != "- "+c.String() {
		t.Errorf("difference: %v", d)
	}
	if got := Canonical([]Rule{c, a, b}); len(got) != 2 || !got[0].Equal(&b) {
		t.Errorf("the last rule with a key does not stay: %v", got)
	}
}

package packet_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/packet"
)

func TestAddressesReadBackTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mac := packet.MAC(rapid.Uint64Range(0, macs).Draw(t, "mac"))
		if got, err := packet.ParseMAC(mac.String()); err != nil || got != mac {
			t.Fatalf("%v %v", got, err)
		}
		if got, err := packet.ParseMAC(strings.ToUpper(mac.String())); err != nil || got != mac {
			t.Fatalf("upper case: %v %v", got, err)
		}
		ip := packet.IPv4(rapid.Uint32().Draw(t, "ip"))
		if got, err := packet.ParseIPv4(ip.String()); err != nil || got != ip {
			t.Fatalf("%v %v", got, err)
		}
		ip6 := packet.IPv6{Hi: rapid.Uint64().Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")}
		if got, err := packet.ParseIPv6(ip6.String()); err != nil || got != ip6 {
			t.Fatalf("%v %v", got, err)
		}
	})
}

func TestAddressesAsText(t *testing.T) {
	for got, want := range map[string]string{
		packet.MAC(0x0123456789ab).String():                     "01:23:45:67:89:ab",
		packet.Broadcast.String():                               "ff:ff:ff:ff:ff:ff",
		packet.IPv4(0x0a0000ff).String():                        "10.0.0.255",
		packet.IPv6{Hi: 0x20010db8_00000000, Lo: 0x1f}.String(): "2001:db8::1f",
		packet.IPv6{}.String():                                  "::",
		packet.IPv6{Lo: 0x0000_ffff_0a00_0001}.String():         "::ffff:10.0.0.1",
		packet.IPv6{Hi: 0xfe80_0000_0000_0000, Lo: 1}.String():  "fe80::1",
		packet.MAC(0x0000_0000_0001).String():                   "00:00:00:00:00:01",
		packet.IPv6{Hi: 1, Lo: 0x0001_0000_0000_0000}.String():  "::1:1:0:0:0",
		packet.MAC(packet.LLDPMulticast).String():               "01:80:c2:00:00:0e",
		packet.IPv4(0).String():                                 "0.0.0.0",
		packet.IPv6{Hi: ^uint64(0), Lo: ^uint64(0xff)}.String(): "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if !packet.Broadcast.IsMulticast() || !packet.LLDPMulticast.IsMulticast() || packet.MAC(0x02_00_00_00_00_01).IsMulticast() {
		t.Error("the group bit is the lowest of the first byte")
	}
}

func TestAddressesAreTextInJSON(t *testing.T) {
	type addresses struct {
		M packet.MAC
		A packet.IPv4
		B packet.IPv6
		T map[packet.MAC]int
	}
	in := addresses{M: 1, A: 0x0a000001, B: packet.IPv6{Lo: 1}, T: map[packet.MAC]int{2: 3}}
	text, err := json.Marshal(in)
	want := `{"M":"00:00:00:00:00:01","A":"10.0.0.1","B":"::1","T":{"00:00:00:00:00:02":3}}`
	if err != nil || string(text) != want {
		t.Fatalf("%s, want %s (%v)", text, want, err)
	}
	var out addresses
	if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Fatal(out, err)
	}
	if err := json.Unmarshal([]byte(`{"eth_dst":"nonsense"}`), new(packet.Header)); err == nil {
		t.Fatal("a faulty address in a header was accepted")
	}
}

func TestFaultyAddressesAreRefusedWithAnExample(t *testing.T) {
	for _, s := range []string{"", "1:2:3:4:5:6", "01-23-45-67-89-ab", "01:23:45:67:89:ag", "01:23:45:67:89:ab:cd", "01:23:45:67:89-ab"} {
		if _, err := packet.ParseMAC(s); err == nil {
			t.Errorf("MAC %q accepted", s)
		}
	}
	for _, s := range []string{"", "10.0.0", "10.0.0.256", "10.0.0.01", "::1", "10.0.0.1/8"} {
		if _, err := packet.ParseIPv4(s); err == nil {
			t.Errorf("IPv4 %q accepted", s)
		}
	}
	for _, s := range []string{"", "10.0.0.1", "fe80::1%eth0", "1:2:3", "::1::"} {
		if _, err := packet.ParseIPv6(s); err == nil {
			t.Errorf("IPv6 %q accepted", s)
		}
	}
	_, err := packet.ParseMAC("x")
	if want := `packet: "x" is not a MAC address of the form aa:bb:cc:dd:ee:ff`; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = packet.ParseIPv4("x")
	if want := `packet: "x" is not an IPv4 address of the form 10.0.0.1`; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestHeaderAsTextAndJSON(t *testing.T) {
	tcp := udp4()
	tcp.VLAN, tcp.PCP, tcp.DSCP, tcp.ECN = packet.VLANPresent|100, 3, 46, 1
	tcp.Proto, tcp.TCPFlags = packet.ProtoTCP, packet.FlagSYN|packet.FlagACK
	for _, c := range []struct {
		h          packet.Header
		text, json string
	}{
		{packet.Header{}, "00:00:00:00:00:00 > 00:00:00:00:00:00", `{}`},
		{
			tcp,
			"02:00:00:00:00:01 > 02:00:00:00:00:02 vlan 100 pcp 3 ipv4 10.0.0.1 > 10.0.0.2 dscp 46 ecn 1 ttl 64 tcp 1000 > 53 syn+ack",
			`{"eth_dst":"02:00:00:00:00:02","eth_src":"02:00:00:00:00:01","eth_type":2048,"vlan_vid":4196,"vlan_pcp":3,"ipv4_src":"10.0.0.1","ipv4_dst":"10.0.0.2","ip_dscp":46,"ip_ecn":1,"ip_ttl":64,"ip_proto":6,"l4_src":1000,"l4_dst":53,"tcp_flags":18}`,
		},
		{
			packet.ARPRequest(1, 0x0a000001, 0x0a000002),
			"00:00:00:00:00:01 > ff:ff:ff:ff:ff:ff arp request 10.0.0.1 at 00:00:00:00:00:01 > 10.0.0.2",
			`{"eth_dst":"ff:ff:ff:ff:ff:ff","eth_src":"00:00:00:00:00:01","eth_type":2054,"arp_op":1,"arp_spa":"10.0.0.1","arp_tpa":"10.0.0.2","arp_sha":"00:00:00:00:00:01"}`,
		},
		{
			packet.ARPReply(2, 0x0a000002, 1, 0x0a000001),
			"00:00:00:00:00:02 > 00:00:00:00:00:01 arp reply 10.0.0.2 at 00:00:00:00:00:02 > 10.0.0.1 at 00:00:00:00:00:01",
			`{"eth_dst":"00:00:00:00:00:01","eth_src":"00:00:00:00:00:02","eth_type":2054,"arp_op":2,"arp_spa":"10.0.0.2","arp_tpa":"10.0.0.1","arp_sha":"00:00:00:00:00:02","arp_tha":"00:00:00:00:00:01"}`,
		},
		{
			packet.Echo(1, 2, 0x0a000001, 0x0a000002, true),
			"00:00:00:00:00:01 > 00:00:00:00:00:02 ipv4 10.0.0.1 > 10.0.0.2 ttl 64 icmp type 0 code 0",
			`{"eth_dst":"00:00:00:00:00:02","eth_src":"00:00:00:00:00:01","eth_type":2048,"ipv4_src":"10.0.0.1","ipv4_dst":"10.0.0.2","ip_ttl":64,"ip_proto":1}`,
		},
		{
			packet.Header{EthType: packet.EthTypeIPv6, IP6Src: packet.IPv6{Lo: 1}, IP6Dst: packet.IPv6{Lo: 2}, Proto: packet.ProtoICMPv6, ICMPType: 135},
			"00:00:00:00:00:00 > 00:00:00:00:00:00 ipv6 ::1 > ::2 icmpv6 type 135 code 0",
			`{"eth_type":34525,"ipv6_src":"::1","ipv6_dst":"::2","ip_proto":58,"icmp_type":135}`,
		},
		{
			packet.Header{EthSrc: 3, EthType: 0x88b5, VLAN: packet.VLANPresent},
			"00:00:00:00:00:03 > 00:00:00:00:00:00 vlan 0 0x88b5",
			`{"eth_src":"00:00:00:00:00:03","eth_type":34997,"vlan_vid":4096}`,
		},
	} {
		if got := c.h.String(); got != c.text {
			t.Errorf("\n got %s\nwant %s", got, c.text)
		}
		got, err := json.Marshal(c.h)
		if err != nil || string(got) != c.json {
			t.Errorf("%v\n got %s\nwant %s", err, got, c.json)
		}
	}
}

// fill sets every field to a value that is not zero, so that none can be forgotten.
func fill(t *rapid.T, v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			fill(t, f)
		case f.Type() == reflect.TypeFor[packet.MAC]():
			f.SetUint(rapid.Uint64Range(1, macs).Draw(t, "mac"))
		default:
			f.SetUint(rapid.Uint64Range(1, 1<<f.Type().Bits()-1).Draw(t, "field"))
		}
	}
}

func TestEveryFieldSurvivesJSONAndShowsInTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h, got packet.Header
		all := reflect.ValueOf(&h).Elem()
		fill(t, all)
		d := json.NewDecoder(strings.NewReader(string(h.AppendJSON(nil))))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil || got != h {
			t.Fatalf("%v\n got %+v\nwant %+v", err, got, h)
		}
		for i := range all.NumField() {
			less := h
			reflect.ValueOf(&less).Elem().Field(i).SetZero()
			if less.String() == h.String() {
				t.Fatalf("%s does not show in %s", all.Type().Field(i).Name, h)
			}
			if string(less.AppendJSON(nil)) == string(h.AppendJSON(nil)) {
				t.Fatalf("%s does not show in JSON", all.Type().Field(i).Name)
			}
		}
	})
}

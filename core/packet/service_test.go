package packet_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"pgregory.net/rapid"

	"sendim/core/packet"
)

func TestEchoCarriesIdentifierSequenceAndData(t *testing.T) {
	h := packet.Echo(1, 2, 0x0a000001, 0x0a000002, false)
	frame := packet.Append(nil, h, packet.EchoPayload(7, 8, []byte("ping")))
	icmp := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default).Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4)
	if icmp.Id != 7 || icmp.Seq != 8 || string(icmp.Payload) != "ping" || icmp.TypeCode != layers.CreateICMPv4TypeCode(8, 0) {
		t.Fatalf("%+v", icmp)
	}
	got, l, err := packet.Decode(frame)
	if err != nil || got != h {
		t.Fatal(got, err)
	}
	id, seq, data, err := packet.ParseEcho(frame[l.Payload:l.End])
	if err != nil || id != 7 || seq != 8 || string(data) != "ping" {
		t.Fatal(id, seq, data, err)
	}
	if echo, reply := got.IsEcho(); !echo || reply {
		t.Fatal(echo, reply)
	}
	if _, _, _, err := packet.ParseEcho([]byte{1, 2, 3}); err == nil {
		t.Fatal("three bytes accepted")
	}
}

func TestTCPSegmentsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := udp4()
		h.Proto = packet.ProtoTCP
		want := packet.TCP{
			Seq: rapid.Uint32().Draw(t, "seq"), Ack: rapid.Uint32().Draw(t, "ack"),
			Flags: rapid.Uint8().Draw(t, "flags"), Window: rapid.Uint16().Draw(t, "window"),
		}
		h.TCPFlags = want.Flags
		mss := rapid.Uint16().Draw(t, "mss")
		shift := rapid.Uint8Range(0, 14).Draw(t, "shift")
		want.Options = packet.AppendSACKPermitted(packet.AppendWindowScale(packet.AppendMSS(nil, mss), shift))
		if rapid.Bool().Draw(t, "odd length") {
			want.Options = append(want.Options, 1)
		}
		payload := drawPayload(t)
		frame := packet.AppendTCP(nil, h, want, payload)
		if bad := badChecksums(t, frame); bad != nil {
			t.Fatalf("wrong checksum in %v", bad)
		}
		gotHeader, l, err := packet.Decode(frame)
		if err != nil || gotHeader != h {
			t.Fatal(gotHeader, err)
		}
		got, data, err := packet.DecodeTCP(frame[l.L4:l.End])
		if err != nil || !bytes.Equal(data, payload) {
			t.Fatal(data, err)
		}
		if v, ok := packet.MSS(got.Options); !ok || v != mss {
			t.Fatal("mss", v, ok)
		}
		if v, ok := packet.WindowScale(got.Options); !ok || v != shift {
			t.Fatal("window scale", v, ok)
		}
		if !packet.SACKPermitted(got.Options) {
			t.Fatal("SACK not permitted")
		}
		got.Options = got.Options[:len(want.Options)]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSelectiveAcknowledgements(t *testing.T) {
	blocks := []packet.SACKBlock{{1, 2}, {0xfffffff0, 3}, {5, 6}, {7, 8}, {9, 10}}
	for n := range len(blocks) + 1 {
		options := packet.AppendSACK(nil, blocks[:n])
		want := blocks[:min(n, packet.MaxSACKBlocks)]
		if got := packet.SACK(nil, options); len(options) > 40 || len(got) != len(want) || n > 0 && !cmp.Equal(got, want) {
			t.Errorf("%d blocks: %v in %x", n, got, options)
		}
	}
	for name, options := range map[string][]byte{
		"too long for the list": {5, 18, 0, 0, 0, 0, 0, 0, 0, 0},
		"no whole block":        {5, 6, 0, 0, 0, 0},
		"length below two":      {5, 1, 0},
		"behind the end":        {0, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0},
		"no length":             {1, 5},
	} {
		if got := packet.SACK(nil, options); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOptionsBeyondTheHeaderAreLeftOutWhole(t *testing.T) {
	h := udp4()
	h.Proto = packet.ProtoTCP
	options := packet.AppendSACK(nil, []packet.SACKBlock{{1, 2}, {3, 4}, {5, 6}, {7, 8}})
	options = packet.AppendMSS(packet.AppendMSS(options, 1), 2)
	frame := packet.AppendTCP(nil, h, packet.TCP{Options: options}, []byte("data"))
	_, l, err := packet.Decode(frame)
	if err != nil || l.Payload-l.L4 != 60 || string(frame[l.Payload:l.End]) != "data" {
		t.Fatalf("%+v %v", l, err)
	}
	tcp, _, err := packet.DecodeTCP(frame[l.L4:l.End])
	if v, ok := packet.MSS(tcp.Options); err != nil || !ok || v != 1 || len(packet.SACK(nil, tcp.Options)) != 4 {
		t.Fatal(v, ok, err)
	}
}

func TestLLDPReadsBack(t *testing.T) {
	long := strings.Repeat("x", 255)
	for name, want := range map[string]packet.LLDP{
		"local ids":         {ChassisID: "dpid:1", PortID: "3", ChassisSubtype: 7, PortSubtype: 7, TTL: 120},
		"MAC addresses":     {ChassisID: "02:00:00:00:00:01", PortID: "02:00:00:00:00:02", ChassisSubtype: packet.LLDPChassisMAC, PortSubtype: packet.LLDPPortMAC},
		"network addresses": {ChassisID: "10.0.0.1", PortID: "2001:db8::1", ChassisSubtype: packet.LLDPChassisNetwork, PortSubtype: packet.LLDPPortNetwork},
		"longest ids":       {ChassisID: long, PortID: long, ChassisSubtype: 7, PortSubtype: 5},
		"custom values": {ChassisID: "a", PortID: "b", ChassisSubtype: 7, PortSubtype: 7, TTL: 65535, Custom: []packet.TLV{
			{OUI: 0x26e1, Subtype: 0, Value: []byte("of:1")}, {OUI: 0xffffff, Subtype: 255, Value: bytes.Repeat([]byte{9}, 507)}, {OUI: 1, Value: []byte{}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			pdu, err := packet.AppendLLDP(nil, want)
			if err != nil {
				t.Fatal(err)
			}
			frame := packet.AppendPadded(nil, packet.LLDPHeader(1), pdu)
			_, l, err := packet.Decode(frame)
			if err != nil {
				t.Fatal(err)
			}
			got, err := packet.DecodeLLDP(frame[l.Payload:l.End])
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatal(err, diff)
			}
			p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
			theirs, _ := p.Layer(layers.LayerTypeLinkLayerDiscovery).(*layers.LinkLayerDiscovery)
			if theirs == nil || uint8(theirs.ChassisID.Subtype) != want.ChassisSubtype || theirs.TTL != want.TTL || len(theirs.Values) != len(want.Custom) {
				t.Fatalf("gopacket reads %+v", theirs)
			}
		})
	}
}

func TestLLDPOutsideTheStandardIsRefused(t *testing.T) {
	for name, l := range map[string]packet.LLDP{
		"no chassis":        {PortID: "1"},
		"long port":         {ChassisID: "a", PortID: strings.Repeat("x", 256)},
		"not a MAC address": {ChassisID: "a", ChassisSubtype: packet.LLDPChassisMAC, PortID: "1"},
		"not an address":    {ChassisID: "a", PortSubtype: packet.LLDPPortNetwork, PortID: "1"},
		"long value":        {ChassisID: "a", PortID: "1", Custom: []packet.TLV{{Value: make([]byte, 508)}}},
		"long OUI":          {ChassisID: "a", PortID: "1", Custom: []packet.TLV{{OUI: 1 << 24}}},
	} {
		var fault *packet.FrameError
		if out, err := packet.AppendLLDP([]byte("x"), l); !errors.As(err, &fault) || string(out) != "x" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	for name, c := range map[string]struct{ pdu, want string }{
		"empty":              {"", "packet: lldp at byte 0 is cut short: needs 2 bytes, has 0"},
		"port first":         {"\x04\x02\x071", "packet: lldp at byte 0: does not begin with chassis id, port id and time to live"},
		"cut value":          {"\x02\x05\x07a", "packet: lldp at byte 0 is cut short: needs 7 bytes, has 4"},
		"empty id":           {"\x02\x01\x07\x04\x02\x071\x06\x02\x00\x01\x00\x00", "packet: lldp at byte 0: id is empty or above 255 bytes"},
		"ends too soon":      {"\x02\x02\x07a\x04\x02\x071\x00\x00", "packet: lldp at byte 8: does not begin with chassis id, port id and time to live"},
		"chassis repeated":   {"\x02\x02\x07a\x04\x02\x071\x06\x02\x00\x01\x02\x02\x07b\x00\x00", "packet: lldp at byte 12: chassis id, port id or time to live is repeated"},
		"short custom value": {"\x02\x02\x07a\x04\x02\x071\x06\x02\x00\x01\xfe\x01\x07\x00\x00", "packet: lldp at byte 12: custom TLV shorter than its identifier"},
	} {
		if _, err := packet.DecodeLLDP([]byte(c.pdu)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	other := "\x02\x02\x07a\x04\x02\x071\x06\x02\x00\x01\x0a\x02s1" // a system name, no end
	if l, err := packet.DecodeLLDP([]byte(other)); err != nil || l.PortID != "1" || l.TTL != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestCapturesAreReadByOthers(t *testing.T) {
	var file bytes.Buffer
	frame := packet.Append(nil, udp4(), []byte("payload"))
	if err := errors.Join(
		packet.PcapHeader(&file),
		packet.PcapRecord(&file, 3_000_000_001_999, frame),
		packet.PcapRecordCut(&file, 4_999_999_999_999, frame[:20], 1514),
	); err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(&file)
	if err != nil || r.LinkType() != layers.LinkTypeEthernet {
		t.Fatal(err)
	}
	for _, want := range []struct {
		at           time.Time
		data         []byte
		length, snap int
	}{
		{time.Unix(3, 1), frame, len(frame), len(frame)},
		{time.Unix(4, 999_999_999), frame[:20], 1514, 20},
	} {
		data, info, err := r.ReadPacketData()
		if err != nil || !bytes.Equal(data, want.data) || !info.Timestamp.Equal(want.at) || info.Length != want.length || info.CaptureLength != want.snap {
			t.Fatalf("%x %+v %v", data, info, err)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Fatal(err)
	}
	if packet.PcapRecord(&file, -1, frame) == nil || packet.PcapRecordCut(&file, 0, frame, 1) == nil {
		t.Fatal("a time before the start or a length below the captured was accepted")
	}
}

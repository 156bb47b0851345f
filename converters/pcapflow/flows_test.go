package pcapflow

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// sent is a packet of a test, written by somebody else's library.
type sent struct {
	at     time.Duration
	layers []gopacket.SerializableLayer
	length int // on the wire, if only the beginning was captured
	snap   int
}

func ip(n byte) net.IP { return net.IPv4(10, 0, 0, n).To4() }

func eth(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: t}
}

func v4(from, to byte, p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, SrcIP: ip(from), DstIP: ip(to), Protocol: p, Id: 7}
}

func data(n int) gopacket.Payload { return make([]byte, n) }

func tcp(at time.Duration, from, to byte, seq uint32, flags string, n int) sent {
	x := &layers.TCP{SrcPort: 1000 + layers.TCPPort(from), DstPort: 1000 + layers.TCPPort(to), Seq: seq, ACK: strings.Contains(flags, "a"),
		SYN: strings.Contains(flags, "s"), FIN: strings.Contains(flags, "f"), RST: strings.Contains(flags, "r"), Window: 1000}
	return sent{at: at, layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), v4(from, to, layers.IPProtocolTCP), x, data(n)}}
}

func udp(at time.Duration, from, to byte, n int) sent {
	return sent{at: at, layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), v4(from, to, layers.IPProtocolUDP), &layers.UDP{SrcPort: 53, DstPort: 99}, data(n)}}
}

func (s sent) bytes(t testing.TB) ([]byte, gopacket.CaptureInfo) {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, s.layers...); err != nil {
		t.Fatal(err)
	}
	frame := b.Bytes()
	full := len(frame)
	if s.snap > 0 {
		frame = frame[:s.snap]
	}
	return frame, gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, 123456000).Add(s.at).UTC(), CaptureLength: len(frame), Length: full}
}

func pcap(t testing.TB, nano bool, list ...sent) []byte {
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	if nano {
		w = pcapgo.NewWriterNanos(&out)
	}
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		b, info := s.bytes(t)
		if err := w.WritePacket(info, b); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func pcapng(t testing.TB, list ...sent) []byte {
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		b, info := s.bytes(t)
		if err := w.WritePacket(info, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func show(c *Capture) string {
	var b strings.Builder
	for _, f := range c.Flows {
		fmt.Fprintf(&b, "%d %s:%d>%s:%d at %d.%09d for %d: %d packets, %d bytes\n", f.Proto, f.From, f.FromPort, f.To, f.ToPort, f.Second-1700000000, f.Nano, f.Span, f.Packets, f.Bytes)
	}
	for _, l := range c.Left {
		fmt.Fprintf(&b, "%s: %d\n", l.What, l.Packets)
	}
	return b.String()
}

func TestPacketsBecomeFlows(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	fragment := v4(3, 4, layers.IPProtocolUDP)
	fragment.FragOffset, fragment.Id = 100, 7
	first := v4(3, 4, layers.IPProtocolUDP)
	first.Flags, first.Id = layers.IPv4MoreFragments, 7
	cut := udp(0, 1, 2, 1400)
	cut.snap = 60
	for _, c := range []struct {
		name string
		list []sent
		want string
	}{
		{"a connection has a flow each way", []sent{tcp(0, 1, 2, 99, "s", 0), tcp(ms, 2, 1, 499, "sa", 0), tcp(2*ms, 1, 2, 100, "a", 10), tcp(3*ms, 2, 1, 500, "a", 1000), tcp(4*ms, 2, 1, 1500, "a", 500), tcp(9*ms, 1, 2, 110, "fa", 0)},
			"6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 2000000: 3 packets, 10 bytes\n6 10.0.0.2:1002>10.0.0.1:1001 at 0.124456000 for 3000000: 3 packets, 1500 bytes\n"},
		{"what is sent twice counts once", []sent{tcp(0, 1, 2, 0, "a", 100), tcp(ms, 1, 2, 0, "a", 100), tcp(2*ms, 1, 2, 50, "a", 100)}, "6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 2000000: 3 packets, 150 bytes\n"},
		{"what the capture missed counts", []sent{tcp(0, 1, 2, 4294967290, "a", 100), tcp(ms, 1, 2, 294, "a", 100)}, "6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 1000000: 2 packets, 400 bytes\n"},
		{"a number far ahead is another's", []sent{tcp(0, 1, 2, 0, "a", 100), tcp(ms, 1, 2, 1<<30, "a", 100)}, "6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 1000000: 2 packets, 200 bytes\n"},
		{"ports are used again", []sent{tcp(0, 1, 2, 0, "s", 0), tcp(0, 1, 2, 1, "a", 5), tcp(0, 1, 2, 6, "r", 0), tcp(s, 1, 2, 700, "s", 0), tcp(s, 1, 2, 701, "a", 7)},
			"6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 0: 3 packets, 5 bytes\n6 10.0.0.1:1001>10.0.0.2:1002 at 1.123456000 for 0: 2 packets, 7 bytes\n"},
		{"a SYN again is the same connection", []sent{tcp(0, 1, 2, 0, "s", 0), tcp(s, 1, 2, 0, "s", 0), tcp(s, 1, 2, 1, "a", 5)}, "6 10.0.0.1:1001>10.0.0.2:1002 at 0.123456000 for 1000000000: 3 packets, 5 bytes\n"},
		{"silence ends a flow", []sent{udp(0, 1, 2, 10), udp(60*s, 1, 2, 20), udp(120*s+ms, 1, 2, 40)},
			"17 10.0.0.1:53>10.0.0.2:99 at 0.123456000 for 60000000000: 2 packets, 30 bytes\n17 10.0.0.1:53>10.0.0.2:99 at 120.124456000 for 0: 1 packets, 40 bytes\n"},
		{"what is cut off was sent", []sent{cut}, "17 10.0.0.1:53>10.0.0.2:99 at 0.123456000 for 0: 1 packets, 1400 bytes\n"},
		{"fragments belong to their datagram", []sent{{layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), first, &layers.UDP{SrcPort: 5, DstPort: 6}, data(792)}}, {at: ms, layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), fragment, data(300)}}},
			"17 10.0.0.3:5>10.0.0.4:6 at 0.123456000 for 1000000: 1 packets, 792 bytes\n"},
		{"pieces alone are nobody's", []sent{{layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), fragment, data(300)}}}, "fragments without their beginning: 1\n"},
		{"tags and IPv6", []sent{{layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeQinQ), &layers.Dot1Q{VLANIdentifier: 5, Type: layers.EthernetTypeDot1Q}, &layers.Dot1Q{VLANIdentifier: 6, Type: layers.EthernetTypeIPv6},
			&layers.IPv6{Version: 6, NextHeader: layers.IPProtocolUDP, SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")}, &layers.UDP{SrcPort: 5, DstPort: 6}, data(33)}}},
			"17 2001:db8::1:5>2001:db8::2:6 at 0.123456000 for 0: 1 packets, 33 bytes\n"},
		{"echoes", []sent{{layers: []gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), v4(1, 2, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 9}, data(56)}}},
			"1 10.0.0.1:9>10.0.0.2:2048 at 0.123456000 for 0: 1 packets, 56 bytes\n"},
		{"what is not IP is counted", []sent{{layers: []gopacket.SerializableLayer{eth(0x88b5), data(50)}}, {layers: []gopacket.SerializableLayer{eth(0x0806), data(50)}}, {layers: []gopacket.SerializableLayer{eth(0x0806), data(50)}}},
			"ARP: 2\nframes of type 0x88b5: 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{"pcap": pcap(t, false, c.list...), "nanoseconds": pcap(t, true, c.list...), "pcapng": pcapng(t, c.list...)}
			for name, file := range files {
				got, err := Read(bytes.NewReader(file), Options{})
				if err != nil || show(got) != c.want || got.Cut {
					t.Errorf("%s: %v, got\n%swant\n%s", name, err, show(got), c.want)
				}
			}
		})
	}
}

func TestACutFileGivesWhatItHolds(t *testing.T) {
	for _, file := range [][]byte{pcap(t, false, udp(0, 1, 2, 10), udp(1, 1, 2, 20)), pcapng(t, udp(0, 1, 2, 10), udp(1, 1, 2, 20))} {
		got, err := Read(bytes.NewReader(file[:len(file)-5]), Options{})
		if err != nil || !got.Cut || got.Packets != 1 || got.Flows[0].Bytes != 10 {
			t.Errorf("%v %+v", err, got)
		}
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	good := pcap(t, false, udp(0, 1, 2, 10))
	huge := bytes.Clone(good)
	copy(huge[24+8:], []byte{0xff, 0xff, 0xff, 0x7f})
	section := []byte{10, 13, 13, 10, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0}
	for name, file := range map[string][]byte{"nothing": nil, "text": []byte("hello world, this is no capture"), "a huge packet": huge, "a header alone": good[:10],
		"a huge block":                 append(bytes.Clone(section), 6, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0),
		"a packet without interface":   append(bytes.Clone(section), 6, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0),
		"a section without byte order": {10, 13, 13, 10, 28, 0, 0, 0, 1, 2, 3, 4}} {
		if c, err := Read(bytes.NewReader(file), Options{}); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if _, err := Read(bytes.NewReader(pcap(t, false, udp(0, 1, 2, 1), udp(0, 1, 3, 1))), Options{MaxFlows: 1}); err == nil {
		t.Error("more flows than allowed")
	}
}

// Every packet of the reference captures is read as gopacket reads it.
func TestReferenceCapturesAreReadAsOthersDo(t *testing.T) {
	root := os.Getenv("SENDIM_REFERENCE")
	files, _ := filepath.Glob(filepath.Join(root, "data", "traces", "pcap", "*.pcap*"))
	if root == "" || len(files) == 0 {
		t.Skip("no reference data (SENDIM_REFERENCE)")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Read(bytes.NewReader(b), Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		var packets, carried int64
		var in interface {
			ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
		}
		link := layers.LinkTypeEthernet
		if strings.HasSuffix(name, "ng") {
			r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true})
			if err != nil {
				t.Fatal(err)
			}
			in = r
		} else {
			r, err := pcapgo.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			in, link = r, r.LinkType()
		}
		times := map[int64]bool{}
		for {
			data, info, err := in.ReadPacketData()
			if err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF {
					t.Logf("%s: gopacket: %v", filepath.Base(name), err)
				}
				break
			}
			packets++
			if len(info.AncillaryData) > 0 {
				link = info.AncillaryData[0].(layers.LinkType)
			}
			times[info.Timestamp.UnixNano()] = true
			p := gopacket.NewPacket(data, link, gopacket.Default)
			if p.NetworkLayer() != nil {
				carried++
			}
		}
		sum := int64(0)
		for _, l := range c.Left {
			if l.What == "packets without a time" { // gopacket gives them one
				sum += l.Packets
			}
		}
		for _, f := range c.Flows {
			sum += f.Packets
			if !times[f.Second*1e9+f.Nano] {
				t.Errorf("%s: no packet at %d.%09d", filepath.Base(name), f.Second, f.Nano)
			}
		}
		t.Logf("%s: %d packets, %d flows, %d bytes %v", filepath.Base(name), c.Packets, len(c.Flows), bytesOf(c), c.Left)
		if c.Packets != packets || sum != carried {
			t.Errorf("%s: %d packets, %d of IP; gopacket says %d and %d", filepath.Base(name), c.Packets, sum, packets, carried)
		}
	}
}

func bytesOf(c *Capture) (sum int64) {
	for _, f := range c.Flows {
		sum += f.Bytes
	}
	return sum
}

func FuzzRead(f *testing.F) {
	list := []sent{tcp(0, 1, 2, 99, "s", 0), tcp(1, 1, 2, 100, "a", 10), udp(2, 3, 4, 20), {layers: []gopacket.SerializableLayer{eth(0x0806), data(50)}}}
	f.Add(pcap(f, false, list...))
	f.Add(pcap(f, true, list...))
	f.Add(pcapng(f, list...))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := Read(bytes.NewReader(file), Options{MaxFlows: 1000})
		if len(c.Flows) > 1000 {
			t.Fatal(len(c.Flows))
		}
		sum := int64(0)
		for _, l := range c.Left {
			sum += l.Packets
		}
		for _, x := range c.Flows {
			if x.Bytes < 0 || x.Span < 0 || x.Packets < 1 || x.Nano < 0 {
				t.Fatalf("%+v", x)
			}
			sum += x.Packets
		}
		if sum > c.Packets {
			t.Fatalf("%d of %d packets", sum, c.Packets)
		}
		again, err2 := Read(bytes.NewReader(file), Options{MaxFlows: 1000})
		if !reflect.DeepEqual(c, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatal("two readings differ")
		}
	})
}

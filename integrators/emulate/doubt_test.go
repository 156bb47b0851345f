package emulate

import (
	"net"
	"testing"
)

func TestDatagramsThatFoundABufferFullAreRead(t *testing.T) {
	const snmp = "Ip: Forwarding DefaultTTL\nIp: 1 64\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 100 3 9 50 7 2\nUdpLite: InDatagrams RcvbufErrors\nUdpLite: 1 8\n"
	for text, want := range map[string]int64{snmp: 7, "": 0, "Udp: InDatagrams RcvbufErrors\n": 0, "Udp: A RcvbufErrors\nUdp: 1\n": 0, "Udp: RcvbufErrors\nUdp: x\n": 0} {
		if got := fullBuffers(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// A socket with a small buffer that nobody reads drops what is sent to it, and says so
// as often as it is asked.
func TestASocketTellsWhatItDropped(t *testing.T) {
	to, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if err := to.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	from, err := net.Dial("udp", to.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for range 100 {
		if _, err := from.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := to.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var first, second int64
	if err := raw.Control(func(fd uintptr) { first, second = socketDrops(int(fd)), socketDrops(int(fd)) }); err != nil {
		t.Fatal(err)
	}
	if first < 50 || first > 100 || second != first {
		t.Errorf("of 100 datagrams %d were dropped, asked again %d", first, second)
	}
}

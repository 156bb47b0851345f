package emulate

import (
	"bytes"
	"encoding/binary"
	"io"
	"reflect"
	"strings"
	"testing"

	"sendim/core/model"
)

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
s1-eth1: 1234      56    0    0    0     0          0         0     7890      12    0    0    0     0       0          0
`

const qdiscs = `[{"kind":"htb","handle":"1:","dev":"s1-eth1","root":true,"drops":7,"backlog":0},{"kind":"pfifo","handle":"10:","dev":"s1-eth1","parent":"1:1","drops":7,"backlog":3028,"qlen":2},{"kind":"noqueue","dev":"lo","drops":0,"backlog":0}]`

func TestCountersAreReadFromTheKernelsTables(t *testing.T) {
	want := map[string]device{"lo": {}, "s1-eth1": {received: counters{packets: 56, bytes: 1234}, sent: counters{packets: 12, bytes: 7890}}}
	if got := parseDevices(strings.NewReader(netDev)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := parseQueues([]byte(qdiscs)); !reflect.DeepEqual(got, map[string]counters{"lo": {}, "s1-eth1": {drops: 7, backlog: 3028, waiting: 2}}) {
		t.Errorf("%+v", got)
	}
}

func TestTheMachinesLoadIsTheShareOfTicks(t *testing.T) {
	before := machine{total: 1000, idle: 500, steal: 10, pressure: 1}
	after := machine{total: 1200, idle: 550, steal: 30, pressure: 1.25}
	if l := after.since(before, model.Second); l.Busy != 0.65 || l.Steal != 0.1 || l.Pressure != 0.25 {
		t.Errorf("%+v", l)
	}
	if l := (machine{pressure: -1}).since(machine{pressure: -1}, model.Second); l.Pressure != -1 {
		t.Errorf("%+v", l)
	}
}

// tcpdumps is a capture as tcpdump writes it, of one frame of four bytes.
func tcpdumps() []byte {
	b := binary.NativeEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, make([]byte, 20)...)
	for _, v := range []uint32{1_800_000_001, 500_000_000, 4, 4} {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return append(b, 1, 2, 3, 4)
}

func TestACaptureCountsItsTimesFromTheStartOfTheRun(t *testing.T) {
	var out bytes.Buffer
	if err := rewrite(bytes.NewReader(tcpdumps()), &out, func(wall int64) int64 { return wall - 1_800_000_000_000_000_000 }); err != nil {
		t.Fatal(err)
	}
	if b := out.Bytes(); len(b) != 44 || binary.BigEndian.Uint32(b[24:]) != 1 || binary.BigEndian.Uint32(b[28:]) != 500_000_000 || !bytes.Equal(b[40:], []byte{1, 2, 3, 4}) {
		t.Errorf("%x", b)
	}
	if err := rewrite(strings.NewReader("no capture at all, but text"), io.Discard, func(wall int64) int64 { return wall }); err == nil {
		t.Error("text is taken for a capture")
	}
}

// FuzzCapture holds that nothing that tcpdump could write does harm.
func FuzzCapture(f *testing.F) {
	f.Add(tcpdumps())
	f.Add(tcpdumps()[:30])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		var out bytes.Buffer
		_ = rewrite(bytes.NewReader(text), &out, func(wall int64) int64 { return wall })
		if out.Len() > len(text)+24 {
			t.Errorf("%d bytes became %d", len(text), out.Len())
		}
	})
}

// FuzzCounters holds that no table of the kernel's does harm.
func FuzzCounters(f *testing.F) {
	f.Add([]byte(netDev))
	f.Add([]byte(qdiscs))
	f.Fuzz(func(_ *testing.T, text []byte) {
		parseDevices(bytes.NewReader(text))
		parseQueues(text)
	})
}

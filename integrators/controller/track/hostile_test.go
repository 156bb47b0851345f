package track

import (
	"strings"
	"testing"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// quiet is a ring of three whose hosts know each other.
func quiet(t *testing.T, o Options) (*town, []*station) {
	w, hosts := ring(t, 3, o, routes)
	w.run(2 * model.Second)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Fatalf("do not reach each other: %v", failed)
	}
	return w, hosts
}

func TestAHostCannotInventALink(t *testing.T) {
	t.Run("by LLDP of its own", func(t *testing.T) {
		w, hosts := quiet(t, Options{})
		before := w.shape()
		forged := probe.Seal{Key: [32]byte{9}}
		for range 20 {
			w.send(hosts[0].at, forged.Frame(probe.Note{DPID: 2, Port: 3, Sent: w.now + 1}))
			w.send(hosts[1].at, forged.Frame(probe.Note{DPID: 1, Port: 3, Sent: w.now + 1}))
			w.run(model.Second)
		}
		if got := w.shape(); got != before {
			t.Errorf("found\n%s", got)
		}
	})
	t.Run("by carrying LLDP from one port to another", func(t *testing.T) {
		w, hosts := quiet(t, Options{})
		before := w.shape()
		a, b := hosts[0], hosts[1]
		a.relay = func(frame []byte) { w.send(b.at, frame) }
		b.relay = func(frame []byte) { w.send(a.at, frame) }
		w.run(20 * model.Second)
		if got := w.shape(); got != before {
			t.Errorf("found\n%s", got)
		}
		if !w.noted("while hosts answer: no link") {
			t.Errorf("noted: %v", w.notes)
		}
		if failed := w.all(hosts...); len(failed) > 0 {
			t.Errorf("do not reach each other: %v", failed)
		}
	})
	t.Run("by LLDP of long ago", func(t *testing.T) {
		w, hosts := quiet(t, Options{})
		var kept []byte
		hosts[0].relay = func(frame []byte) { kept = frame }
		w.run(2 * model.Second)
		hosts[0].relay = nil
		w.pull(hosts[1])
		w.run(10 * model.Second)
		b := hosts[1].at
		w.plug(&station{town: w, mac: 0x0a0000000099, knows: map[packet.IPv4]packet.MAC{}, deaf: true}, b)
		for range 20 {
			w.send(b, kept)
			w.run(model.Second)
		}
		if strings.Contains(w.shape(), "s1:3 s2:3") || !w.noted("LLDP of another time") {
			t.Errorf("found\n%s\nnoted %v", w.shape(), w.notes)
		}
	})
}

func TestAHostCannotBeSomebodyElse(t *testing.T) {
	w, hosts := quiet(t, Options{})
	victim, thief, other := hosts[0], hosts[1], hosts[2]
	before := w.shape()
	other.heard = nil
	for range 10 {
		w.send(thief.at, packet.AppendPadded(nil, packet.Echo(victim.mac, other.mac, victim.ip, other.ip, false), packet.EchoPayload(9, 9, nil)))
		w.run(model.Second)
	}
	for _, h := range other.heard {
		if h.EthType == packet.EthTypeIPv4 {
			t.Errorf("a frame with a stolen address came through: %v", h)
		}
	}
	if got := w.shape(); got != before {
		t.Errorf("found\n%s\nwant\n%s", got, before)
	}
	if !w.noted("calls himself 10.0.0.1, who answers at s1:3") {
		t.Errorf("noted: %v", w.notes)
	}
	// Saying that one has somebody's address is of no use either, while he answers.
	for range 5 {
		w.send(thief.at, packet.AppendPadded(nil, packet.ARPReply(thief.mac, victim.ip, other.mac, other.ip), nil))
		w.run(model.Second)
	}
	if got := w.shape(); got != before || !w.noted("says that he has 10.0.0.1") {
		t.Errorf("found\n%s\nnoted %v", got, w.notes)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

func TestStrangersAreBounded(t *testing.T) {
	w, hosts := quiet(t, Options{PerPort: 50, Hosts: 1000})
	storm := hosts[1]
	ups := 0
	for i := range 20000 {
		m := packet.MAC(0x0c0000000000 + i)
		w.send(storm.at, packet.AppendPadded(nil, packet.Echo(m, hosts[0].mac, packet.IPv4(0x0b000000+i), hosts[0].ip, false), packet.EchoPayload(1, 1, nil)))
		w.run(model.Millisecond)
		ups++
	}
	if n := len(w.tracker.hosts); n > 60 {
		t.Errorf("%d hosts are known", n)
	}
	if n := w.atlas.Network().NodeCount(); n > 300 {
		t.Errorf("%d nodes were made", n)
	}
	if !w.noted("closed to strangers") || len(w.notes) > 20 {
		t.Errorf("noted: %v", w.notes)
	}
	if failed := w.all(hosts...); len(failed) > 0 { // the storm's own port is closed to strangers, and not to him
		t.Errorf("do not reach each other: %v", failed)
	}
	// Whoever was invented is gone in time, and the port is open again.
	w.run(10 * model.Minute)
	newcomer := w.station(77, spot{2, 5})
	w.run(2 * model.Second)
	if !newcomer.ping(hosts[0]) {
		t.Error("a newcomer is not let in")
	}
}

func TestWhatComesBackToItsOwnSwitchIsNotUsed(t *testing.T) {
	w, hosts := ring(t, 3, Options{}, learns)
	w.cable(spot{1, 4}, spot{1, 5})
	w.run(2 * model.Second)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
	if !w.noted("what leaves port 5 comes in there") {
		t.Errorf("noted: %v", w.notes)
	}
	w.cut(spot{1, 4})
	w.cable(spot{1, 4}, spot{2, 4}) // and when it leads elsewhere, it is
	w.run(2 * model.Second)
	if !strings.Contains(w.shape(), "s1:4 s2:4") {
		t.Errorf("found\n%s", w.shape())
	}
}

func TestALinkThatIsSeenOneWayIsNone(t *testing.T) {
	w, hosts := ring(t, 3, Options{}, learns)
	w.mute[spot{1, 1}] = true
	w.run(8 * model.Second)
	if got := w.shape(); strings.Contains(got, "s1:1") {
		t.Errorf("found\n%s", got)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
	if !w.noted("LLDP of s2:2 comes in there and none goes back") {
		t.Errorf("noted: %v", w.notes)
	}
	delete(w.mute, spot{1, 1})
	w.run(2 * model.Second)
	if got := w.shape(); !strings.Contains(got, "s1:1 s2:2") {
		t.Errorf("found\n%s", got)
	}
}

func TestAHostInTwoPlacesStaysInOne(t *testing.T) {
	w, hosts := quiet(t, Options{})
	a := hosts[0]
	a.deaf = true // it answers nobody, so that every place is as good
	there := spot{2, 5}
	w.plug(&station{town: w, mac: a.mac, knows: map[packet.IPv4]packet.MAC{}, deaf: true}, there)
	w.run(2 * model.Second)
	before := w.atlas.Network().LinkCount()
	for i := range 600 {
		at := there
		if i%2 == 0 {
			at = a.at
		}
		w.send(at, packet.AppendPadded(nil, packet.Echo(a.mac, hosts[2].mac, a.ip, hosts[2].ip, false), packet.EchoPayload(1, 1, nil)))
		w.run(500 * model.Millisecond)
	}
	if moved := w.atlas.Network().LinkCount() - before; moved > 60 {
		t.Errorf("it has moved %d times in 5 minutes", moved)
	}
	if !w.noted("moves to and fro") {
		t.Errorf("noted: %v", w.notes)
	}
}

func TestASwitchWithPortsWithoutEndHasSomeOfThem(t *testing.T) {
	w, hosts := quiet(t, Options{})
	w.build(9, 2)
	w.dial(9)
	claim := func(from, to uint32, up bool) {
		t.Helper()
		for n := from; n < to; n++ {
			w.up(w.boxes[9], control.Upcall{Kind: control.PortStatus, Ports: []flow.PortState{{Port: n, Name: "x", Up: up}}})
		}
		w.run(2 * model.Second)
	}
	claim(10, 3*portsMost, false) // that come and go are no fault
	if w.noted("the others are not used") {
		t.Errorf("noted: %v", w.notes)
	}
	w.run(2 * model.Second)
	const far = 1 << 20
	claim(far, far+100, false)
	if n := len(w.tracker.dpids[9].ports); n > 200 {
		t.Errorf("%d ports are kept in mind that nothing is known of", n)
	}
	d := w.tracker.dpids[9]
	for n := uint32(2 * far); n < 2*far+portsMost+100; n++ {
		w.tracker.status(d, flow.PortState{Port: n, Name: "x", Up: true})
	}
	if n := len(d.ports); n > portsMost {
		t.Errorf("%d ports are looked after", n)
	}
	if !w.noted("s9 it has more than 8192 ports") {
		t.Errorf("noted: %v", w.notes)
	}
	w.hang(9, true)
	w.run(model.Second)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

package track

import (
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
)

// The time is the town's, in which every step takes a millisecond: ports settle after
// 600 ms, and a host asks again after a second.
func TestAHostThatSpeaksAtOnceIsAnsweredBeforeItsPortHasSettled(t *testing.T) {
	for name, a := range map[string]func() app.App{"routes": routes, "learns": learns} {
		t.Run(name, func(t *testing.T) {
			w, hosts := ring(t, 4, Options{}, a)
			w.run(10 * model.Millisecond)
			hosts[0].says(packet.ARPRequest(hosts[0].mac, hosts[0].ip, hosts[2].ip), nil)
			w.run(200 * model.Millisecond)
			if hosts[0].knows[hosts[2].ip] != hosts[2].mac {
				t.Errorf("h3 is not found; the network is\n%s", w.shape())
			}
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 || len(w.notes) > 0 || strings.Count(w.shape(), "\n") != 7 {
				t.Errorf("do not reach each other: %v; noted: %v; found\n%s", failed, w.notes, w.shape())
			}
		})
	}
}

// slow is a ring one of whose links carries nothing yet.
func slow(t *testing.T) (*town, []*station, spot) {
	w, hosts := ring(t, 3, Options{}, learns)
	w.mute[spot{1, 1}], w.mute[spot{2, 2}] = true, true
	w.run(100 * model.Millisecond)
	return w, hosts, spot{1, 1}
}

// found says that the slow link is a link, after all.
func (w *town) found(t *testing.T, hosts []*station) {
	t.Helper()
	w.mute[spot{1, 1}], w.mute[spot{2, 2}] = false, false
	w.run(300 * model.Millisecond)
	if !strings.Contains(w.shape(), "s1:1 s2:2") || len(w.notes) > 0 {
		t.Errorf("noted: %v; found\n%s", w.notes, w.shape())
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

func TestWhatComesByALinkThatIsNotFoundYetIsNoHost(t *testing.T) {
	for name, say := range map[string]func(w *town, hosts []*station, at spot){
		"an interface that says things of its own": func(w *town, _ []*station, at spot) {
			w.send(at, packet.AppendPadded(nil, packet.Header{EthSrc: 0x060000000202, EthDst: 0x333300000016, EthType: packet.EthTypeIPv6}, make([]byte, 40)))
		},
		"somebody who is at home elsewhere": func(w *town, hosts []*station, at spot) {
			hosts[1].says(packet.ARPRequest(hosts[1].mac, hosts[1].ip, hosts[2].ip), nil)
			w.run(100 * model.Millisecond)
			w.send(at, packet.AppendPadded(nil, packet.ARPRequest(hosts[1].mac, hosts[1].ip, hosts[0].ip), nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, hosts, at := slow(t)
			say(w, hosts, at)
			w.run(20 * model.Millisecond)
			if p := w.tracker.devices[w.boxes[1].node].port(1); p.state != settling || len(p.hosts) > 0 {
				t.Errorf("the port is in state %d, with %d hosts", p.state, len(p.hosts))
			}
			w.found(t, hosts)
		})
	}
}

func TestAStormAtAPortThatSettlesIsNotListenedTo(t *testing.T) {
	w, hosts, at := slow(t)
	storm := func(frames int) (heard int) {
		before := w.boxes[1].seq
		for range frames {
			w.send(at, packet.AppendPadded(nil, packet.Header{EthSrc: 0x0a00000000bb, EthDst: packet.Broadcast, EthType: 0x88b5}, nil))
		}
		w.run(10 * model.Millisecond)
		return int(w.boxes[1].seq - before)
	}
	if first, second := storm(200), storm(200); first < 200 || second > 50 {
		t.Errorf("of 200 frames %d come up, and then %d", first, second)
	}
	w.found(t, hosts)
}

// A switch that another has filled lets through what it likes until it dials itself.
func TestAtSwitchesThatHoldRulesOfBeforePortsSettleFirst(t *testing.T) {
	w, hosts := quiet(t, Options{})
	w.hang(1, false)
	w.cut(spot{1, 1})
	w.run(model.Second)
	w.dial(1)
	w.run(10 * model.Millisecond)
	w.cable(spot{1, 1}, spot{2, 2})
	w.mute[spot{1, 1}], w.mute[spot{2, 2}] = true, true
	w.run(100 * model.Millisecond)
	w.send(spot{1, 1}, packet.AppendPadded(nil, packet.ARPRequest(0x0a00000000cc, 0x0a0000cc, hosts[0].ip), nil))
	w.run(100 * model.Millisecond)
	if p := w.tracker.devices[w.boxes[1].node].port(1); p.state != settling {
		t.Errorf("the port is in state %d", p.state)
	}
}

// Interfaces of a switch say things of their own before it dials.
func TestWhatASwitchSaysBeforeItDialsIsNoHostOnceItHas(t *testing.T) {
	w := newTown(t, Options{}, learns)
	w.build(1, 3)
	w.build(2, 3)
	w.cable(spot{1, 1}, spot{2, 2})
	hosts := []*station{w.station(1, spot{1, 3}), w.station(2, spot{2, 3})}
	w.dial(1)
	w.run(model.Second)
	face := w.boxes[2].states()[1].MAC
	noise := func() {
		w.send(spot{1, 1}, packet.AppendPadded(nil, packet.Header{EthSrc: face, EthDst: 0x333300000016, EthType: packet.EthTypeIPv6}, make([]byte, 40)))
		w.run(10 * model.Millisecond)
	}
	noise()
	if w.tracker.hosts[face] == nil {
		t.Error("it is not taken for a host, though nobody can know better yet")
	}
	w.dial(2)
	w.run(100 * model.Millisecond)
	noise()
	if w.tracker.hosts[face] != nil || !strings.Contains(w.shape(), "s1:1 s2:2") || len(w.notes) > 0 {
		t.Errorf("noted: %v; found\n%s", w.notes, w.shape())
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

// The port of a container that hangs on its switch by the port itself has its address.
func TestAHostWithTheAddressOfItsPortIsAHost(t *testing.T) {
	w, hosts := ring(t, 3, Options{}, learns)
	hosts[0].mac = w.boxes[1].states()[2].MAC
	w.run(model.Second)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v; found\n%s", failed, w.shape())
	}
}

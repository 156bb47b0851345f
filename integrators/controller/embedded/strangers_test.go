package embedded_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sendim/core/model"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

// open is a controller that takes in whoever says who it is; asked counts whom it was asked for.
func open(t *testing.T) (b *bench, asked *atomic.Int64) {
	asked = &atomic.Int64{}
	b = run(t, newScript(), 0, nil, func(c *embedded.Config) {
		c.Unknown = func(dpid uint64) (model.NodeID, bool) { asked.Add(1); return model.NodeID(dpid), dpid != 0 }
	})
	return b, asked
}

func TestAConnectionThatNamesManyDatapathIDsTakesInNone(t *testing.T) {
	b, asked := open(t)
	p := dial(t, b.addr)
	p.send(wire.TypeHello, 1)
	m := p.next(wire.TypeFeaturesRequest)
	p.say(append(append(wire.Message(nil), reply(p, m, 7)...), reply(p, m, 8)...))
	p.closed()
	b.await(t, "datapath id 0x7 has become 0x8 in one breath")
	if n := asked.Load(); n != 0 {
		t.Errorf("%d of them were taken in", n)
	}
	q := dial(t, b.addr)
	q.greet(9)
	b.wait(t, 1)
	if n := asked.Load(); n != 1 {
		t.Errorf("with a switch that has introduced itself %d are taken in", n)
	}
}

func reply(p *peer, m wire.Message, dpid uint64) []byte {
	b := append([]byte{uint8(p.of.Version()), uint8(wire.TypeFeaturesReply), 0, 32, m[4], m[5], m[6], m[7]}, features(dpid)...)
	return b
}

func TestAHelloOfImmenseLengthIsNotWaitedFor(t *testing.T) {
	b, _ := open(t)
	p := dial(t, b.addr)
	p.say(wire.Message{4, 0, 0xff, 0xff, 0, 0, 0, 1})
	p.closed()
	b.await(t, "its hello has more than 4096 bytes")
}

// await waits until the diary has a text.
func (b *bench) await(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		b.clock.Flush()
		said := strings.Join(b.diary.texts(), "\n")
		if strings.Contains(said, text) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the diary does not say %q but\n%s", text, said)
		}
	}
}

func TestTheSameFaultAgainAndAgainIsNotedAFewTimes(t *testing.T) {
	b, _ := open(t)
	for range 40 {
		p := dial(t, b.addr)
		p.say(wire.Message{2, 0, 0, 8, 0, 0, 0, 1})
		p.closed()
	}
	for range 40 {
		p := dial(t, b.addr)
		p.greet(1)
		p.say(wire.Message{0xff, 99, 0, 8, 0, 0, 0, 1})
		p.closed()
	}
	p := dial(t, b.addr)
	p.say(wire.Message{4, 7, 0, 8, 0, 0, 0, 1})
	p.closed()
	b.await(t, "the first message has type 7") // what is new is noted all the same
	count := map[string]int{}
	for _, line := range b.diary.texts() {
		for _, of := range []string{"it offers OpenFlow version 2", "has version 255 after", "has type 7"} {
			if strings.Contains(line, of) {
				count[of]++
			}
		}
	}
	for of, n := range count {
		if n < 1 || n > 10 {
			t.Errorf("%q is noted %d times", of, n)
		}
	}
	if len(count) != 3 {
		t.Errorf("noted: %v", count)
	}
}

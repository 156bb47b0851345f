package embedded_test

import (
	"bytes"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
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
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
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

// poor is a listener that cannot take whoever dials, some times.
type poor struct {
	net.Listener
	left atomic.Int64
}

func (p *poor) Accept() (net.Conn, error) {
	if p.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return p.Listener.Accept()
}

func TestAControllerThatHasNoFilesLeftWaitsForSome(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &poor{Listener: l}
	p.left.Store(2)
	b := run(t, newScript(), 1, p, nil)
	dial(t, b.addr).greet(1)
	b.wait(t, 1)
	b.await(t, "no connection can be taken now")
}

func TestWhoeverSaysTooMuchBeforeTheAppsAreStartedIsLost(t *testing.T) {
	b := run(t, newScript(), 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	status := append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, p.port(1, "p1", false)...)
	many := bytes.Repeat(wiretest.Message(p.of.Version(), wire.TypePortStatus, 0, status), 1000)
	go func() {
		for {
			if _, err := p.net.Write(many); err != nil {
				return
			}
		}
	}()
	b.await(t, "s1: connection lost: it says more than 65536 things before the apps are started")
	if n := len(b.Connected()); n != 0 {
		t.Errorf("%d are connected", n)
	}
}

func TestAnAnswerOfNothingWithoutEndIsCutOff(t *testing.T) {
	b := run(t, newScript(), 1, nil, func(c *embedded.Config) { c.Answers = 1 << 16 })
	p := dial(t, b.addr)
	p.introduce(1)
	ask := p.next(wire.TypeMultipartRequest)
	for range 1 << 13 {
		p.answer(ask, true)
	}
	b.await(t, "what it holds cannot be read, so it is told everything anew: its statistics take more than")
	b.wait(t, 1)
}

func TestStatisticsThatFitNoAppAreRefusedAndTheSwitchStays(t *testing.T) {
	s := newScript()
	s.polls = true
	b := run(t, s, 1, nil, nil)
	p := dial(t, b.addr)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	s.send(control.Downcall{Kind: control.AskStats, Switch: 0, Stats: &app.StatsRequest{Rules: true}})
	ask := p.next(wire.TypeMultipartRequest)
	body := bytes.Repeat(ruleEntry(t, p.of, flow.Rule{Priority: 1, Match: flow.Match{}.With(flow.InPort, 1)}), 800)
	for range (17 << 20) / len(body) {
		p.answer(ask, true, body...)
	}
	if u := s.await(t, "refusal", kind(control.Refusal)); !strings.Contains(u.Reason, "its statistics take more than") {
		t.Errorf("refused: %s", u.Reason)
	}
	p.answer(ask, false, body...)
	p.send(wire.TypeEchoRequest, 77)
	p.next(wire.TypeEchoReply)
}

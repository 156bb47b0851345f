package embedded_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

// town is a controller with the real runtime and an app, a switch that behaves, and
// another one's place.
type town struct {
	*bench
	good *peer
	t    testing.TB
}

// forgetful is a router that does not keep what it was told.
type forgetful struct{ router }

func (f *forgetful) React(e *app.Event, out *app.Commands) {
	f.router.React(e, out)
	f.told = nil
}

func newTown(t testing.TB, adjust func(*embedded.Config)) *town {
	t.Helper()
	n := chain(t)
	w := &town{t: t}
	w.bench = run(t, nil, 2, nil, func(cfg *embedded.Config) {
		driven(t, n, "router", &forgetful{}, trace.Discard{})(cfg)
		cfg.Handshake = 20 * time.Second
		if adjust != nil {
			adjust(cfg)
		}
	})
	w.good = dial(t, w.addr)
	w.good.greet(1)
	w.wait(t, 1)
	done := make(chan error, 1)
	go func() { done <- w.StartApps(t.Context()) }()
	w.good.send(wire.TypeBarrierReply, w.good.next(wire.TypeBarrierRequest).Xid())
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return w
}

// works fails the test unless the switch that behaves is served.
func (w *town) works(after string) {
	w.t.Helper()
	h := packet.Echo(0x020000000001, 0x020000000002, 0x0a000001, 0x0a000002, false)
	in := append(make([]byte, 16), 0, 1, 0, 12, 0x80, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(in, 0xffffffff)
	began := time.Now()
	w.good.net.SetDeadline(began.Add(time.Minute))
	w.good.send(wire.TypePacketIn, 0, packet.AppendPadded(in, h, nil)...)
	for { // barriers are answered on the way
		m, err := wire.Read(w.good.read)
		if err != nil {
			w.t.Fatalf("after %s the switch that behaves is not served: %v; diary %v", after, err, w.diary.texts())
		}
		switch m.Type() {
		case wire.TypeBarrierRequest:
			w.good.send(wire.TypeBarrierReply, m.Xid())
		case wire.TypeEchoRequest:
			w.good.send(wire.TypeEchoReply, m.Xid())
		case wire.TypePacketOut:
			return
		}
	}
}

// visit is a connection that says something at one point of its life, and goes.
func (w *town) visit(d wire.Dialect, stage int, say []byte) {
	w.t.Helper()
	p := dialIn(w.t, w.addr, d)
	defer p.net.Close()
	switch stage {
	case 1:
		p.introduce(2)
		p.next(wire.TypeMultipartRequest)
	case 2:
		p.greet(2)
	}
	p.net.SetDeadline(time.Now().Add(time.Minute))
	p.net.Write(say)
	p.net.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, p.read) // until the controller has had enough
}

// utterances are messages of our own and, where a collection is at hand, of others.
func utterances(t testing.TB, d wire.Dialect) (out [][]byte) {
	t.Helper()
	add := func(b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	for _, r := range wiretest.Rules() {
		add(d.RuleMod(1, &flow.RuleMod{Rule: r}))
		// The first own question after the handshake is for the rules; more of them follow.
		out = append(out, wiretest.Message(d.Version(), wire.TypeMultipartReply, 1<<31+4, append([]byte{0, 1, 0, 1, 0, 0, 0, 0}, ruleEntry(t, d, r)...)))
	}
	for _, g := range wiretest.Groups() {
		add(d.GroupMod(1, &flow.GroupMod{Group: g}))
	}
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		return out
	}
	files, err := filepath.Glob(filepath.Join(root, "data", "openflow-messages", "*", "*.packet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages below %s: %v", root, err)
	}
	for _, name := range files {
		add(os.ReadFile(name))
	}
	return out
}

// ruleEntry is the entry of the statistics of rules about one.
func ruleEntry(t testing.TB, d wire.Dialect, r flow.Rule) []byte {
	t.Helper()
	b, err := wiretest.Rule(d, flow.RuleStat{Rule: r})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// distort gives a message as others might have it that mean no good.
func distort(d wire.Dialect, b []byte, r *rand.Rand) []byte {
	b = slices.Clone(b)
	if len(b) < 8 {
		return b
	}
	b[0] = uint8(d.Version())
	switch r.IntN(6) {
	case 0: // as it is
	case 1: // shorter, and it says so
		b = b[:8+r.IntN(len(b)-7)]
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	case 2: // another length than it says
		binary.BigEndian.PutUint16(b[2:], uint16(r.Uint32()))
	case 3: // another type, and a transaction of ours
		b[1] = byte(r.IntN(40))
		binary.BigEndian.PutUint32(b[4:], 1<<31+uint32(r.IntN(10)))
	case 4: // some inner length
		if len(b) > 12 {
			binary.BigEndian.PutUint16(b[8+r.IntN(len(b)-9):], uint16(r.IntN(0x100)))
		}
	case 5:
		for range 1 + r.IntN(8) {
			b[4+r.IntN(len(b)-4)] ^= 1 << r.IntN(8)
		}
	}
	return b
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWhateverASwitchSaysTheOthersAreServed(t *testing.T) {
	w := newTown(t, nil)
	w.works("the start")
	before := heap()
	r := rand.New(rand.NewPCG(1, 2))
	said := 0
	for _, d := range []wire.Dialect{wire.V13{}, wire.V15{}} {
		for _, b := range utterances(t, d) {
			w.visit(d, said%3, b)
			for range 8 {
				for stage := range 3 {
					w.visit(d, stage, slices.Concat(distort(d, b, r), wire.EchoRequest(d.Version(), 1), distort(d, b, r)))
					said++
				}
			}
			w.works("some distorted messages")
		}
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("%d connections have left %d MiB behind", said, (after-before)>>20)
	}
	if n := len(w.diary.texts()); n > said {
		t.Errorf("the diary has %d lines about %d connections", n, said)
	}
	t.Logf("%d connections, the heap grew by %d KiB", said, int64(heap()-before)>>10)
}

// TestASwitchThatTalksForEverTakesLittle has a switch say as much as it can and read
// nothing.
func TestASwitchThatTalksForEverTakesLittle(t *testing.T) {
	w := newTown(t, func(c *embedded.Config) { c.Silence = 10 * time.Second }) // the one that behaves answers now and then only
	w.works("the start")
	before := heap()
	for name, message := range map[string][]byte{
		"echoes":  append([]byte{4, 2, 0xff, 0xff, 0, 0, 0, 1}, make([]byte, 0xffff-8)...),
		"errors":  append([]byte{4, 1, 0, 0x20, 0, 0, 0, 1}, make([]byte, 0x18)...),
		"packets": append(append([]byte{4, 10, 0xff, 0xff, 0, 0, 0, 1}, append(make([]byte, 16), 0, 1, 0, 12, 0x80, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)...), make([]byte, 0xffff-42)...),
	} {
		p := dial(t, w.addr)
		p.greet(2)
		p.net.SetDeadline(time.Now().Add(2 * time.Second))
		if name == "echoes" { // until it is given up
			p.net.SetDeadline(time.Now().Add(time.Minute))
		}
		message = bytes.Repeat(message, 1+(1<<20)/len(message))
		stop := make(chan bool)
		go func() {
			defer close(stop)
			for {
				if _, err := p.net.Write(message); err != nil {
					return
				}
			}
		}()
		most := uint64(0)
		for talking := true; talking; {
			select {
			case <-stop:
				talking = false
			case <-time.After(50 * time.Millisecond):
				w.works("a flood of " + name)
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		p.net.Close()
		for deadline := time.Now().Add(time.Minute); len(w.Connected()) > 1; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) { // it is served for as long as it seems to answer
				t.Fatalf("after a flood of %s the switch is still there", name)
			}
		}
		if most > before+512<<20 {
			t.Errorf("a flood of %s took %d MiB", name, (most-before)>>20)
		}
		t.Logf("a flood of %s took %d MiB at most", name, int64(most-before)>>20)
		w.works("a flood of " + name)
		for deadline := time.Now().Add(time.Minute); name == "echoes"; time.Sleep(time.Millisecond) {
			texts := strings.Join(w.diary.texts(), "\n")
			if strings.Contains(texts, "s2: connection lost: it is more than ") || strings.Contains(texts, "s2: connection lost: it has taken nothing for ") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("a switch that does not take its echoes is kept; diary %s", texts)
			}
		}
	}
	if n := len(w.diary.texts()); n > 200 {
		t.Errorf("the diary has %d lines", n)
	}
}

func TestAnAnswerWithoutEndIsCutOff(t *testing.T) { inBoth(t, anAnswerWithoutEndIsCutOff) }

func anAnswerWithoutEndIsCutOff(t *testing.T) {
	w := newTown(t, func(c *embedded.Config) { c.Answers = 2 << 20 })
	var body []byte
	for _, r := range wiretest.Rules() {
		body = append(body, ruleEntry(t, spoken(t), r)...)
	}
	body = bytes.Repeat(body, 60000/len(body))
	p := dial(t, w.addr)
	p.introduce(2)
	ask := p.next(wire.TypeMultipartRequest)
	for range (2<<20)/len(body) - 1 { // all but what is left
		p.answer(ask, true, body...)
	}
	answered := make(chan int, 1)
	go func() { // within its share the other one is heard all the same
		items, err := w.Ask(t.Context(), backend.Selector{Node: 0, Rules: true})
		if err != nil {
			t.Error(err)
		}
		answered <- len(items)
	}()
	m := w.good.next(wire.TypeMultipartRequest)
	for range 10 {
		w.good.answer(m, true, body...)
	}
	w.good.answer(m, false)
	if n := <-answered; n < 1000 {
		t.Errorf("%d rules", n)
	}
	for range 10 {
		p.answer(ask, true, body...)
	}
	p.answer(ask, false)
	w.wait(t, 2)
	if texts := strings.Join(w.diary.texts(), "\n"); !strings.Contains(texts, "s2: what it holds cannot be read, so it is told everything anew: its statistics take more than 1048576 bytes") {
		t.Errorf("diary: %s", texts)
	}
	w.works("an answer without end")
}

// FuzzASwitchThatSaysAnything is one connection after the other to one controller: what
// is said at which point, and then whether another switch is served.
func FuzzASwitchThatSaysAnything(f *testing.F) {
	for v, d := range []wire.Dialect{wire.V13{}, wire.V15{}} {
		for i, b := range utterances(f, d) {
			f.Add(uint8(i%3+3*v), b)
		}
	}
	w := newTown(f, func(c *embedded.Config) { c.Handshake = 100 * time.Millisecond })
	f.Fuzz(func(t *testing.T, stage uint8, say []byte) {
		w.t = t
		w.good.t = t
		d := []wire.Dialect{wire.V13{}, wire.V15{}}[stage/3%2]
		w.visit(d, int(stage%3), say)
		w.works("this")
	})
}

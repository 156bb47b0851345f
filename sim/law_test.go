package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

// scene is a random network with random traffic and changes.
type scene struct {
	links    []string
	spec     model.LinkSpec
	flows    []model.Flow
	classes  []model.Class
	changes  []model.Change
	at       []model.Time
	reactive bool
	idle     uint16
	delay    model.Time
	seed     uint64
	workers  int
}

func scenes(t *rapid.T) (s scene) {
	switches := rapid.IntRange(1, 6).Draw(t, "switches")
	hosts := rapid.IntRange(2, 6).Draw(t, "hosts")
	for i := 2; i <= switches; i++ {
		s.links = append(s.links, fmt.Sprintf("s%d-s%d", rapid.IntRange(1, i-1).Draw(t, "to"), i))
	}
	for range rapid.IntRange(0, 3).Draw(t, "more") {
		a, b := rapid.IntRange(1, switches).Draw(t, "a"), rapid.IntRange(1, switches).Draw(t, "b")
		if a != b {
			s.links = append(s.links, fmt.Sprintf("s%d-s%d", a, b))
		}
	}
	for i := 1; i <= hosts; i++ {
		s.links = append(s.links, fmt.Sprintf("h%d-s%d", i, rapid.IntRange(1, switches).Draw(t, "at")))
	}
	s.spec = model.LinkSpec{
		Rate:   rapid.SampledFrom([]model.Rate{0, 1e6, 1e7, 123456789}).Draw(t, "rate"),
		Delay:  rapid.SampledFrom([]model.Time{0, 1, model.Microsecond, 3 * model.Millisecond}).Draw(t, "delay"),
		Jitter: rapid.SampledFrom([]model.Time{0, 0, model.Millisecond}).Draw(t, "jitter"),
		Loss:   rapid.SampledFrom([]float64{0, 0, 0.1}).Draw(t, "loss"),
		Queue:  model.QueueLimit{Packets: int32(rapid.IntRange(1, 20).Draw(t, "queue"))}}
	for i := range rapid.IntRange(1, 6).Draw(t, "flows") {
		a := rapid.IntRange(1, hosts).Draw(t, "from")
		b := rapid.IntRange(1, hosts-1).Draw(t, "target")
		if b >= a {
			b++
		}
		f := model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(a), To: model.NodeID(b), Start: model.Time(rapid.Int64Range(0, 200e9).Draw(t, "start")),
			SrcPort: uint16(2000 + i), DstPort: uint16(3000 + i), Packet: 1000}
		f.Transport = rapid.SampledFrom([]model.Transport{model.UDP, model.TCP, model.ICMP}).Draw(t, "transport")
		f.Granularity = rapid.SampledFrom([]model.Granularity{model.GranularityPacket, model.GranularityPacket, model.GranularityFlow, model.GranularityChunk}).Draw(t, "granularity")
		switch f.Transport {
		case model.UDP:
			f.Rate, f.Duration = rapid.SampledFrom([]model.Rate{1e5, 3e6}).Draw(t, "rate"), 300*model.Millisecond
		case model.TCP:
			f.Size = model.Size(rapid.IntRange(1, 50_000).Draw(t, "size"))
		default:
			f.Count, f.Granularity = 3, model.GranularityPacket
		}
		s.flows = append(s.flows, f)
	}
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		s.at = append(s.at, model.Time(rapid.Int64Range(0, 500e9).Draw(t, "when")))
		kind := rapid.SampledFrom([]model.ChangeKind{model.LinkDown, model.LinkUp, model.LinkRate, model.LinkDelay, model.NodeDown, model.NodeUp,
			model.PortDown, model.PortUp, model.ControlDown, model.ControlUp, model.ControllerDown, model.ControllerUp, model.ControlDelay, model.ControlLoss}).Draw(t, "change")
		c := model.Change{Kind: kind, Link: model.NoLink, Node: model.NoNode, Rate: 5e6, Delay: model.Millisecond}
		switch {
		case kind == model.ControlDelay:
			c.Delay = rapid.SampledFrom([]model.Time{1, 10 * model.Microsecond, 30 * model.Millisecond}).Draw(t, "channel")
		case kind == model.ControlLoss:
			c.Loss = rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "lost")
		}
		if kind == model.PortDown || kind == model.PortUp {
			c.Node, c.Port = model.NodeID(rapid.IntRange(0, switches+hosts-1).Draw(t, "node")), 1
		} else if kind >= model.ControlDown && kind <= model.ControlLoss {
			if kind != model.ControllerDown && kind != model.ControllerUp {
				c.Node = 0 // put right when the network is there
			}
		} else if kind >= model.NodeDown {
			c.Node = model.NodeID(rapid.IntRange(1, switches+hosts).Draw(t, "node"))
		} else {
			c.Link = model.LinkID(rapid.IntRange(0, len(s.links)-1).Draw(t, "link"))
		}
		s.changes = append(s.changes, c)
	}
	slices.Sort(s.at)
	s.reactive = rapid.Bool().Draw(t, "reactive")
	s.idle = uint16(rapid.IntRange(0, 1).Draw(t, "idle"))
	s.delay = rapid.SampledFrom([]model.Time{1, model.Microsecond, 2 * model.Millisecond}).Draw(t, "control")
	s.seed = uint64(rapid.IntRange(0, 3).Draw(t, "seed"))
	return s
}

// play carries a scene out; stops are further moments at which Run returns.
func (s *scene) play(t testing.TB, b sim.Backend, stops []model.Time, look ...func(*bed)) (*diary, string) {
	n := sketch(t, s.links, s.spec, func(n *model.Network) {
		n.Classes = s.classes
		for _, f := range s.flows {
			from, _ := n.NodeByName(fmt.Sprint("h", f.From))
			to, _ := n.NodeByName(fmt.Sprint("h", f.To))
			f.From, f.To = from, to
			n.Flows = append(n.Flows, f)
		}
	})
	d := newDiary()
	bed := startOn(t, b, n, &router{reactive: s.reactive, idle: s.idle}, d, controlDelay(s.delay), seed(s.seed), workers(s.workers))
	all := append(slices.Clone(s.at), stops...)
	slices.Sort(all)
	changes := s.changes
	for _, at := range all {
		bed.run(at)
		for _, see := range look {
			see(bed)
		}
		for len(changes) > 0 && s.at[len(s.changes)-len(changes)] == at {
			c := changes[0]
			if c.OfControl() && c.Node >= 0 {
				c.Node = n.NodesOfKind(model.Switch)[0]
			}
			if (c.Node == model.NoNode || int(c.Node) < n.NodeCount()) && n.Check(&c) == nil {
				bed.do(backend.Action{Change: &c})
			}
			changes = changes[1:]
		}
	}
	bed.run(30 * model.Second)
	conserved(t, bed)
	bed.close()
	return d, bed.s.Digest()
}

// conserved checks that what entered the links left them.
func conserved(t testing.TB, b *bed) {
	t.Helper()
	p := b.ports()
	lost := uint64(0)
	for _, x := range sim.Strayed(b.s) {
		lost += x
	}
	if p.TxPackets != p.RxPackets+lost+uint64(sim.OnWire(b.s)) {
		t.Errorf("%d frames sent, %d received, %d lost, %d on the wire", p.TxPackets, p.RxPackets, lost, sim.OnWire(b.s))
	}
}

func rapidly(t *testing.T, check func(*rapid.T)) { t.Helper(); rapid.Check(t, check) }

// tb lets a rapid test use the bed.
type tb struct {
	testing.TB
	r *rapid.T
}

func (t tb) Helper()                   {}
func (t tb) Fatal(a ...any)            { t.r.Fatal(a...) }
func (t tb) Fatalf(f string, a ...any) { t.r.Fatalf(f, a...) }
func (t tb) Errorf(f string, a ...any) { t.r.Errorf(f, a...) }

func TestEqualRunsGiveEqualBytes(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		a, first := s.play(tb{t, r}, sim.Backend{}, nil)
		b, second := s.play(tb{t, r}, sim.Backend{}, nil)
		if first != second || a.text.String() != b.text.String() {
			r.Fatal("two runs differ")
		}
	})
}

func TestWindowsChangeNothing(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		stops := []model.Time{1, model.Time(r2(r)), 7 * model.Millisecond}
		a, first := s.play(tb{t, r}, sim.Backend{}, nil)
		b, second := s.play(tb{t, r}, sim.Eager(sim.Backend{}), nil)
		c, third := s.play(tb{t, r}, sim.Backend{}, stops)
		if first != second || first != third {
			r.Fatalf("digests %s in windows, %s one by one, %s with stops", first, second, third)
		}
		// Within a window the diary follows the network first and the apps then: compare
		// what it says, not in which order.
		for _, other := range []*diary{b, c} {
			if x, y := sorted(a), sorted(other); x != y {
				r.Fatalf("the diaries differ: %s", difference(x, y))
			}
		}
	})
}

func r2(r *rapid.T) int64 { return rapid.Int64Range(0, 400e9).Draw(r, "stop") }

func sorted(d *diary) string {
	if err := d.writer.Flush(); err != nil {
		return err.Error()
	}
	lines := strings.Split(d.text.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestFramesOfALinkDoNotOvertakeEachOther(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 50e6, Delay: model.Millisecond, Jitter: model.Millisecond})
	n.Flows = []model.Flow{udp("a", 0, 2, 0, 300*model.Millisecond, 20e6)}
	n.Flows[0].Packet = 300
	n.Watches = []model.Watch{{Links: "type=link", Packets: true}}
	b := start(t, n, &router{}, d)
	b.run(100 * model.Millisecond)
	for _, delay := range []model.Time{0, 5 * model.Millisecond, 0} {
		b.do(backend.Action{Change: &model.Change{Kind: model.LinkDelay, Link: 1, Node: model.NoNode, Delay: delay}})
		b.run(b.s.Now() + 50*model.Millisecond)
	}
	b.run(model.Forever)
	b.close()
	if r := d.results()["a"]; r.Received != r.Sent || sim.Overtaken(b.s) > 0 {
		t.Errorf("%d overtaken: %+v", sim.Overtaken(b.s), r)
	}
	if len(d.kind(trace.Packet)) == 0 {
		t.Error("nothing was written down")
	}
}

func difference(x, y string) string {
	a, b := strings.Split(x, "\n"), strings.Split(y, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n and " + b[i]
		}
	}
	return fmt.Sprintf("%d and %d lines", len(a), len(b))
}

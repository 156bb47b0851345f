package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/model"
)

// Recorded is what an app was told in an eventful hour, and what it answered.
type Recorded struct {
	Events  []app.Event
	Answers [][]app.Command
}

// Record runs an app through pings between all hosts, every link down and up again, a
// switch lost and back, and time enough for rules to run out.
func Record[N string | *model.Network](t T, a app.App, network N, params map[string]string) Recorded {
	t.Helper()
	return Linked(func() app.App { return a }, params).record(t, Network(t, network))
}

func (s Subject) record(t T, net *model.Network) Recorded {
	t.Helper()
	r := &recorder{Instance: s.life(t)}
	defer r.Close() //nolint:errcheck // an end that fails breaks no law
	b := s.bench(t, r, net)
	b.hour()
	return Recorded{r.events, r.answers}
}

// hour has everything happen that an app should be ready for.
func (b *Bench) hour() {
	b.t.Helper()
	b.PingAll()
	for l := range b.Model.Links() {
		name := b.Model.LinkName(l.ID)
		b.LinkDown(name)
		b.PingAll()
		b.LinkUp(name)
		b.Run(100 * model.Millisecond)
	}
	if switches := b.Model.NodesOfKind(model.Switch); len(switches) > 0 {
		b.Lose(b.Model.NodeName(switches[0]))
		b.Run(100 * model.Millisecond)
		b.Reconnect(b.Model.NodeName(switches[0]), true)
	}
	b.PingAll()
	b.Run(2 * model.Minute)
}

// SameEventsSameCommands checks that an app is a function of its events: another one that
// is told the same answers the same. Random numbers, clocks, and the order of a map break it.
func SameEventsSameCommands[N string | *model.Network](t T, fresh func() app.App, network N, params map[string]string) {
	t.Helper()
	Linked(fresh, params).SameEventsSameCommands(t, Network(t, network))
}

// SameEventsSameCommands checks that the app is a function of its events, however they
// are divided into batches.
func (s Subject) SameEventsSameCommands(t T, net *model.Network) {
	t.Helper()
	r := s.record(t, net)
	s.replay(t, r, 0)
}

// SaveRestoreChangesNothing checks that an app that is saved and goes on as another one,
// at many places, answers as if nothing had happened.
func SaveRestoreChangesNothing[N string | *model.Network](t T, fresh func() app.App, network N, params map[string]string) {
	t.Helper()
	if a := fresh(); true {
		if _, ok := a.(app.Stateful); !ok {
			t.Fatalf("%s does not implement app.Stateful", a.Manifest().Name)
		}
	}
	Linked(fresh, params).SaveRestoreChangesNothing(t, Network(t, network))
}

// SaveRestoreChangesNothing checks that a life which goes on from what another one saved
// answers as if nothing had happened.
func (s Subject) SaveRestoreChangesNothing(t T, net *model.Network) {
	t.Helper()
	r := s.record(t, net)
	swaps := s.Swaps
	if swaps <= 0 {
		swaps = 97
	}
	// Everywhere would take long; odd distances meet every kind of event.
	s.replay(t, r, max(1, len(r.Events)/swaps))
}

// replay tells another life the same events and compares its answers; every so many
// events a new life takes its place, 0: never.
func (s Subject) replay(t T, r Recorded, every int) {
	t.Helper()
	i := s.life(t)
	defer func() { _ = i.Close() }()
	l := lives{}
	for from := 0; from < len(r.Events); {
		if every > 0 && from%every == 0 {
			i = s.swapped(t, i)
			l.begin(issued(r.Answers[:from]))
		}
		size := len(r.Events) - from
		if every > 0 {
			size = min(size, every-from%every)
		}
		if l.unsure() {
			size = 1 // its first command tells
		}
		told := make([]app.Event, size)
		for k := range told {
			told[k] = l.known(r.Events[from+k])
		}
		got := make([][]app.Command, size)
		err := i.Handle(context.Background(), told, func(k int, commands []app.Command) { got[k] = append(got[k], commands...) })
		if err != nil {
			t.Fatal(err)
		}
		for k := range got {
			want := r.Answers[from+k]
			if len(got[k]) > 0 && len(want) > 0 {
				l.learn(got[k][0].ID, want[0].ID)
			}
			for c := range got[k] {
				got[k][c].ID = l.global(got[k][c].ID)
			}
			if !same(got[k], want) {
				e := r.Events[from+k]
				t.Fatalf("event %d of %d, %s: the app answered\n%s\nand now answers\n%s\nto\n%s", from+k, len(r.Events), e.Kind, text(want), text(got[k]), text(&e))
			}
		}
		from += size
	}
}

func issued(answers [][]app.Command) (n uint64) {
	for _, a := range answers {
		n += uint64(len(a))
	}
	return n
}

// lives knows how many commands had been given before each life. A life may number its
// own from 1, or go on where the one before it was: its first command tells, and so for
// all.
type lives struct {
	before []uint64
	sure   bool
	goOn   bool
}

func (l *lives) begin(issued uint64) { l.before = append(l.before, issued) }

func (l *lives) unsure() bool { return !l.sure && len(l.before) > 0 && l.before[len(l.before)-1] > 0 }

// learn takes the number of a command as its life gave it, and as one life would have.
func (l *lives) learn(got, one uint64) {
	if l.unsure() {
		l.sure, l.goOn = true, got == one
	}
}

// global is the number that a command of the newest life would have, had there been one.
func (l *lives) global(id uint64) uint64 {
	if l.goOn || len(l.before) == 0 {
		return id
	}
	return id + l.before[len(l.before)-1]
}

// local is the number by which the life that gave a command knows it.
func (l *lives) local(id uint64) uint64 {
	if l.goOn {
		return id
	}
	for k := len(l.before) - 1; k >= 0; k-- {
		if id > l.before[k] {
			return id - l.before[k]
		}
	}
	return id
}

// known writes an event as the lives that asked for it expect it.
func (l *lives) known(e app.Event) app.Event {
	switch {
	case e.Applied != nil:
		e.Applied = &app.Applied{Command: l.local(e.Applied.Command)}
	case e.Failed != nil:
		e.Failed = &app.Failed{Command: l.local(e.Failed.Command), Reason: e.Failed.Reason}
	case e.Stats != nil:
		s := *e.Stats
		s.Request = l.local(s.Request)
		e.Stats = &s
	}
	return e
}

// swapped ends a life and begins one that goes on from what it saved.
func (s Subject) swapped(t T, i app.Instance) app.Instance {
	t.Helper()
	ctx := context.Background()
	state, err := i.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	next := s.life(t)
	_ = i.Close()
	if err := next.Restore(ctx, state); err != nil {
		_ = next.Close()
		t.Fatal(err)
	}
	again, err := next.Save(ctx)
	if err == nil && !bytes.Equal(state, again) {
		err = fmt.Errorf("what was restored is saved as something else:\n%.2000s\n%.2000s", state, again)
	}
	if err != nil {
		_ = next.Close()
		t.Fatal(err)
	}
	return next
}

func same(a, b []app.Command) bool {
	return len(a) == len(b) && (len(a) == 0 || text(a) == text(b))
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// NoLoopNoBlackHole checks, on random networks in which links fail and come back while
// packets are under way, that afterwards every pair of hosts that a path connects
// reaches each other, once, and that no packet ever runs in circles.
func NoLoopNoBlackHole(t *testing.T, fresh func() app.App, params map[string]string) {
	t.Helper()
	s := Linked(fresh, params)
	rapid.Check(t, func(rt *rapid.T) { s.connects(rt, drawn(rt), 8) })
}

// NoLoopNoBlackHole checks the same on a number of networks drawn from a seed, small ones
// first.
func (s Subject) NoLoopNoBlackHole(t T, seed uint64, networks int) {
	t.Helper()
	for i := range networks {
		most := 2 + 6*i/networks
		if err := Verdict(func(t T) { s.connects(t, seeded(seed, uint64(i)), most) }); err != nil {
			t.Fatalf("random network %d of seed %d: %v", i+1, seed, err)
		}
	}
}

func (s Subject) connects(t T, draw draw, most int) {
	t.Helper()
	net := random(t, draw, most)
	i := s.life(t)
	defer i.Close() //nolint:errcheck // an end that fails breaks no law
	b := s.bench(t, i, net)
	history := ""
	check := func(when string) {
		for _, j := range b.PingAll() {
			if b.connected(j.From, j.To) {
				t.Fatalf("%s, %s cannot ping %s: %s\nlinks: %s%s\n%s", when, j.From, j.To, j, Links(net), history, b.Tables())
			}
		}
		if b.Looped > 0 {
			t.Fatalf("%s, %d packets ran in circles\nlinks: %s%s\n%s", when, b.Looped, Links(net), history, b.Tables())
		}
		if len(b.Refused) > 0 {
			t.Fatalf("%s, switches refused %v", when, b.Refused)
		}
	}
	check("at first")
	for range draw("changes", 0, 4) {
		name := net.LinkName(model.LinkID(draw("link", 0, net.LinkCount()-1)))
		if draw("down", 0, 1) == 1 {
			b.LinkDown(name)
			history += "; " + name + " down"
		} else {
			b.LinkUp(name)
			history += "; " + name + " up"
		}
		if draw("traffic meanwhile", 0, 1) == 1 {
			b.PingAll()
		}
		wait := model.Time(draw("wait", 0, 3000)) * model.Microsecond
		b.Run(wait)
		history += fmt.Sprintf(" and %s", wait)
	}
	b.Run(3 * model.Second)
	check("after the changes")
}

// connected says whether a path of links that are up joins two nodes.
func (b *Bench) connected(from, to string) bool {
	start, goal := b.Node(from), b.Node(to)
	seen, stack := map[model.NodeID]bool{start: true}, []model.NodeID{start}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n != start && b.Model.NodeKindOf(n) != model.Switch {
			continue
		}
		for _, a := range b.Model.Arcs(n) {
			if x := b.Model.ArcTo(a).Node; !b.downs[a.Link()] && !seen[x] {
				seen[x] = true
				stack = append(stack, x)
			}
		}
	}
	return seen[goal]
}

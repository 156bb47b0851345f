package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
)

// recorder is an instance that remembers what its app was told and what it answered.
type recorder struct {
	app.Instance
	events  []app.Event
	answers [][]app.Command
}

func (r *recorder) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	first := len(r.events)
	r.events = append(r.events, events...)
	r.answers = append(r.answers, make([][]app.Command, len(events))...)
	return r.Instance.Handle(ctx, events, func(i int, commands []app.Command) {
		r.answers[first+i] = append(r.answers[first+i], commands...)
		emit(i, commands)
	})
}

// Recorded is what an app was told in an eventful hour, and what it answered.
type Recorded struct {
	Events  []app.Event
	Answers [][]app.Command
}

// Record runs an app through pings between all hosts, every link down and up again, a
// switch lost and back, and time enough for rules to run out.
func Record[N string | *model.Network](t testing.TB, a app.App, network N, params map[string]string) Recorded {
	t.Helper()
	r := &recorder{Instance: app.Local(a)}
	b := Start(t, Config{Model: Network(t, network), Apps: []control.Application{{Instance: r, Params: params}}})
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
	return Recorded{r.events, r.answers}
}

// SameEventsSameCommands checks that an app is a function of its events: another one that
// is told the same answers the same. Random numbers, clocks, and the order of a map break it.
func SameEventsSameCommands[N string | *model.Network](t testing.TB, fresh func() app.App, network N, params map[string]string) {
	t.Helper()
	r := Record(t, fresh(), network, params)
	r.replay(t, fresh, func(int) bool { return false })
}

// SaveRestoreChangesNothing checks that an app that is saved and goes on as another one,
// at many places, answers as if nothing had happened.
func SaveRestoreChangesNothing[N string | *model.Network](t testing.TB, fresh func() app.App, network N, params map[string]string) {
	t.Helper()
	r := Record(t, fresh(), network, params)
	// Everywhere would take long; odd distances meet every kind of event.
	every := max(1, len(r.Events)/97)
	r.replay(t, fresh, func(i int) bool { return i%every == 0 })
}

func (r *Recorded) replay(t testing.TB, fresh func() app.App, swap func(int) bool) {
	t.Helper()
	a := fresh()
	var issued uint64
	for i := range r.Events {
		if swap(i) {
			a = swapped(t, a, fresh)
		}
		var out app.Commands
		out.SetIssued(issued)
		a.React(&r.Events[i], &out)
		issued = out.Issued()
		if !same(out.List, r.Answers[i]) {
			t.Fatalf("event %d of %d, %s: the app answered\n%s\nand now answers\n%s\nto\n%s", i, len(r.Events), r.Events[i].Kind, text(r.Answers[i]), text(out.List), text(&r.Events[i]))
		}
	}
}

func swapped(t testing.TB, a app.App, fresh func() app.App) app.App {
	t.Helper()
	s, ok := a.(app.Stateful)
	if !ok {
		t.Fatalf("%s does not implement app.Stateful", a.Manifest().Name)
	}
	state, err := s.Save()
	if err != nil {
		t.Fatal(err)
	}
	next := fresh()
	if err := next.(app.Stateful).Restore(state); err != nil {
		t.Fatal(err)
	}
	again, err := next.(app.Stateful).Save()
	if err != nil || !bytes.Equal(state, again) {
		t.Fatalf("what was restored is saved as something else (%v):\n%.2000s\n%.2000s", err, state, again)
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

// RandomNetwork draws a connected network of at most most switches, with more links than
// it needs, parallel ones among them, and hosts on some switches.
func RandomNetwork(t *rapid.T, most int) *model.Network {
	b := model.NewBuilder("random")
	n := rapid.IntRange(1, most).Draw(t, "switches")
	link := func(x, y string) {
		b.Link(model.LinkDraft{A: b.Ref([]byte(x)), B: b.Ref([]byte(y)), APort: model.AutoPort, BPort: model.AutoPort})
	}
	for i := range n {
		b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
	}
	for i := 1; i < n; i++ {
		link(fmt.Sprint("s", i+1), fmt.Sprint("s", rapid.IntRange(1, i).Draw(t, "parent")))
	}
	for range rapid.IntRange(0, most).Draw(t, "chords") {
		if x, y := rapid.IntRange(1, n).Draw(t, "from"), rapid.IntRange(1, n).Draw(t, "to"); x != y {
			link(fmt.Sprint("s", x), fmt.Sprint("s", y))
		}
	}
	for i := range rapid.IntRange(2, 6).Draw(t, "hosts") {
		b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		link(fmt.Sprint("h", i+1), fmt.Sprint("s", rapid.IntRange(1, n).Draw(t, "home")))
	}
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

// NoLoopNoBlackHole checks, on random networks in which links fail and come back while
// packets are under way, that afterwards every pair of hosts that a path connects
// reaches each other, once, and that no packet ever runs in circles.
func NoLoopNoBlackHole(t *testing.T, fresh func() app.App, params map[string]string) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		net := RandomNetwork(rt, 8)
		b := New(t, fresh(), net, params)
		check := func(when string) {
			for _, j := range b.PingAll() {
				if b.connected(j.From, j.To) {
					rt.Fatalf("%s, %s cannot ping %s: %+v\n%s", when, j.From, j.To, j, b.Tables())
				}
			}
			if b.Looped > 0 {
				rt.Fatalf("%s, %d packets ran in circles", when, b.Looped)
			}
			if len(b.Refused) > 0 {
				rt.Fatalf("%s, switches refused %v", when, b.Refused)
			}
		}
		check("at first")
		for range rapid.IntRange(0, 4).Draw(rt, "changes") {
			name := net.LinkName(model.LinkID(rapid.IntRange(0, net.LinkCount()-1).Draw(rt, "link")))
			if rapid.Bool().Draw(rt, "down") {
				b.LinkDown(name)
			} else {
				b.LinkUp(name)
			}
			if rapid.Bool().Draw(rt, "traffic meanwhile") {
				b.PingAll()
			}
			b.Run(model.Time(rapid.IntRange(0, 3000).Draw(rt, "wait")) * model.Microsecond)
		}
		b.Run(3 * model.Second)
		check("after the changes")
	})
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

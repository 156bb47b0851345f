package emulate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/sim"
)

// TestWhatWasAddedIsChangedAndFollowedAsTheRestIs also has switches and controller speak TLS.
func TestWhatWasAddedIsChangedAndFollowedAsTheRestIs(t *testing.T) {
	inBothAtOnce(t, whatWasAddedIsChangedAndFollowedAsTheRestIs)
}

func whatWasAddedIsChangedAndFollowedAsTheRestIs(t *testing.T, b emulate.Backend) {
	lab(t, "tcpdump")
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	n.Watches = []model.Watch{{Nodes: "s*", Series: model.SeriesSwitches, Sample: 200 * model.Millisecond}, {Links: "s*", Series: model.SeriesQueues}}
	d := apps("shortest-path")
	d.Control.TLS = true
	l := open(t, b, n, d)
	if err := l.try(d, "+s3", "+s3 s2 5Mbps", "+h9", "+h9 s3"); err != nil {
		t.Fatal(err)
	}
	l.reach("h1", "h9")
	set := func(c model.Change) {
		t.Helper()
		if c.Kind <= model.LinkLoss {
			c.Node = model.NoNode
		} else {
			c.Link = model.NoLink
		}
		if o := l.do(backend.Action{Change: &c}); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	link := func(name string) model.LinkID {
		t.Helper()
		id, ok := l.n.LinkByName(name)
		if !ok {
			t.Fatalf("no link %s", name)
		}
		return id
	}
	rate := func(want float64) {
		t.Helper()
		f := model.Flow{ID: "f", From: node(t, n, "h1"), To: node(t, l.n, "h9"), Duration: 1500 * model.Millisecond, Rate: 8e6, Packet: 1042, Transport: model.UDP}
		if o := l.do(backend.Action{Flow: &f}); o.Err != nil {
			t.Error(o.Err)
		} else {
			held(t, "the rate", o.Flow.Rate, want*1000/1042)
		}
	}
	rate(5e6)
	set(model.Change{Kind: model.LinkRate, Link: link("s3--s2"), Rate: 2e6})
	rate(2e6)
	if points := l.diary.find(func(e *trace.Entry) bool {
		return e.Kind == trace.QueuePoint && e.Link == "s3--s2" && e.Queue.From == "s2" && e.Queue.Bytes > 0
	}); len(points) == 0 {
		t.Error("the queue before the link that was added is not followed")
	}
	if points := l.diary.find(func(e *trace.Entry) bool { return e.Kind == trace.NodePoint && e.Node == "s3" }); len(points) == 0 {
		t.Error("the switch that was added is not followed")
	}
	var file bytes.Buffer
	s3 := node(t, l.n, "s3")
	capture, err := l.Do(t.Context(), backend.Action{Capture: &backend.Capture{At: model.Endpoint{Node: s3, Port: 2}, Writer: &file}})
	if err != nil {
		t.Fatal(err)
	}
	l.reach("h1", "h9")
	if err := capture.Stop(); err != nil || file.Len() < 24+2*(16+98) {
		t.Errorf("captured %d bytes, %v", file.Len(), err)
	}
	away := func(why string) {
		t.Helper()
		if got := l.ping("h1", "h9"); got != 0 {
			t.Errorf("%s: %d echoes", why, got)
		}
	}
	for _, c := range []model.Change{
		{Kind: model.LinkDown, Link: link("h9--s3")},
		{Kind: model.PortDown, Node: s3, Port: 2},
		{Kind: model.NodeDown, Node: s3},
		{Kind: model.NodeDown, Node: node(t, l.n, "h9")},
	} {
		set(c)
		away(c.Kind.String())
		if c.Kind == model.NodeDown && c.Node == s3 { // its new link is down as well
			if err := l.try(d, "+s3 s1", "-s3 s2"); err != nil {
				t.Fatal(err)
			}
			away("a new link of a switch that is down")
		}
		c.Kind++ // up
		set(c)
		l.reach("h1", "h9")
	}
	if items := l.tables(); !bytes.Contains([]byte(items), []byte("s3 ")) {
		t.Errorf("the tables have no switch s3:\n%s", items)
	}
}

// TestClosingEndsAnEdit closes the session while an edit is carried out.
func TestClosingEndsAnEdit(t *testing.T) { inBothAtOnce(t, closingEndsAnEdit) }

func closingEndsAnEdit(t *testing.T, b emulate.Backend) {
	lab(t)
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond} {
		d := apps("shortest-path")
		l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), d)
		next, err := l.n.Edit(edits(t, "+s9", "+s9 s1", "+s9 s2", "+h9", "+h9 s9", "-h1"))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan error, 1)
		go func() {
			time.Sleep(after)
			closed <- l.Close()
		}()
		err = l.Apply(t.Context(), change.Diff(change.State{Model: l.n, Deployment: d}, change.State{Model: next, Deployment: d}), nil)
		if err != nil && !errors.Is(err, emulate.ErrClosed) {
			t.Errorf("closed after %v: %v", after, err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
}

// TestAnEditThatIsGivenUpIsWholeOrNotAtAll calls edits off after a while.
func TestAnEditThatIsGivenUpIsWholeOrNotAtAll(t *testing.T) {
	inBothAtOnce(t, anEditThatIsGivenUpIsWholeOrNotAtAll)
}

func anEditThatIsGivenUpIsWholeOrNotAtAll(t *testing.T, b emulate.Backend) {
	lab(t)
	d := apps("shortest-path")
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), d)
	l.reach("h1", "h2")
	done, given := 0, 0
	for i := range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*i)*5*time.Millisecond)
		lines := []string{"+s9", "+s9 s1", "+s9 s2", "+h9", "+h9 s9"}
		if i%2 == 1 { // what goes goes first, here
			lines = []string{"-h2", "+h2", "+h2 s2", "+h9", "+h9 s1"}
		}
		next, err := l.n.Edit(edits(t, lines...))
		if err != nil {
			t.Fatal(err)
		}
		err = l.Apply(ctx, change.Diff(change.State{Model: l.n, Deployment: d}, change.State{Model: next, Deployment: d}), nil)
		cancel()
		switch {
		case err == nil:
			done++
			l.n = next
			l.reach("h1", "h9")
			l.edit("-h9")
			if i%2 == 0 {
				l.edit("-s9")
			}
		case errors.Is(err, context.DeadlineExceeded):
			given++
		default:
			t.Fatal(err)
		}
		l.reach("h1", "h2")
	}
	if given == 0 {
		t.Errorf("%d edits were carried out, %d given up", done, given)
	}
	l.comesTo(open(t, sim.Backend{}, l.n, d).tables()) // those of a simulation that begins so
}

// TestDrawnEditsLeaveWhatASimulationWouldHave edits at random and compares all tables with
// those of a simulation that begins with the network as it then is.
func TestDrawnEditsLeaveWhatASimulationWouldHave(t *testing.T) {
	inBothAtOnce(t, drawnEditsLeaveWhatASimulationWouldHave)
}

func drawnEditsLeaveWhatASimulationWouldHave(t *testing.T, b emulate.Backend) {
	lab(t)
	d := apps("shortest-path")
	l := open(t, b, wire(t, "s1 s2 50Mbps", "s2 s3", "h1 s1", "h2 s2", "h3 s3"), d)
	draw := rand.New(rand.NewPCG(6, 7))
	steps := 12
	if !b.Native {
		steps = 6
	}
	for step := range steps {
		var lines []string
		n := l.n
		some := func(kind model.NodeKind) string {
			all := n.NodesOfKind(kind)
			if len(all) == 0 {
				return "s1"
			}
			return n.NodeName(all[draw.IntN(len(all))])
		}
		for range 1 + draw.IntN(3) {
			var next []string
			switch draw.IntN(7) {
			case 0, 1:
				h := fmt.Sprint("h", 1+draw.IntN(7)) // names come again
				next = []string{"+" + h, "+" + h + " " + some(model.Switch)}
			case 2:
				s := fmt.Sprint("s", 1+draw.IntN(6))
				next = []string{"+" + s, "+" + s + " " + some(model.Switch), "+" + s + " " + some(model.Switch) + " 20Mbps"}
			case 3:
				next = []string{"+" + some(model.Switch) + " " + some(model.Switch)}
			case 4:
				next = []string{"-" + some(model.Host)}
			case 5:
				next = []string{"-" + some(model.Switch)}
			case 6:
				next = []string{"-" + some(model.Switch) + " " + some(model.Switch)}
			}
			if after, err := n.Edit(edits(t, next...)); err == nil && len(after.NodesOfKind(model.Switch)) > 1 {
				n, lines = after, append(lines, next...)
			}
		}
		if len(lines) == 0 {
			continue
		}
		t.Logf("step %d: %v", step, lines)
		if err := l.try(d, lines...); err != nil {
			t.Fatal(err)
		}
		l.comesTo(open(t, sim.Backend{}, l.n, d).tables())
	}
}

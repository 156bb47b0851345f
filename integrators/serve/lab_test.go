package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/ovs/ovstest"
	"sendim/integrators/serve"
	"sendim/integrators/shell"
	"sendim/plugins/apprpc"
	learningswitch "sendim/plugins/learning-switch"
	shortestpath "sendim/plugins/shortest-path"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == netns.Subcommand {
		os.Exit(netns.SandboxMain(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

func needLab(t testing.TB) {
	t.Helper()
	ovstest.Needs(t, "mn", "mnexec", "ethtool", "ifconfig")
}

// diary keeps the entries. One that writes them down, as runs do, keeps no packets.
type diary struct {
	mu      sync.Mutex
	entries []trace.Entry
	file    *trace.Writer
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file != nil {
		if d.file.Emit(e); e.Kind == trace.PacketIn || e.Kind == trace.PacketOut {
			return
		}
	}
	d.entries = append(d.entries, *e)
}

func (d *diary) texts(kinds ...trace.Kind) (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.entries {
		if slices.Contains(kinds, e.Kind) {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s%s %s%s", e.Kind, e.Node, e.Link, e.Reason, e.Text)))
		}
	}
	return out
}

// place is a sandbox with an Open vSwitch in which somebody else builds networks.
type place struct {
	t       testing.TB
	sandbox *netns.Sandbox
	ovs     *ovs.Instance
	inside  shell.Runner
}

func newPlace(t testing.TB) *place {
	t.Helper()
	needLab(t)
	s, v := ovstest.Start(t, "serve-test", t.TempDir(), ovs.Options{})
	return &place{t, s, v, shell.Elsewhere(s.Command, s.Enter()...)}
}

// diary is one that is written down where figures are wanted: runs do so.
func (p *place) diary() *diary {
	d := &diary{}
	if _, bench := p.t.(*testing.B); bench {
		f, err := os.Create(filepath.Join(p.t.TempDir(), "trace.jsonl"))
		if err != nil {
			p.t.Fatal(err)
		}
		d.file = trace.NewWriter(f)
		p.t.Cleanup(func() {
			if err := errors.Join(d.file.Close(), f.Close()); err != nil {
				p.t.Error(err)
			}
		})
	}
	return d
}

// served is a session in a place.
type served struct {
	*serve.Session
	t     testing.TB
	diary *diary
	port  string
	found *func(*model.Network)
}

func (p *place) serve(b serve.Backend, apps ...string) *served {
	p.t.Helper()
	l, err := p.sandbox.Listen(p.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	b.Listener = l
	heard := func(*model.Network) {}
	b.Found = func(n *model.Network) { heard(n) }
	v := &served{t: p.t, diary: p.diary(), port: l.Addr().String()[strings.LastIndexByte(l.Addr().String(), ':')+1:], found: &heard}
	d := &deployment.Deployment{Realization: serve.Realization}
	for _, name := range apps {
		d.Applications = append(d.Applications, deployment.Application{Name: filepath.Base(name), Plugin: name})
	}
	made := map[string]func() app.App{"learning-switch": learningswitch.New, "shortest-path": shortestpath.New}
	spec := backend.Spec{Run: "serve-test", Deployment: d, Launch: func(ctx context.Context, a deployment.Application) (app.Instance, error) {
		if filepath.IsAbs(a.Plugin) {
			return apprpc.Launch(ctx, apprpc.Options{Path: a.Plugin})
		}
		return app.Local(made[a.Plugin]()), nil
	}}
	s, err := b.Open(p.t.Context(), spec, v.diary)
	if err != nil {
		p.t.Fatal(err)
	}
	v.Session = s.(*serve.Session)
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	})
	n, faults := model.NewBuilder("served").Build(nil)
	if err := faults.Err(); err != nil {
		p.t.Fatal(err)
	}
	if err := s.Apply(p.t.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// shape is what a network is, as text: how many there are of each, and its links.
func (v *served) shape() (switches, hosts, links int) {
	n := v.Network()
	for l := range n.Links() {
		if n.NodeKindOf(l.A.Node) == model.Switch && n.NodeKindOf(l.B.Node) == model.Switch {
			links++
		}
	}
	return len(n.NodesOfKind(model.Switch)), len(n.NodesOfKind(model.Host)), links
}

// await waits until something is so.
func (v *served) await(what string, within time.Duration, so func() bool) {
	v.t.Helper()
	for end := time.Now().Add(within); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			v.t.Fatalf("%s: not within %v; the diary has\n%s", what, within, strings.Join(v.diary.texts(trace.ChangeStep, trace.Warning, trace.SwitchUp, trace.SwitchDown, trace.Refused), "\n"))
		}
	}
}

// stock is a network of Mininet's that somebody else has written.
type stock struct {
	t    testing.TB
	in   *io.PipeWriter
	out  *bufio.Reader
	done chan error
}

func (p *place) mininet(topo, port string) *stock {
	p.t.Helper()
	script, err := filepath.Abs("testdata/stock.py")
	if err != nil {
		p.t.Fatal(err)
	}
	fromUs, toIt := io.Pipe()
	fromIt, toUs := io.Pipe()
	s := &stock{t: p.t, in: toIt, out: bufio.NewReader(fromIt), done: make(chan error, 1)}
	datapath := "user"
	if p.ovs.Datapath() == ovs.System {
		datapath = "kernel"
	}
	go func() {
		_, err := p.inside.Run(context.WithoutCancel(p.t.Context()), shell.Cmd{Argv: []string{"/usr/bin/python3", "-u", script, topo, port, datapath}, Stdin: fromUs, Stdout: toUs, Stderr: os.Stderr})
		toUs.CloseWithError(fmt.Errorf("Mininet has ended: %w", err))
		s.done <- err
	}()
	p.t.Cleanup(s.stop)
	var ready string
	s.read(&ready)
	return s
}

func (s *stock) stop() {
	s.in.Close()
	if s.done != nil {
		<-s.done
		s.done = nil
	}
}

func (s *stock) read(into any) {
	s.t.Helper()
	line, err := s.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		s.t.Fatalf("%v: %q", err, line)
	}
}

// eval has Mininet's Python say what an expression is.
func (s *stock) eval(into any, format string, args ...any) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s.in, format+"\n", args...); err != nil {
		s.t.Fatal(err)
	}
	s.read(into)
}

// unreachable lists the pairs that do not answer, of these hosts to all others, or of all.
func (s *stock) unreachable(from ...string) (out [][2]string) {
	s.t.Helper()
	text, _ := json.Marshal(append([]string{}, from...))
	s.eval(&out, "pingall(%s)", text)
	return out
}

// do has Mininet do something.
func (s *stock) do(format string, args ...any) {
	s.t.Helper()
	var none any
	s.eval(&none, format, args...)
}

func TestNetworksThatOthersWroteAreServed(t *testing.T) {
	for _, c := range []struct {
		name, topo, app        string
		switches, hosts, links int
	}{
		{"a tree with routes", "TreeTopo(2, 3)", "shortest-path", 4, 9, 3},
		{"a torus with routes", "TorusTopo(3, 3)", "shortest-path", 9, 9, 18},
		{"a tree that learns", "TreeTopo(2, 3)", "learning-switch", 4, 9, 3},
		{"a torus that learns", "TorusTopo(3, 3)", "learning-switch", 9, 9, 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			v := p.serve(serve.Backend{}, c.app)
			m := p.mininet(c.topo, v.port)
			v.await("all links", time.Minute, func() bool { s, _, l := v.shape(); return s == c.switches && l == c.links })
			began := time.Now()
			if failed := m.unreachable(); len(failed) > 0 {
				t.Errorf("%d pairs do not answer: %v\n%s", len(failed), failed, strings.Join(v.diary.texts(trace.ChangeStep, trace.Warning, trace.Refused), "\n"))
			}
			t.Logf("pingall took %v", time.Since(began))
			if s, h, l := v.shape(); s != c.switches || h != c.hosts || l != c.links {
				t.Errorf("found %d switches, %d hosts, %d links", s, h, l)
			}
		})
	}
}

func TestWhatComesGoesAndMovesIsFollowed(t *testing.T) {
	p := newPlace(t)
	v := p.serve(serve.Backend{}, "shortest-path")
	m := p.mininet("TorusTopo(3, 3)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 18 })
	all := func(what string) {
		t.Helper()
		began, tries := time.Now(), 0
		v.await(what, time.Minute, func() bool { tries++; return len(m.unreachable()) == 0 })
		t.Logf("%s: all reach all, the %dth time they try, after %v", what, tries, time.Since(began).Round(10*time.Millisecond))
	}
	all("at first")
	m.do("net.configLinkStatus('s1x1', 's1x2', 'down')")
	all("with a link down")
	m.do("net.configLinkStatus('s1x1', 's1x2', 'up')")
	all("with the link up again")
	if _, _, l := v.shape(); l != 18 {
		t.Errorf("%d links", l)
	}
	m.do("move('h1x1', 's3x3')")
	all("with a host moved")
	m.do("restart('s2x2')")
	began := time.Now()
	v.await("the switch's links", time.Minute, func() bool { return len(m.unreachable("h2x2", "h1x1")) == 0 })
	t.Logf("back after %v", time.Since(began))
	all("with a switch made anew")
	m.do("net['s2x2'].stop(deleteIntfs=False)")
	v.await("the switch's links to go", time.Minute, func() bool { return len(m.unreachable("h1x1", "h3x3")) == 2 }) // h2x2 alone
	m.do("net['s2x2'].start(net.controllers)")
	v.await("the switch's return", time.Minute, func() bool { return len(m.unreachable("h2x2")) == 0 })
	all("with a switch back")
}

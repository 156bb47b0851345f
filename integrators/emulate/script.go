package emulate

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
	"strconv"
	"strings"
	"sync"
	"time"

	"sendim/converters/mininet"
	"sendim/core/model"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// script is a network made by its Mininet script, which runs in its service mode.
type script struct {
	world   *world
	process shell.Process
	log     string // of what it wrote to standard error

	mu    sync.Mutex // one order at a time
	lines chan answer
	last  int64

	inner sync.Mutex
	pids  map[string]int // of the hosts' shells, as counted inside
	pid   map[string]int // of the same, as this process counts; nil: to be looked for
}

// answer is a line from the script.
type answer struct {
	Event  string         `json:"event"`
	ID     int64          `json:"id"`
	Faults []string       `json:"faults"`
	PIDs   map[string]int `json:"pids"`
}

// order is a line to the script.
type order struct {
	ID     int64       `json:"id"`
	Op     string      `json:"op"`
	Node   string      `json:"node,omitempty"`
	Nodes  []string    `json:"nodes,omitempty"`
	Up     bool        `json:"up"`
	Ends   [][2]string `json:"ends,omitempty"`
	Limits [][2]any    `json:"limits,omitempty"`
	Edit   *scriptEdit `json:"edit,omitempty"`
}

// scriptFlows is how many flows the script carries at most.
const scriptFlows = 1000

// runScript writes the script, starts it and returns when the network stands.
func runScript(ctx context.Context, w *world, controller string) (*script, error) {
	p, dir := w.place, w.session.dir
	path := filepath.Join(dir, "net.py")
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("writing the Mininet script: %w", err)
	}
	// The script stays in the run's directory, and can be run by hand with the same flows.
	o := mininet.Options{Controller: controller, Names: w.names(), Edits: true}
	if len(w.list) > 0 && len(w.list) <= scriptFlows {
		o.Flows = w.list
	}
	err = mininet.Write(f, w.net(), o)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "mininet.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	datapath := "user"
	if p.vswitch.Datapath() == ovs.System {
		datapath = "kernel"
	}
	s := &script{world: w, log: log.Name(), lines: make(chan answer, 16)}
	s.process, err = p.run.Start(w.processes, shell.Cmd{Argv: []string{python, "-I", "-B", path, "--serve", "--datapath", datapath}, Stderr: log,
		Env: []string{"LC_ALL=C.UTF-8"}})
	if err != nil {
		return nil, fmt.Errorf("starting Mininet: %w", err)
	}
	go s.listen(s.process.Stdout())
	a, err := s.next(ctx)
	if err == nil && a.Event != "ready" {
		err = fmt.Errorf("its first word is %q", a.Event)
	}
	if err == nil && len(a.Faults) > 0 {
		err = errors.New(strings.Join(a.Faults, "; "))
	}
	if err != nil {
		_ = s.process.Stop(time.Second)
		return nil, fmt.Errorf("starting the network in Mininet: %w", err)
	}
	s.pids = a.PIDs
	return s, nil
}

func (s *script) listen(r io.Reader) {
	defer close(s.lines)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a answer
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			continue // some library's chatter
		}
		s.lines <- a
	}
}

// next waits for a line.
func (s *script) next(ctx context.Context) (answer, error) {
	select {
	case a, ok := <-s.lines:
		if !ok {
			<-s.process.Done()
			return a, s.obituary()
		}
		return a, nil
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
}

// obituary says how the script ended, with the end of what it wrote.
func (s *script) obituary() error {
	err := s.process.Wait()
	if err == nil {
		err = errors.New("the script left")
	}
	if text, _ := os.ReadFile(s.log); len(text) > 0 {
		err = fmt.Errorf("%w\n  mininet.log ends:\n%s", err, text[max(0, len(text)-1500):])
	}
	return err
}

// do gives an order and waits until it is carried out.
func (s *script) do(ctx context.Context, o order) error {
	_, err := s.ask(ctx, o)
	return err
}

// ask is do with the answer.
func (s *script) ask(ctx context.Context, o order) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	o.ID = s.last
	line, err := json.Marshal(o)
	if err != nil {
		return answer{}, err
	}
	if _, err := s.process.Stdin().Write(append(line, '\n')); err != nil {
		return answer{}, fmt.Errorf("ordering Mininet to %s: %w", o.Op, err)
	}
	for {
		a, err := s.next(ctx)
		if err != nil {
			return answer{}, fmt.Errorf("ordering Mininet to %s: %w", o.Op, err)
		}
		if a.ID == o.ID { // and not of an order that nobody waited for any more
			return a, a.faulty()
		}
	}
}

func (s *script) done() <-chan struct{} { return s.process.Done() }

func (s *script) err() error { return fmt.Errorf("Mininet ended: %w", s.obituary()) }

func (s *script) wait() {
	<-s.process.Done()
	for range s.lines {
		continue // until its reader has ended
	}
}

func (s *script) inside(host model.NodeID) (shell.Runner, error) {
	w := s.world
	if err := w.isHost(host); err != nil {
		return nil, err
	}
	s.inner.Lock()
	pid, ok := s.pids[w.names().Technical(host)]
	s.inner.Unlock()
	if !ok {
		return nil, fmt.Errorf("%s is no host", w.net().NodeName(host))
	}
	return entered{w.place.run, []string{"mnexec", "-a", strconv.Itoa(pid)}}, nil
}

// entered runs programs behind a command that enters the place where they run.
type entered struct {
	shell.Runner
	enter []string
}

func (e entered) Run(ctx context.Context, c shell.Cmd) (shell.Result, error) {
	c.Argv = append(slices.Clone(e.enter), c.Argv...)
	return e.Runner.Run(ctx, c)
}

func (e entered) Start(ctx context.Context, c shell.Cmd) (shell.Process, error) {
	c.Argv = append(slices.Clone(e.enter), c.Argv...)
	return e.Runner.Start(ctx, c)
}

func (s *script) devices(_ context.Context, host model.NodeID) (io.ReadCloser, error) {
	s.inner.Lock()
	if s.pid == nil {
		s.findHosts()
	}
	pid := s.pid[s.world.names().Technical(host)]
	s.inner.Unlock()
	return os.Open(filepath.Join("/proc", strconv.Itoa(pid), "net/dev"))
}

// findHosts finds the hosts' processes as this process counts.
func (s *script) findHosts() {
	s.pid = map[string]int{}
	inner := map[int]string{}
	for name, pid := range s.pids {
		inner[pid] = name
	}
	pids, _ := s.world.place.sandbox.PIDs()
	for _, pid := range pids {
		text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
		for line := range strings.Lines(string(text)) {
			if list, ok := strings.CutPrefix(line, "NSpid:"); ok {
				f := strings.Fields(list)
				if own, err := strconv.Atoi(f[len(f)-1]); err == nil {
					if host, ok := inner[own]; ok {
						s.pid[host] = pid
					}
				}
			}
		}
	}
}

func (s *script) setLinks(ctx context.Context, ends []model.Endpoint, up bool) error {
	o, names := order{Op: "link", Up: up}, s.world.names()
	for _, e := range ends {
		o.Ends = append(o.Ends, [2]string{names.Technical(e.Node), names.Interface(e.Node, e.Port)})
	}
	return s.do(ctx, o)
}

func (s *script) limit(ctx context.Context, at model.Endpoint, c model.Change) error {
	names := s.world.names()
	values := map[string]any{"node": names.Technical(at.Node)}
	switch c.Kind {
	case model.LinkRate:
		values["rate"] = int64(c.Rate)
	case model.LinkDelay:
		values["delay"] = c.Delay.Seconds() * 1e3
	case model.LinkLoss:
		values["loss"] = c.Loss
	}
	return s.do(ctx, order{Op: "limit", Limits: [][2]any{{names.Interface(at.Node, at.Port), values}}})
}

func (s *script) setSwitch(ctx context.Context, sw model.NodeID, up bool) error {
	return s.do(ctx, order{Op: "switch", Node: s.world.names().Technical(sw), Up: up})
}

func (s *script) setControl(ctx context.Context, switches []model.NodeID, up bool) error {
	o := order{Op: "control", Up: up}
	for _, sw := range switches {
		o.Nodes = append(o.Nodes, s.world.names().Technical(sw))
	}
	return s.do(ctx, o)
}

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
	"strings"
	"sync"
	"time"

	"sendim/converters/mininet"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// service is the network's Mininet script, running in its service mode.
type service struct {
	process shell.Process
	log     string // of what it wrote to standard error
	pids    map[string]int

	mu    sync.Mutex // one order at a time
	lines chan answer
	last  int64
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
}

// scriptFlows is how many flows the script carries at most.
const scriptFlows = 1000

// startService writes the script, starts it and returns when the network stands.
func startService(ctx context.Context, life context.Context, p *place, dir, controller string, w *world) (*service, error) {
	path := filepath.Join(dir, "net.py")
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("writing the Mininet script: %w", err)
	}
	// The script stays in the run's directory, and can be run by hand with the same flows.
	o := mininet.Options{Controller: controller, Names: w.names}
	if len(w.list) > 0 && len(w.list) <= scriptFlows {
		o.Flows = w.list
	}
	err = mininet.Write(f, w.net, o)
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
	s := &service{log: log.Name(), lines: make(chan answer, 16)}
	s.process, err = p.run.Start(life, shell.Cmd{Argv: []string{python, "-I", "-B", path, "--serve", "--datapath", datapath}, Stderr: log,
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

func (s *service) listen(r io.Reader) {
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
func (s *service) next(ctx context.Context) (answer, error) {
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
func (s *service) obituary() error {
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
func (s *service) do(ctx context.Context, o order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	o.ID = s.last
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := s.process.Stdin().Write(append(line, '\n')); err != nil {
		return fmt.Errorf("ordering Mininet to %s: %w", o.Op, err)
	}
	for {
		a, err := s.next(ctx)
		if err != nil {
			return fmt.Errorf("ordering Mininet to %s: %w", o.Op, err)
		}
		if a.ID != o.ID {
			continue // of an order that nobody waited for any more
		}
		if len(a.Faults) > 0 {
			return errors.New(strings.Join(a.Faults, "; "))
		}
		return nil
	}
}

package emulate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"sendim/core/model"
	"sendim/integrators/shell"
	"sendim/integrators/traffic"
)

// hosts keeps the agents inside hosts, started on demand.
type hosts struct {
	mu      sync.Mutex
	drivers map[model.NodeID]*driver
	dead    []*driver // in whose place others are
}

// driver is an agent that runs or is being started.
type driver struct {
	started chan struct{}
	process shell.Process
	*traffic.Driver
	err error
}

// atOnce is how many agents are started side by side.
const atOnce = 8

// agent gives the agent of a host, starting it if need be.
func (w *world) agent(ctx context.Context, host model.NodeID) (*traffic.Driver, error) {
	h := &w.hosts
	h.mu.Lock()
	d := h.drivers[host]
	if d != nil && d.gone() {
		h.dead = append(h.dead, d)
		d = nil
	}
	if d == nil {
		d = &driver{started: make(chan struct{})}
		h.drivers[host] = d
		go func() {
			d.err = w.startAgent(d, host)
			close(d.started)
		}()
	}
	h.mu.Unlock()
	select {
	case <-d.started:
		return d.Driver, d.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// gone says that an agent has ended, or could not be started: another one may do better.
func (d *driver) gone() bool {
	select {
	case <-d.started:
	default:
		return false
	}
	if d.err != nil {
		return true
	}
	select {
	case <-d.Done():
		return true
	default:
		return false
	}
}

func (w *world) startAgent(d *driver, host model.NodeID) error {
	name := w.net().NodeName(host)
	run, err := w.ground.inside(host)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(w.session.dir, "agents.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	if d.process, err = run.Start(w.processes, shell.Cmd{Argv: []string{"nice", "-n", agentNice, w.session.self, traffic.AgentCommand, w.still.path}, Stderr: log}); err != nil {
		return fmt.Errorf("starting the agent of %s: %w", name, err)
	}
	d.Driver = traffic.NewDriver(name, d.process.Stdout(), d.process.Stdin())
	return nil
}

// start starts the agents of all hosts that have flows.
func (h *hosts) start(ctx context.Context, w *world) error {
	wanted := map[model.NodeID]bool{}
	var order []model.NodeID
	want := func(host model.NodeID) {
		if !wanted[host] {
			wanted[host] = true
			order = append(order, host)
		}
	}
	for i := range w.list {
		want(w.list[i].From)
		if w.list[i].Transport != model.ICMP {
			for _, to := range w.receivers(&w.list[i]) {
				want(to)
			}
		}
	}
	slots, errs := make(chan struct{}, atOnce), make(chan error, len(order))
	for _, host := range order {
		slots <- struct{}{}
		go func() {
			_, err := w.agent(ctx, host)
			<-slots
			errs <- err
		}()
	}
	var all []error
	for range order {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// wait returns when all agents are gone; their place is closed.
func (h *hosts) wait() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.drivers {
		d.over()
	}
	for _, d := range h.dead {
		d.over()
	}
}

// over returns when an agent whose host is gone has ended.
func (d *driver) over() {
	<-d.started
	if d.process != nil {
		<-d.process.Done()
	}
	if d.Driver != nil {
		_ = d.process.Stdout().Close() // what a process left behind keeps it open
		<-d.Driver.Done()
	}
}

func (w *world) address(host model.NodeID) netip.Addr {
	ip, _ := w.names().IP(host)
	return ipv4(ip)
}

func ipv4(ip uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)})
}

package emulate

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"sendim/core/model"
	"sendim/core/trace"
)

// machine is what this machine has done since it was started.
type machine struct {
	total, idle, steal float64 // ticks of all cores
	pressure           float64 // seconds in which some task waited for a core; -1 unknown
	lost               int64   // frames for which there was no room between two interfaces
}

func readMachine() machine {
	m := machine{pressure: -1}
	text, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(text), "\n")
	for i, f := range strings.Fields(first) {
		v, err := strconv.ParseFloat(f, 64)
		// user nice system idle iowait irq softirq steal; guest time is in user already
		if err != nil || i == 0 || i > 8 {
			continue
		}
		m.total += v
		switch i {
		case 4, 5:
			m.idle += v
		case 8:
			m.steal += v
		}
	}
	text, _ = os.ReadFile("/proc/pressure/cpu")
	first, _, _ = strings.Cut(string(text), "\n")
	if _, total, ok := strings.Cut(first, "total="); ok {
		if us, err := strconv.ParseFloat(strings.TrimSpace(total), 64); err == nil {
			m.pressure = us / 1e6
		}
	}
	text, _ = os.ReadFile("/proc/net/softnet_stat") // a line for each core, in hexadecimal
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 {
			v, _ := strconv.ParseInt(f[1], 16, 64) // dropped: the core's backlog was full
			m.lost += v
		}
	}
	return m
}

// since is what the machine did in a span after an earlier reading.
func (m machine) since(before machine, span model.Time) trace.Load {
	l := trace.Load{Span: span, Pressure: -1, Lost: m.lost - before.lost}
	if ticks := m.total - before.total; ticks > 0 {
		l.Steal = (m.steal - before.steal) / ticks
		l.Busy = 1 - (m.idle-before.idle)/ticks - l.Steal
	}
	if m.pressure >= 0 && before.pressure >= 0 && span > 0 {
		l.Pressure = min(1, (m.pressure-before.pressure)/span.Seconds())
	}
	return l
}

// meter measures the machine while a run lasts. A run that ends within its first second is
// measured, too: from t=0 until it ends.
type meter struct {
	world *world
	worst atomic.Int64  // nanoseconds that something came late since the last reading
	told  chan struct{} // closed when nothing more will be written

	mu     sync.Mutex // of what follows
	still  bool       // the run stands still, and what the machine does is not the run's
	before machine
	at     model.Time
	moving threads
}

// load writes every second, and when the run ends, what the machine did.
func (w *world) load() {
	m := &w.meter
	defer close(m.told)
	m.watch()
	w.work.Go(func() { w.oversleep(&m.worst) })
	for w.wait(w.session.life, m.last()+model.Second) {
		m.read()
	}
	m.read()
}

// last is when the machine was read last.
func (m *meter) last() model.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

// again begins anew: of what came before nothing is told.
func (m *meter) again() {
	m.mu.Lock()
	m.still, m.before, m.at = false, readMachine(), m.world.now()
	m.worst.Store(0)
	m.mu.Unlock()
}

// watch begins anew with the threads of the switches, which takes longer.
func (m *meter) watch() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moving.busiest(m.world.place)
}

// rest writes what the machine did so far, and nothing more until again.
func (m *meter) rest() {
	m.read()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.still = true
}

// read writes what the machine did since it was read last.
func (m *meter) read() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, is := m.world.now(), readMachine()
	if m.still || now <= m.at {
		return
	}
	l := is.since(m.before, now-m.at)
	l.Switching = min(1, float64(m.moving.busiest(m.world.place).Seconds()/(now-m.at).Seconds()))
	l.Slip = model.Time(m.worst.Swap(0)) * model.Nanosecond
	m.world.session.emit(&trace.Entry{At: now, Kind: trace.MachineLoad, Load: &l})
	m.before, m.at = is, now
}

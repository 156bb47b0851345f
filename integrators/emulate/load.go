package emulate

import (
	"os"
	"strconv"
	"strings"
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

// load writes every second what the machine did.
func (w *world) load() {
	worst := &atomic.Int64{}
	w.work.Go(func() { w.oversleep(worst) })
	before, at := readMachine(), w.now()
	var moving threads
	moving.busiest(w.place) // of the start nothing is told
	for w.wait(w.session.life, at+model.Second) {
		now, is := w.now(), readMachine()
		l := is.since(before, now-at)
		l.Switching = min(1, float64(moving.busiest(w.place).Seconds()/(now-at).Seconds()))
		l.Slip = model.Time(worst.Swap(0)) * model.Nanosecond
		w.session.emit(&trace.Entry{At: now, Kind: trace.MachineLoad, Load: &l})
		before, at = is, now
	}
}

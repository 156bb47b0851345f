package ovs

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"sendim/integrators/shell"
)

// Spell is a time in which a daemon lived and stood still.
type Spell struct {
	Daemon   string // its program: ServerDaemon or SwitchDaemon
	From, To time.Time
}

const (
	// beat is how often it is looked whether the daemons live. A process closes its files
	// before its end is told, which takes one with hundreds of ports tens of milliseconds.
	beat = 10 * time.Millisecond
	// resting is after how long without a turn on a core a daemon is asked whether it is well.
	resting = 2 * time.Second
)

// pulse watches over guarded daemons that live: until when they did, and whether they do
// anything.
type pulse struct {
	v    *Instance
	once sync.Once

	mu    sync.Mutex // of what follows
	still bool       // they are made to stand still, and may
	of    map[string]*vital
}

// vital is what is known of one process.
type vital struct {
	of      shell.Process
	stat    *os.File  // /proc/PID/stat, as outside
	dir     string    // that directory
	alive   time.Time // when it was last seen alive
	moved   time.Time // when it was last seen not to be stopped
	ran     time.Time // when it last ran, or answered
	turns   string    // how often its first thread had a core so far
	asked   time.Time // since when it owes an answer; zero: it does not
	asking  bool      // somebody waits for it
	stopped bool      // by a signal
	ended   error     // why it is being ended
}

// Still says from when on daemons are not to be taken for hung, since all of the sandbox is
// made to stand still, and with false that they are again.
func (v *Instance) Still(is bool) {
	v.pulse.mu.Lock()
	defer v.pulse.mu.Unlock()
	v.pulse.still = is
	for _, l := range v.pulse.of {
		l.refresh(time.Now())
	}
}

func (l *vital) refresh(now time.Time) {
	l.alive, l.moved, l.ran, l.asked, l.stopped = now, now, now, time.Time{}, false
}

// feel looks after the daemons for as long as the instance lives.
func (p *pulse) feel() {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	last, count := time.Now(), 0
	for {
		select {
		case <-tick.C:
		case <-p.v.life.Done():
			p.close()
			return
		}
		now := time.Now()
		away := now.Sub(last) > time.Second // this process was stopped, or the machine
		last = now
		count++
		server, vswitchd := p.v.daemons()
		for _, spell := range []*Spell{p.look(ServerDaemon, server, now, away, count), p.look(SwitchDaemon, vswitchd, now, away, count)} {
			if g := p.v.guard.Load(); spell != nil && g.Stood != nil {
				g.Stood(*spell)
			}
		}
	}
}

// look looks after one daemon, and gives the time for which it stood still when it goes on.
func (p *pulse) look(name string, of shell.Process, now time.Time, away bool, count int) (stood *Spell) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[name]
	if l == nil || l.of != of {
		if count%10 != 1 { // looking for a process goes through all of the machine's
			return nil
		}
		if l = p.meet(name, of, now); l == nil {
			return nil
		}
	}
	if p.still || away {
		l.refresh(now)
		return nil
	}
	state, lives := l.state()
	switch {
	case !lives || l.ended != nil:
		return nil
	case state == 'T' || state == 't':
		l.alive, l.stopped = now, true
	default:
		if l.stopped {
			stood = &Spell{name, l.moved, now}
			l.ran, l.asked = now, time.Time{}
		}
		l.alive, l.moved, l.stopped = now, now, false
		if count%100 == 0 {
			l.turn(p, name, now)
		}
	}
	since, hangs, how := l.ran, l.asked, "it did nothing and did not answer"
	if l.stopped {
		since, hangs, how = l.moved, l.moved, "it was stopped by a signal and did nothing"
	}
	if g := p.v.guard.Load(); g.Silence > 0 && !hangs.IsZero() && now.Sub(hangs) >= g.Silence {
		l.alive = since
		l.ended = fmt.Errorf("%s for %v, and was ended", how, now.Sub(since).Round(100*time.Millisecond))
		go func() { _ = of.Stop(0) }()
	}
	return stood
}

// turn notes whether a daemon has had a core of late, and asks it if not.
func (l *vital) turn(p *pulse, name string, now time.Time) {
	text, _ := os.ReadFile(filepath.Join(l.dir, "schedstat"))
	if f := strings.Fields(string(text)); len(f) < 3 || f[2] != l.turns {
		l.ran, l.asked = now, time.Time{} // of one who is not counted nothing is known but its end
		if len(f) >= 3 {
			l.turns = f[2]
		}
		return
	}
	if l.asking || now.Sub(l.ran) < resting {
		return
	}
	if l.asking = true; l.asked.IsZero() {
		l.asked = now
	}
	path, method := p.v.path("db.sock"), "echo"
	if name == SwitchDaemon {
		path, method = p.v.control(), "version"
	}
	go func() {
		well := answers(path, method)
		p.mu.Lock()
		defer p.mu.Unlock()
		if l.asking = false; well {
			l.ran, l.asked = time.Now(), time.Time{}
		}
	}()
}

// meet begins to look after a process; nil while it is not found.
func (p *pulse) meet(name string, of shell.Process, now time.Time) *vital {
	if of == nil {
		return nil
	}
	dir, err := p.v.outside(of.PID())
	if err != nil {
		return nil
	}
	f, err := os.Open(filepath.Join(dir, "stat"))
	if err != nil {
		return nil
	}
	if old := p.of[name]; old != nil {
		_ = old.stat.Close()
	}
	l := &vital{of: of, stat: f, dir: dir}
	l.refresh(now)
	p.of[name] = l
	return l
}

func (p *pulse) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.of {
		_ = l.stat.Close()
	}
}

// last is until when a process lived, and why it was ended if it was by us; a zero time when
// it was never seen.
func (p *pulse) last(name string, of shell.Process) (time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.of[name]; l != nil && l.of == of {
		return l.alive, l.ended
	}
	return time.Time{}, nil
}

// exiting is the flag of a task that ends (PF_EXITING, linux/sched.h).
const exiting = 0x4

// state reads what a process does (proc_pid_stat(5), fields 3 and 9).
func (l *vital) state() (state byte, lives bool) {
	var room [1024]byte
	n, err := l.stat.ReadAt(room[:], 0)
	if err != nil && err != io.EOF || n == 0 {
		return 0, false
	}
	return stateOf(string(room[:n]))
}

// stateOf reads a file in the form of /proc/PID/stat.
func stateOf(text string) (state byte, lives bool) {
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 7 || len(f[0]) != 1 {
		return 0, false
	}
	flags, err := strconv.ParseUint(f[6], 10, 64)
	return f[0][0], err == nil && flags&exiting == 0 && !strings.Contains("ZXx", f[0])
}

// outside is the directory in /proc of a process that has an id inside.
func (v *Instance) outside(inside int) (string, error) {
	pids, err := v.sandbox.PIDs()
	if err != nil {
		return "", err
	}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		text, _ := os.ReadFile(filepath.Join(dir, "status"))
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
				if f := strings.Fields(rest); len(f) > 0 && f[len(f)-1] == strconv.Itoa(inside) {
					return dir, nil
				}
			}
		}
	}
	return "", fmt.Errorf("process %d of the sandbox is not found: %w", inside, context.Cause(v.life))
}

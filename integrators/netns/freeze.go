package netns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// freezing is how long processes have to stand still: one that waits for a disk does not
// before that is done.
const freezing = 20 * time.Second

// Freeze has every process inside stand still (SIGSTOP), those included that are started
// meanwhile or after, and returns when all do, each with all its threads; when one will not,
// all go on and that is the error. The helper does not: with it ends what is frozen. What
// stood still before is left alone, by Thaw, too. Freezing what is frozen does nothing.
//
// Signals and not a control group: they need no place in a hierarchy that may not be ours
// to change, or of which something would be left when this process is killed.
func (s *Sandbox) Freeze(ctx context.Context) error {
	if _, err := s.ask(ctx, message{Op: opFreeze}); err != nil {
		return fmt.Errorf("freezing sandbox %q: %w", s.label, err)
	}
	return nil
}

// Thaw lets go on what Freeze stopped.
func (s *Sandbox) Thaw(ctx context.Context) error {
	if _, err := s.ask(ctx, message{Op: opThaw}); err != nil {
		return fmt.Errorf("thawing sandbox %q: %w", s.label, err)
	}
	return nil
}

// frost is what the helper has stopped. The helper's lock guards it.
type frost struct {
	on    bool
	ours  map[int]string // what was stopped, and since when it has lived
	order []int          // parents before their children
}

// glimpse is a process as /proc/PID/stat has it (proc_pid_stat(5)).
type glimpse struct {
	pid, parent, depth int
	state              byte
	since              string // its start, in ticks: a number that is given out again belongs to another
	name               string
}

// still says that it does not run: stopped, or dead and not yet reaped.
func (g *glimpse) still() bool { return strings.IndexByte("TtZXx", g.state) >= 0 }

func glimpseOf(path string) (g glimpse, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return g, false
	}
	// The name stands in brackets and may hold any.
	open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if open < 0 || end < open {
		return g, false
	}
	f := strings.Fields(string(text[end+1:]))
	if len(f) < 20 {
		return g, false
	}
	g.pid, _ = strconv.Atoi(strings.TrimSpace(string(text[:open])))
	g.name, g.state, g.since = string(text[open+1:end]), f[0][0], f[19]
	g.parent, _ = strconv.Atoi(f[1])
	return g, true
}

// everybody lists the processes inside but the helper, parents before their children.
func everybody() ([]glimpse, error) {
	var list []glimpse
	at := map[int]int{}
	err := eachProcess(func(pid int) {
		if g, ok := glimpseOf("/proc/" + strconv.Itoa(pid) + "/stat"); ok && pid != 1 {
			at[pid] = len(list)
			list = append(list, g)
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		for p, ok := at[list[i].parent]; ok && list[i].depth <= len(list); p, ok = at[list[p].parent] {
			list[i].depth++
		}
	}
	slices.SortStableFunc(list, func(a, b glimpse) int { return cmp.Compare(a.depth, b.depth) })
	return list, nil
}

// stirs says that a thread of a process that is being stopped still runs.
func stirs(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return false // it has ended
	}
	for _, t := range threads {
		g, ok := glimpseOf(dir + "/" + t.Name() + "/stat")
		if ok && !g.still() && !(g.state == 'D' && waitsForStill(dir+"/"+t.Name())) {
			return true
		}
	}
	return false
}

// waitsForStill says that a child of a thread stands still. A thread that waits without heed
// of signals may wait for just that one: until a child that was made by vfork(2) runs a
// program of its own, its parent does not run, and does not stop either.
func waitsForStill(task string) bool {
	text, _ := os.ReadFile(task + "/children")
	for _, child := range strings.Fields(string(text)) {
		if g, ok := glimpseOf("/proc/" + child + "/stat"); ok && g.still() {
			return true
		}
	}
	return false
}

func (in *initProcess) freeze() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.frost.on {
		return nil
	}
	in.frost = frost{on: true, ours: map[int]string{}}
	return in.hush()
}

// hush stops processes until a look at all of them finds none that runs: a parent is told
// before its children, so that no shell sees its job stop and makes something of it. The
// helper's lock is held.
func (in *initProcess) hush() error {
	wait := 200 * time.Microsecond
	for deadline := time.Now().Add(freezing); ; {
		list, err := everybody()
		if err != nil {
			return errors.Join(err, in.thaw())
		}
		var awake []string
		for i := range list {
			g := &list[i]
			mine := in.frost.ours[g.pid] == g.since
			switch {
			case !mine && g.still():
				continue // it stood still before, and is not ours to wake
			case !mine:
				in.stopOne(g.pid, g.since)
				awake = append(awake, g.name)
			case stirs(g.pid):
				awake = append(awake, g.name)
			}
		}
		if len(awake) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			slices.Sort(awake)
			return errors.Join(fmt.Errorf("%s would not stand still within %v", strings.Join(slices.Compact(awake), ", "), freezing), in.thaw())
		}
		time.Sleep(wait)
		wait = min(2*wait, 20*time.Millisecond)
	}
}

// stopOne stops a process; the helper's lock is held.
func (in *initProcess) stopOne(pid int, since string) {
	if syscall.Kill(pid, syscall.SIGSTOP) == nil {
		in.frost.ours[pid] = since
		in.frost.order = append(in.frost.order, pid)
	}
}

// thaw lets what was stopped go on, children before their parents. The helper's lock is held.
func (in *initProcess) thaw() error {
	f := in.frost
	in.frost = frost{}
	var errs []error
	for _, pid := range slices.Backward(f.order) {
		g, ok := glimpseOf("/proc/" + strconv.Itoa(pid) + "/stat")
		if !ok || g.since != f.ours[pid] {
			continue // it was killed meanwhile
		}
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("having %s go on: %w", g.name, err))
		}
	}
	return errors.Join(errs...)
}

package gc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sendim/cmd/sendim/internal/live"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/integrators/netns"
	"sendim/plugins/apprpc"
)

// The kinds of things that are found.
const (
	Process   = "process"
	Socket    = "socket"
	File      = "file"
	Directory = "directory"
	Setting   = "setting" // of the machine
	Run       = "run"     // removed only where that is asked for
)

// What was done about a thing.
const (
	Found    = "found"
	Removed  = "removed"
	Reported = "reported" // it is not ours to decide
	Failed   = "failed"
)

// Thing is something that a dead run has left.
type Thing struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // a path, or the number of a process
	Run  string `json:"run,omitempty"`
	Why  string `json:"why"`
	Done string `json:"done"`

	remove func() error // nil: it stays
}

// Find lists what is left, in the order in which it is to be removed: processes first.
// runs is the folder of runs. Alive says whether a run's process lives.
func Find(runs string, alive func(record.Found) bool) ([]Thing, error) {
	out, err := processes()
	if err != nil {
		return nil, err
	}
	dirs, err := apprpc.SocketDirs()
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		out = append(out, Thing{Kind: Directory, Name: dir, Why: "of an app's socket; its host is gone", Done: Found,
			remove: func() error { return apprpc.RemoveSocketDir(dir) }})
	}
	if n := netns.MachineNeighbours(); n.Left() {
		out = append(out, Thing{Kind: Setting, Name: "net.ipv4.neigh.default.gc_thresh1, 2 and 3", Why: "raised for runs that are gone", Done: Found, remove: n.Restore})
	}
	more, err := inRuns(runs, alive)
	return append(out, more...), err
}

// Unfinished has the directories of runs go as well that never came to their end; each is
// looked at again when it is removed.
func Unfinished(list []Thing, alive func(record.Found) bool) {
	for i := range list {
		t := &list[i]
		if t.Kind != Run {
			continue
		}
		t.Done, t.remove = Found, func() error {
			if lives(t.Name, alive) || record.Written(t.Name) {
				return errors.New("somebody has come to use it")
			}
			if err := os.RemoveAll(t.Name); err != nil {
				return err
			}
			latest := filepath.Join(filepath.Dir(t.Name), "latest")
			if to, err := os.Readlink(latest); err == nil && filepath.Base(to) == t.Run {
				return os.Remove(latest)
			}
			return nil
		}
	}
}

// Remove takes the things away that are not merely reported, and notes what came of each.
func Remove(list []Thing) error {
	var errs []error
	for i := range list {
		t := &list[i]
		if t.remove == nil {
			continue
		}
		if err := t.remove(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Done, t.Why = Failed, err.Error()
			errs = append(errs, fmt.Errorf("remove %s %s: %w", t.Kind, t.Name, err))
			continue
		}
		t.Done = Removed
	}
	return errors.Join(errs...)
}

func processes() ([]Thing, error) {
	list, err := netns.Leftovers("")
	if err != nil {
		return nil, fmt.Errorf("look for processes of dead runs: %w", err)
	}
	var out []Thing
	for _, l := range list {
		t := Thing{Kind: Process, Name: strconv.Itoa(l.PID), Run: l.Label, Done: Found, Why: "its run is gone: " + l.Command, remove: l.End}
		switch {
		case l.Orphan():
		case l.Owner == "":
			t.Why, t.Done, t.remove = "it does not say who started its run: "+l.Command, Reported, nil
		default:
			continue
		}
		out = append(out, t)
	}
	return out, nil
}

// inRuns looks through the folder of runs.
func inRuns(root string, alive func(record.Found) bool) ([]Thing, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look through the runs: %w", err)
	}
	var out []Thing
	for _, e := range entries {
		path := filepath.Join(root, e.Name())
		if id, ok := strings.CutPrefix(e.Name(), ".latest-"); ok && e.Type()&fs.ModeSymlink != 0 {
			if to, err := os.Readlink(path); err == nil && to == id && !lives(filepath.Join(root, id), alive) {
				out = append(out, thing(File, path, id, "a link that was not put in its place"))
			}
			continue
		}
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		out = append(out, inRun(path, alive)...)
	}
	return out, nil
}

func thing(kind, path, run, why string) Thing {
	return Thing{Kind: kind, Name: path, Run: run, Why: why, Done: Found, remove: func() error { return os.Remove(path) }}
}

// lives says that a run's directory is in use.
func lives(dir string, alive func(record.Found) bool) bool {
	m, err := report.ReadManifest(os.DirFS(dir))
	return err == nil && m.State == report.Running && alive(record.Found{Dir: dir, Manifest: m}) || live.Alive(dir)
}

// inRun looks into the directory of a run, if it is one and nobody uses it.
func inRun(dir string, alive func(record.Found) bool) []Thing {
	id := filepath.Base(dir)
	m, err := report.ReadManifest(os.DirFS(dir))
	if err != nil {
		if _, terr := os.Lstat(filepath.Join(dir, "trace.jsonl")); terr == nil && errors.Is(err, fs.ErrNotExist) && !record.Written(dir) {
			return []Thing{{Kind: Run, Name: dir, Run: id, Why: "was begun and has no manifest", Done: Reported}}
		}
		return nil // not a run: not ours
	}
	if lives(dir, alive) {
		return nil
	}
	var out []Thing
	if m.State == report.Running {
		out = append(out, Thing{Kind: Run, Name: dir, Run: id, Why: "its process is gone without a word; its trace ends there", Done: Reported})
	}
	out = append(out, files(dir, id, func(e fs.DirEntry) (kind, why string) {
		switch name := e.Name(); {
		case name == live.Socket && e.Type()&fs.ModeSocket != 0:
			return Socket, "nobody answers on it"
		case e.Type().IsRegular() && strings.HasPrefix(name, ".") && temporary(name):
			return File, "was not written to its end"
		}
		return "", ""
	})...)
	return append(out, files(filepath.Join(dir, netns.SwitchDir), id, func(e fs.DirEntry) (kind, why string) {
		switch name := e.Name(); {
		case e.Type()&fs.ModeSocket != 0:
			return Socket, "the run's Open vSwitch is gone"
		case e.Type().IsRegular() && (strings.HasSuffix(name, ".pid") || strings.HasSuffix(name, ".~lock~")):
			return File, "the run's Open vSwitch is gone"
		}
		return "", ""
	})...)
}

// temporary says that a name is one that a file of a run has until it is whole:
// ".NAME-DIGITS" (core/record).
func temporary(name string) bool {
	i := strings.LastIndexByte(name, '-')
	_, err := strconv.ParseUint(name[i+1:], 10, 64)
	return i > 1 && err == nil
}

func files(dir, run string, about func(fs.DirEntry) (kind, why string)) []Thing {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []Thing
	for _, e := range entries {
		if kind, why := about(e); kind != "" {
			out = append(out, thing(kind, filepath.Join(dir, e.Name()), run, why))
		}
	}
	return out
}

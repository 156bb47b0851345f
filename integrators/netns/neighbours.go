package netns

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Neighbours are the kernel's bounds on what all hosts of the machine together may know of
// each other's Ethernet addresses: below the first nothing is forgotten, above the last
// nothing more is learned ("neighbor table overflow"), and the first of them stands at 128
// by default and the last at 1024, which 33 hosts that all talk reach. They do not exist per
// network namespace, so that they are raised for the machine, and go back when the last run
// that needed them has ended, unless somebody else has changed them meanwhile.
//
// Who needs them stands in a ledger, by the process that runs it; what a process that was
// killed has left there is put right by the next one, or by Restore.
type Neighbours struct {
	limits string // the folder of the bounds
	ledger string // the file
}

// MachineNeighbours are those of this machine, as root of its first network namespace sees
// them.
func MachineNeighbours() *Neighbours {
	return &Neighbours{limits: "/proc/sys/net/ipv4/neigh/default", ledger: "/run/sendim/neighbours.json"}
}

// bounds are the files, the highest first: what is between two of them is never the wrong
// way round for long.
var bounds = [3]string{"gc_thresh3", "gc_thresh2", "gc_thresh1"}

// wantedFor is what so many hosts need, and at least what Mininet sets.
func wantedFor(hosts int) map[string]int {
	pairs := hosts * (hosts - 1)
	return map[string]int{bounds[0]: max(16384, 4*pairs), bounds[1]: max(8192, 2*pairs), bounds[2]: max(4096, pairs)}
}

// ledger is what is kept about bounds that were raised.
type ledger struct {
	Found map[string]int `json:"found"` // what they were
	Set   map[string]int `json:"set"`   // what they were made
	Runs  []string       `json:"runs"`  // who needs them: the identity of a process, and a number
}

// Raise makes room for so many hosts that all know each other, and returns what gives it
// back. No bound is lowered. Where the bounds cannot be raised the error says so, and what
// gives back is there all the same.
func (n *Neighbours) Raise(hosts int) (release func() error, err error) {
	var who string
	err = n.with(func(l *ledger) error {
		for who == "" || slices.Contains(l.Runs, who) { // a process may have several
			who = identity(os.Getpid()) + "#" + strconv.FormatInt(time.Now().UnixNano(), 10)
		}
		l.Runs = append(l.Runs, who)
		wanted := wantedFor(hosts)
		for _, name := range bounds {
			now, err := n.read(name)
			if err != nil {
				return err
			}
			if set, ours := l.Set[name]; !ours || now != set {
				l.Found[name] = now // as others want it
				delete(l.Set, name)
			}
			if now >= wanted[name] {
				continue
			}
			if err := n.write(name, wanted[name]); err != nil {
				return err
			}
			l.Set[name] = wanted[name]
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("making room for the neighbours of %d hosts: %w", hosts, err)
	}
	return func() error {
		return n.with(func(l *ledger) error {
			l.Runs = slices.DeleteFunc(l.Runs, func(r string) bool { return r == who })
			return nil
		})
	}, err
}

// Left says whether bounds stand raised for runs that are all gone.
func (n *Neighbours) Left() bool {
	text, err := os.ReadFile(n.ledger)
	if err != nil {
		return false
	}
	var l ledger
	return json.Unmarshal(text, &l) == nil && !slices.ContainsFunc(l.Runs, needed)
}

// Restore puts back what nobody needs any more.
func (n *Neighbours) Restore() error {
	if _, err := os.Stat(n.ledger); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return n.with(func(*ledger) error { return nil })
}

// needed says whether a run of the ledger lives, as far as can be seen from here.
func needed(run string) bool {
	owner, _, _ := strings.Cut(run, "#")
	return owner != "" && !(Leftover{Owner: owner}).Orphan()
}

// with changes the ledger while nobody else does. When nobody is left in it, the bounds go
// back and it goes away.
func (n *Neighbours) with(change func(*ledger) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(n.ledger), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(n.ledger+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // and with it the lock goes
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("locking %s: %w", lock.Name(), err)
	}
	l := ledger{}
	text, err := os.ReadFile(n.ledger)
	if err == nil && json.Unmarshal(text, &l) != nil {
		l = ledger{} // half of one says nothing
	}
	if l.Found == nil {
		l.Found = map[string]int{}
	}
	if l.Set == nil {
		l.Set = map[string]int{}
	}
	l.Runs = slices.DeleteFunc(l.Runs, func(r string) bool { return !needed(r) })
	err = change(&l)
	if len(l.Runs) == 0 {
		for _, name := range bounds {
			set, ours := l.Set[name]
			if now, rerr := n.read(name); ours && rerr == nil && now == set {
				err = errors.Join(err, n.write(name, l.Found[name]))
			}
		}
		return errors.Join(err, remove(n.ledger))
	}
	text, merr := json.Marshal(l)
	if merr != nil {
		return errors.Join(err, merr)
	}
	return errors.Join(err, rewrite(n.ledger, text))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// rewrite writes a file as a whole or not at all.
func rewrite(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".neighbours-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(f, strings.NewReader(string(text)))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func (n *Neighbours) read(name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(n.limits, name))
	if err != nil {
		return 0, fmt.Errorf("reading how many neighbours hosts may have: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (n *Neighbours) write(name string, value int) error {
	return os.WriteFile(filepath.Join(n.limits, name), []byte(strconv.Itoa(value)), 0o644)
}

package netns

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// labelVariable is the environment variable by which every process started in
// a sandbox bears the run's label.
const labelVariable = "SENDIM_SANDBOX"

// ownerVariable is the environment variable that says which process opened the sandbox:
// its identity.
const ownerVariable = "SENDIM_OWNER"

// identity tells a process from a later one of the same number, and from one that is
// called so in another container: the number, when it was started, in ticks since the
// machine was (proc(5), stat, field 22), and who counts like that (the PID namespace).
// "" when there is no such process, or it has ended and is merely not yet reaped.
func identity(pid int) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from field 3, the state
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strconv.Itoa(pid) + ":" + fields[19] + ":" + counting()
}

// counting is the PID namespace in which this process counts.
func counting() string {
	ns, _ := os.Readlink("/proc/self/ns/pid")
	return ns
}

// Leftover is something on this machine that bears the label of a run.
type Leftover struct {
	// PID is the process id as seen from here.
	PID int
	// Label is the run's.
	Label string
	// Owner is the identity of the process that opened the sandbox, "" when unknown.
	Owner string
	// Command is the command line.
	Command string
}

// String is one line for a report.
func (l Leftover) String() string {
	return fmt.Sprintf("process %d of run %s: %s", l.PID, l.Label, l.Command)
}

// Orphan says that the process that opened the sandbox is known and has ended, so that
// nobody needs this one any more. Where the owner is unknown, or was counted elsewhere
// (in a container), it is false.
func (l Leftover) Orphan() bool {
	part := strings.SplitN(l.Owner, ":", 3)
	if len(part) < 3 || part[2] != counting() {
		return false
	}
	pid, err := strconv.Atoi(part[0])
	return err == nil && identity(pid) != l.Owner
}

// End kills an orphan. The process is held while it is looked at again, so that it is
// that one or none: a number that was given out anew is left alone, without an error, as
// is one whose end came first.
func (l Leftover) End() error {
	fd, err := unix.PidfdOpen(l.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ending %v: %w", l, err)
	}
	defer unix.Close(fd)
	label, owner := labels(l.PID)
	if label != l.Label || owner != l.Owner || !l.Orphan() {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("ending %v: %w", l, err)
	}
	return nil
}

// labels reads what a process bears.
func labels(pid int) (label, owner string) {
	env, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	for v := range bytes.SplitSeq(env, []byte{0}) {
		switch name, value, _ := strings.Cut(string(v), "="); name {
		case labelVariable:
			label = value
		case ownerVariable:
			owner = value
		}
	}
	return label, owner
}

// Leftovers lists what bears the label, or any run's label when it is empty.
// Sandboxes give no names to namespaces, and interfaces and mounts live and die
// with them, so there are only processes to find: those of a living run, or
// (which the death of process 1 rules out) of a dead one. Processes of other
// users are invisible without root.
func Leftovers(label string) ([]Leftover, error) {
	var found []Leftover
	err := eachProcess(func(pid int) {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			return
		}
		words := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
		whose, owner := labels(pid)
		if whose != "" && (label == "" || whose == label) {
			found = append(found, Leftover{PID: pid, Label: whose, Owner: owner, Command: strings.Join(words, " ")})
		}
	})
	return found, err
}

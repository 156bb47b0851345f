package netns

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// labelVariable is the environment variable by which every process started in
// a sandbox bears the run's label.
const labelVariable = "SENDIM_SANDBOX"

// Leftover is something on this machine that bears the label of a run.
type Leftover struct {
	// PID is the process id as seen from here.
	PID int
	// Label is the run's.
	Label string
	// Command is the command line.
	Command string
}

// String is one line for a report.
func (l Leftover) String() string {
	return fmt.Sprintf("process %d of run %s: %s", l.PID, l.Label, l.Command)
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
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		whose := ""
		for v := range bytes.SplitSeq(env, []byte{0}) {
			if name, value, _ := strings.Cut(string(v), "="); name == labelVariable {
				whose = value
			}
		}
		if whose != "" && (label == "" || whose == label) {
			found = append(found, Leftover{PID: pid, Label: whose, Command: strings.Join(words, " ")})
		}
	})
	return found, err
}

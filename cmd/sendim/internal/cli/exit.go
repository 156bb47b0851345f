package cli

import (
	"errors"
	"fmt"
	"io"

	"sendim/cmd/sendim/internal/live"
	"sendim/cmd/sendim/internal/prompt"
	"sendim/core/fault"
)

// The exit codes.
const (
	OK          = 0
	Failed      = 1   // a test failed, two runs differ, a command in the network failed
	WrongInput  = 2   // a descriptor, an option or a name is wrong
	NotHere     = 3   // this world, machine or version cannot do it
	RunFailed   = 4   // the run broke down
	Interrupted = 130 // by ^C or SIGTERM
)

const exitHelp = `Exit codes: 0 all well; 1 tests failed or runs differ; 2 wrong input; 3 cannot be done
here (a capability, a tool or root is missing); 4 the run broke down; 130 interrupted.`

// coded is an error with an exit code of its own. A silent one has been told already.
type coded struct {
	err    error
	code   int
	silent bool
}

func (c *coded) Error() string { return c.err.Error() }
func (c *coded) Unwrap() error { return c.err }

func fail(code int, format string, args ...any) error {
	return &coded{err: fmt.Errorf(format, args...), code: code}
}

// silent ends with a code and nothing more to say.
func silent(code int) error {
	if code == OK {
		return nil
	}
	return &coded{err: fmt.Errorf("exit %d", code), code: code, silent: true}
}

// exitCode says how an error ends the program.
func exitCode(err error) int {
	var c *coded
	var l *fault.List
	var f fault.Fault
	var exit *prompt.ExitError
	var remote *live.RemoteError
	switch {
	case err == nil:
		return OK
	case errors.As(err, &c):
		return c.code
	case fault.Is(err, fault.MissingCapability), fault.Is(err, fault.NotYet), fault.Is(err, fault.OverBudget):
		return NotHere
	case errors.As(err, &l), errors.As(err, &f):
		return WrongInput
	case errors.As(err, &exit), errors.As(err, &remote):
		return Failed
	}
	return RunFailed
}

// explain writes an error, faults one a line.
func explain(w io.Writer, err error) {
	var c *coded
	if err == nil || errors.As(err, &c) && c.silent {
		return
	}
	var l *fault.List
	var f fault.Fault
	switch {
	case errors.As(err, &l):
		fmt.Fprintln(w, l.Error())
	case errors.As(err, &f):
		fmt.Fprintln(w, f.Error())
	default:
		fmt.Fprintf(w, "sendim: %v\n", err)
	}
}

package shell

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// ErrTooLong says that a program wrote more standard output than its Cmd's
// Limit allows; the Result holds the beginning.
var ErrTooLong = errors.New("more output than the limit allows")

// shown is how much of each stream an error message repeats, in bytes. Of a
// longer one the end is shown: that is where programs say why they stop.
const shown = 2048

// Error is a program that could not be started, failed, or was ended.
type Error struct {
	// Line is the command as one could paste it.
	Line string
	// Exit is the exit status; -1 when there was none.
	Exit int
	// Signal is what ended the program; 0 when it ended by itself.
	Signal syscall.Signal
	// Stdout and Stderr are what it printed, bounded by the Cmd's Limit.
	Stdout, Stderr []byte
	// Err is the cause beyond the program's own verdict: the context's, a
	// start that failed, ErrTooLong. Nil when the exit status says it all.
	Err error
}

// Error shows the command line, the verdict and the end of what was printed.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "command failed: %s: ", e.Line)
	verdict := ""
	switch {
	case e.Signal != 0:
		verdict = "ended by signal: " + e.Signal.String()
	case e.Exit > 0:
		verdict = fmt.Sprintf("exit status %d", e.Exit)
	}
	switch {
	case e.Err != nil && verdict != "":
		fmt.Fprintf(&b, "%v (%s)", e.Err, verdict)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		b.WriteString(verdict)
	}
	show(&b, "stderr", e.Stderr)
	show(&b, "stdout", e.Stdout)
	return b.String()
}

// Unwrap gives the cause beyond the exit status.
func (e *Error) Unwrap() error { return e.Err }

func show(b *strings.Builder, name string, text []byte) {
	s := strings.TrimSpace(strings.ToValidUTF8(string(text), "?"))
	if s == "" {
		return
	}
	note := ""
	if len(s) > shown {
		cut := len(s) - shown
		note = fmt.Sprintf(" (the last %d bytes)", shown)
		s = strings.ToValidUTF8(s[cut:], "?")
	}
	fmt.Fprintf(b, "\n  %s%s:\n    %s", name, note, strings.ReplaceAll(s, "\n", "\n    "))
}

package shell

import (
	"context"
	"io"
	"os"
	"strings"
	"time"
)

// DefaultLimit is how many bytes of each output stream are kept when a Cmd
// names no limit of its own.
const DefaultLimit = 1 << 20

// Cmd says what to run. The zero value of everything but Argv is useful.
type Cmd struct {
	// Argv is the program and its arguments, never interpreted by a shell.
	// A name without a slash is searched as Find does.
	Argv []string
	// Dir is the working directory; empty means this process's own.
	Dir string
	// Env is added to this process's environment; later entries win.
	Env []string
	// Stdin is read to its end. Nil means no input for Run, and a pipe (see
	// Process.Stdin) for Start. Should the program end first, a reader that
	// hangs is left to its goroutine.
	Stdin io.Reader
	// Stdout and Stderr, when set, receive the stream instead of Result (and,
	// for Start, instead of Process.Stdout). An *os.File is handed to the
	// program itself, so that it goes on writing without this process.
	Stdout, Stderr io.Writer
	// Limit bounds, in bytes, what is kept of each stream. 0 means
	// DefaultLimit. More standard output than that is an error (ErrTooLong):
	// a caller must not parse half a table. Of standard error the end is kept.
	Limit int
}

// Result is what a program left behind.
type Result struct {
	Stdout, Stderr []byte
	// Exit is the exit status, or -1 when a signal ended the program.
	Exit int
}

// Runner runs programs. Implementations are safe for concurrent use.
type Runner interface {
	// Run starts the program and waits for its end. A non-zero exit status is
	// an *Error; the Result is filled in either way. When ctx ends first the
	// process group is killed and the error wraps the context's cause.
	Run(ctx context.Context, c Cmd) (Result, error)
	// Start starts the program and keeps it. When ctx ends the process group
	// is killed. The program is reaped whether or not Wait is called.
	Start(ctx context.Context, c Cmd) (Process, error)
}

// Process is a program kept running by Start. Its methods may be called from
// any goroutine.
type Process interface {
	// PID is the process id as the place where it runs counts it.
	PID() int
	// Stdin writes to the program; closing it is the end of its input. Nil
	// when the Cmd brought its own input.
	Stdin() io.WriteCloser
	// Stdout reads from the program until it ends. Nil when the Cmd brought a
	// writer of its own. A program whose output nobody reads comes to a halt.
	Stdout() io.ReadCloser
	// Done is closed when the program has ended and was reaped.
	Done() <-chan struct{}
	// Wait waits for the end: nil for exit status 0, else an *Error.
	Wait() error
	// Stop asks the process group to end (SIGTERM), kills it after grace, and
	// returns when it is gone. That the program did as it was told, or had
	// ended before, is no error.
	Stop(grace time.Duration) error
}

// Line renders the command as one could paste it into a POSIX shell.
func (c Cmd) Line() string { return c.line(nil) }

// line renders the command behind a prefix that enters the place where it runs.
func (c Cmd) line(prefix []string) string {
	var words []string
	if len(prefix) > 0 {
		for _, w := range prefix {
			words = append(words, Quote(w))
		}
		if c.Dir != "" {
			words = append(words, "env", "-C", Quote(c.Dir))
		} else if len(c.Env) > 0 {
			words = append(words, "env")
		}
	} else if c.Dir != "" {
		words = append(words, "cd", Quote(c.Dir), "&&")
	}
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		words = append(words, name+"="+Quote(value))
	}
	for _, w := range c.Argv {
		words = append(words, Quote(w))
	}
	return strings.Join(words, " ")
}

// Quote makes one word of s for a POSIX shell, leaving plain words alone.
func Quote(s string) string {
	plain := s != ""
	for i := 0; i < len(s) && plain; i++ {
		b := s[i]
		plain = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
			strings.IndexByte("-_./:=,+@%^", b) >= 0
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// environment is this process's environment with extra added, each name once,
// the last one winning: execve keeps duplicates and libc reads the first.
func environment(extra []string) []string {
	all := append(os.Environ(), extra...)
	seen := make(map[string]bool, len(all))
	out := make([]string, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		name, _, _ := strings.Cut(all[i], "=")
		if !seen[name] {
			seen[name] = true
			out = append(out, all[i])
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

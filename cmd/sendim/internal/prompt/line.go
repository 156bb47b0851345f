package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"sendim/cmd/sendim/internal/tty"
)

// ErrLeave says that the user wants to leave the prompt.
var ErrLeave = errors.New("leave the prompt")

// ErrGone says that there is no run any more that could carry out lines.
var ErrGone = errors.New("the run does not live any more")

// Line is a line with what belongs to whoever typed it.
type Line struct {
	Text string
	// Dir is where names of files count from; "" is the run's own.
	Dir      string
	Out, Err io.Writer
	// In is called when a program begins that may read; it is closed at the program's end.
	// Nil: programs have no input.
	In func() io.ReadCloser
	// Left hears what came in and the program did not read; may be nil.
	Left func([]byte)
	// Terminal is not nil where Out and In are a terminal's: a program then gets one, too.
	Terminal *Terminal
}

// Terminal is what a program must know of its user's terminal.
type Terminal struct {
	Name  string // as in TERM
	Size  tty.Size
	Sizes <-chan tty.Size // what it becomes; may be nil
}

// file gives a name of a file as the run has to open it.
func (l *Line) file(name string) string {
	if own, err := os.Getwd(); l.Dir == "" || err == nil && l.Dir == own || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.Dir, name)
}

// Executor carries out lines: a Console, or one at the other end of a socket.
type Executor interface {
	// Do carries out a line. ErrLeave asks the caller to leave; any other error is what
	// went wrong with this line, and the network lives on.
	Do(ctx context.Context, l Line) error
	// Complete lists what the last word of a text may be.
	Complete(ctx context.Context, text string) ([]string, error)
}

// carry carries a line out that needs no input; what it says comes in one stream.
func carry(ctx context.Context, e Executor, text string, out io.Writer) error {
	return e.Do(ctx, Line{Text: text, Out: out, Err: out})
}

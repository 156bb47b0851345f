package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ergochat/readline"
	"golang.org/x/sys/unix"

	"sendim/cmd/sendim/internal/tty"
	"sendim/core"
)

// Read carries out the lines of a script until its end, "exit" or the first error that
// is not the network's answer but the end of the run. It gives the number of lines that
// failed; their errors go to errs.
func Read(ctx context.Context, e Executor, in io.Reader, out, errs io.Writer) (failed int, err error) {
	h := &Here{Executor: e}
	failed, err = h.lines(ctx, in, Line{Dir: workDir(), Out: out, Err: errs})
	if errors.Is(err, ErrLeave) {
		err = nil
	}
	return failed, err
}

// workDir is where this process counts names of files from.
func workDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// Screen is the terminal at which somebody sits.
type Screen struct {
	In        *os.File
	Out, Errs io.Writer
	Banner    string
	// Again is as in Here.
	Again []string
	// Stays says that ^Z must not stop this process, since a network lives by it.
	Stays bool
}

// Interact reads lines from a terminal, with editing, history and completion. ^C ends
// the command under way, not the run; ^D leaves.
func Interact(ctx context.Context, e Executor, s Screen) error {
	keys, err := tty.NewKeys(s.In, 1) // no more than a line needs: what follows may be for a program
	if err != nil {
		return err
	}
	defer keys.Close()
	stays := s.Stays || !stoppable()
	if stays {
		signal.Ignore(syscall.SIGTSTP)
		defer signal.Reset(syscall.SIGTSTP)
	}
	past := openHistory(historyFile())
	h := &Here{Executor: e, Again: s.Again, History: func() []string { return past.lines }}
	screen := &screen{to: s.Out, home: true}
	keyboard := &keyboard{keys: keys}
	echo := &echo{screen, keyboard}
	mode := &mode{of: s.In}
	rl, err := readline.NewFromConfig(&readline.Config{
		Prompt: "sendim> ", AutoComplete: &completer{ctx: ctx, e: h}, DisableAutoSaveHistory: true, HistoryLimit: mostHistory, HistorySearchFold: true,
		Stdin: keyboard, Stdout: echo, Stderr: echo,
		FuncIsTerminal:      func() bool { return true },
		FuncGetSize:         func() (int, int) { size := tty.GetSize(s.In); return size.Cols, size.Rows },
		FuncMakeRaw:         mode.raw,
		FuncExitRaw:         mode.restore,
		FuncFilterInputRune: func(r rune) (rune, bool) { return r, r != readline.CharCtrlZ || !stays },
	})
	if err != nil {
		return fmt.Errorf("open the terminal: %w", err)
	}
	defer rl.Close()
	for _, line := range past.lines {
		_ = rl.SaveToHistory(line) // in memory
	}
	fmt.Fprintln(screen, s.Banner)
	over := context.AfterFunc(ctx, func() { _ = keys.Close() }) // the run may end while the prompt waits
	defer over()
	for {
		screen.newLine()
		text, err := rl.ReadLine()
		screen.home = true
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case err != nil || ctx.Err() != nil:
			return nil
		}
		if before := len(past.lines); text != "" {
			if past.add(text); len(past.lines) > before {
				_ = rl.SaveToHistory(strings.TrimSpace(text))
			}
		}
		err = s.carry(ctx, h, text, screen, keyboard.push)
		var ended interface{ Ended() (code int) }
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
		case errors.As(err, &ended) && ended.Ended() < 0: // by a signal: whoever pressed ^C knows
		case errors.Is(err, ErrLeave):
			return nil
		case errors.Is(err, ErrGone), errors.Is(err, core.ErrOver):
			screen.newLine()
			fmt.Fprintf(s.Errs, "*** %v\n", err)
			return nil
		case errors.Is(err, context.Canceled):
			screen.newLine()
			fmt.Fprintln(s.Errs, "*** interrupted")
		default:
			screen.newLine()
			fmt.Fprintf(s.Errs, "*** %v\n", err)
		}
	}
}

// mode is a terminal's, as it was found or raw. The line editor changes it from more than
// one goroutine.
type mode struct {
	of     *os.File
	mu     sync.Mutex
	before func() // nil: it is as it was found
}

func (m *mode) raw() (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before == nil {
		m.before, err = tty.Raw(m.of, false)
	}
	return err
}

func (m *mode) restore() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before != nil {
		m.before()
		m.before = nil
	}
	return nil
}

// stoppable says whether somebody is there who lets this process go on once it was
// stopped: a parent in its session that is not of its own group, which is a shell.
func stoppable() bool {
	parent := os.Getppid()
	group, err1 := unix.Getpgid(parent)
	session, err2 := unix.Getsid(parent)
	own, err3 := unix.Getsid(0)
	return err1 == nil && err2 == nil && err3 == nil && group != unix.Getpgrp() && session == own
}

// carry carries out one line that was typed. Between lines the terminal is as it was
// found, ^C a signal; while a program of the network has it, every key is the program's.
func (s *Screen) carry(ctx context.Context, h *Here, text string, screen *screen, left func([]byte)) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return h.Do(ctx, WithTerminal(Line{Text: text, Dir: workDir(), Out: screen, Err: s.Errs, Left: left}, s.In))
}

// WithTerminal gives a line the terminal that a file is.
func WithTerminal(l Line, in *os.File) Line {
	sizes := make(chan tty.Size, 1)
	l.Terminal = &Terminal{Name: os.Getenv("TERM"), Size: tty.GetSize(in), Sizes: sizes}
	l.In = func() io.ReadCloser {
		keys, err := tty.NewKeys(in, 0)
		if err != nil {
			return io.NopCloser(strings.NewReader(""))
		}
		t := &taken{Keys: keys, changed: make(chan os.Signal, 1)}
		t.restore, _ = tty.Raw(in, true)
		signal.Notify(t.changed, syscall.SIGWINCH)
		go func() {
			for range t.changed {
				select {
				case <-sizes: // an older one that nobody took
				default:
				}
				sizes <- tty.GetSize(in)
			}
		}()
		return t
	}
	return l
}

// taken is a terminal while a program has it.
type taken struct {
	*tty.Keys
	changed chan os.Signal
	restore func()
	closed  atomic.Bool
}

func (t *taken) Close() error {
	if t.closed.Swap(true) {
		return nil
	}
	signal.Stop(t.changed)
	close(t.changed)
	err := t.Keys.Close()
	if t.restore != nil {
		t.restore()
	}
	return err
}

// screen remembers whether the cursor stands at the beginning of a line.
type screen struct {
	to   io.Writer
	home bool
}

func (s *screen) Write(p []byte) (int, error) {
	if len(p) > 0 {
		s.home = p[len(p)-1] == '\n'
	}
	return s.to.Write(p)
}

// newLine begins a line, unless one has just begun.
func (s *screen) newLine() {
	if !s.home {
		_, _ = io.WriteString(s, "\n")
	}
}

// keyboard gives the line editor its keys, and the answer when it asks the terminal where
// its cursor stands. It stands at the beginning of a line; asking a terminal that does not
// answer, as a program that drives this one, would wait for ever.
type keyboard struct {
	keys   io.Reader
	mu     sync.Mutex
	answer string // what comes before the next key
}

func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	n := copy(p, k.answer)
	k.answer = k.answer[n:]
	k.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	n, err := k.keys.Read(p)
	if n == 1 && p[0] == readline.CharInterrupt {
		// The editor's ^C would close a list of words, or a search, and leave the line.
		k.mu.Lock()
		k.answer += string(rune(readline.CharInterrupt))
		k.mu.Unlock()
		p[0] = readline.CharBell
	}
	return n, err
}

// push has keys come before those that are pressed from now on.
func (k *keyboard) push(keys []byte) {
	k.mu.Lock()
	k.answer += string(keys)
	k.mu.Unlock()
}

// echo is what the line editor writes.
type echo struct {
	*screen
	*keyboard
}

const (
	whereIs = "\x1b[6n"   // ECMA-48 DSR
	itIs    = "\x1b[1;1R" // CPR
)

func (e *echo) Write(p []byte) (int, error) {
	text := strings.ReplaceAll(string(p), whereIs, "")
	if len(text) < len(p) {
		e.mu.Lock()
		e.answer = itIs + e.answer
		e.mu.Unlock()
	}
	_, err := io.WriteString(e.to, text)
	return len(p), err
}

// completer asks what a word may be.
type completer struct {
	ctx context.Context
	e   Executor
}

// patience is how long somebody who presses TAB waits for a run that is busy.
const patience = 700 * time.Millisecond

// Do gives the ends of the words that the last one may be; one that fits alone is followed
// by a blank.
func (c *completer) Do(line []rune, pos int) (ends [][]rune, length int) {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	text := string(line[:pos])
	words, err := c.e.Complete(ctx, text)
	if err != nil {
		return nil, 0
	}
	last := []rune(text[strings.LastIndexAny(text, " \t")+1:])
	for _, w := range words {
		end := []rune(w)
		if len(end) < len(last) || string(end[:len(last)]) != string(last) {
			continue
		}
		if !strings.HasSuffix(w, "=") && !strings.HasSuffix(w, "/") {
			end = append(end, ' ')
		}
		ends = append(ends, end[len(last):])
	}
	return ends, len(last)
}

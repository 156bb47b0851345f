package apprpc

import (
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
)

// Lost says that a running app can no longer be used: it crashed, was silent for too
// long, answered too much, broke the protocol, or was abandoned in the middle of a batch.
type Lost struct {
	App    string   // name in its manifest
	Path   string   // of its binary
	Reason string   // one line
	Stderr []string // the last lines that it wrote
	Err    error    // the cause, if there is one: the context's error when that ended
}

// Error is one line: who, why, and the line of its standard error that tells most.
func (l *Lost) Error() string {
	return fmt.Sprintf("application %s (%s) is lost: %s", l.App, l.Path, l.Loss())
}

// Loss is the same without who, for those who have said that already.
func (l *Lost) Loss() string {
	s := l.Reason
	if w := lastWord(l.Stderr); w != "" && !strings.Contains(l.Reason, strings.TrimPrefix(w, "panic: ")) {
		s += fmt.Sprintf("; it last wrote %q", w)
	}
	return s
}

// Unwrap gives the cause.
func (l *Lost) Unwrap() error { return l.Err }

// lastWord picks the line that says why a program ended: in Go the one before the stack,
// elsewhere the last. Python says on an earlier line where a fault of syntax is.
func lastWord(lines []string) string {
	last, place := "", ""
	for _, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if file, found := strings.CutPrefix(line, "  File \""); found {
			place = strings.Replace(path.Base(file), "\", line ", ":", 1)
		}
		if strings.TrimSpace(line) != "" {
			last = line
		}
	}
	if kind, _, _ := strings.Cut(last, ": "); place != "" && (kind == "SyntaxError" || kind == "IndentationError" || kind == "TabError") {
		last += " (" + place + ")"
	}
	return last
}

const (
	tailLines = 40
	tailWidth = 400
)

// tail passes an app's output on and keeps its last lines. Write never fails: a broken
// log must not take the app down.
type tail struct {
	mu     sync.Mutex
	to     io.Writer
	lines  []string // complete ones
	line   []byte   // the beginning of the one being written
	cause  string   // the line that begins a crash, kept although a long stack follows
	closed bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to != nil && !t.closed {
		_, _ = t.to.Write(p)
	}
	for _, c := range p {
		switch {
		case c == '\n':
			t.keep()
		case len(t.line) < tailWidth:
			t.line = append(t.line, c)
		}
	}
	return len(p), nil
}

func (t *tail) keep() {
	line := text(string(t.line))
	t.line = t.line[:0]
	if t.cause == "" && (strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")) {
		t.cause = line
	}
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

// last gives the last lines; when a stack has pushed out the line that began a crash,
// that line comes first.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	if t.cause != "" && len(t.lines) == tailLines {
		out = append(out, t.cause)
	}
	out = append(out, t.lines...)
	if len(t.line) > 0 {
		out = append(out, text(string(t.line)))
	}
	return out
}

// stop ends passing on: the caller's writer is not used after Close.
func (t *tail) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

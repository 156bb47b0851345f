package prompt

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mostHistory is how many lines a history file keeps.
const mostHistory = 1000

// history is the lines of this prompt and of those before it, in a file that only its user
// can read. Several prompts may write at once.
type history struct {
	path  string // "": nowhere
	lines []string
}

// historyFile is where the lines are kept: $XDG_STATE_HOME/sendim/history, or below
// ~/.local/state (XDG Base Directory Specification 0.8).
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "sendim", "history")
}

// openHistory reads what is kept, and cuts the file where it has grown. A file that cannot
// be had is no reason to go without a prompt.
func openHistory(path string) *history {
	h := &history{path: path}
	if path == "" {
		return h
	}
	if err := makeOwn(filepath.Dir(path)); err != nil {
		h.path = ""
		return h
	}
	file, err := os.Open(path)
	if err != nil {
		return h
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if lines.Text() != "" {
			h.lines = append(h.lines, lines.Text())
		}
	}
	if len(h.lines) > 2*mostHistory {
		h.cut()
	}
	h.lines = h.lines[max(0, len(h.lines)-mostHistory):]
	return h
}

// add keeps a line, unless it is empty or the last one again.
func (h *history) add(line string) {
	line = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, line))
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if h.path == "" {
		return
	}
	file, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		h.path = ""
		return
	}
	defer file.Close()
	_ = file.Chmod(0o600) // whoever made it
	if len(h.lines) == 1 {
		own(h.path)
	}
	if _, err := fmt.Fprintln(file, line); err != nil {
		h.path = ""
	}
}

// cut replaces the file by its last lines.
func (h *history) cut() {
	file, err := os.CreateTemp(filepath.Dir(h.path), ".history-*") // readable by its user only
	if err != nil {
		return
	}
	_, err = file.WriteString(strings.Join(h.lines[len(h.lines)-mostHistory:], "\n") + "\n")
	if closed := file.Close(); err == nil {
		err = closed
	}
	own(file.Name())
	if err == nil {
		err = os.Rename(file.Name(), h.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
}

// makeOwn makes a folder and those above it, for the user alone where it makes them.
func makeOwn(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeOwn(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	own(dir)
	return nil
}

// own gives what was made under sudo to whoever has the folder that it is in: a home.
func own(path string) {
	if os.Geteuid() != 0 {
		return
	}
	var above unix.Stat_t
	if unix.Stat(filepath.Dir(path), &above) == nil && above.Uid != 0 {
		_ = os.Lchown(path, int(above.Uid), int(above.Gid))
	}
}

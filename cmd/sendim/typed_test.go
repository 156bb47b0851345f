package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sendim/cmd/sendim/internal/tty"
)

// typed CODE FILE COMMAND... runs a command on a terminal as somebody who sits there would
// and wants it to end with the code. A line of the file says what to wait for (a regular
// expression in what has come since the last one), what to type, how large the terminal
// becomes, or what else is to be run meanwhile:
//
//	? sendim>
//	! h1 bash\r
//	@ 40 120
//	$ sendim stop x
//
// What is typed is written as in a Go string. All that came is the command's output for
// the script's stdout.
func typed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: typed CODE FILE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	master, slave, err := tty.Open()
	ts.Check(err)
	defer master.Close()
	ts.Check(tty.SetSize(master, tty.Size{Rows: 24, Cols: 80}))
	path := args[2]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, args[2]); !strings.Contains(args[2], "/") && executable(p) {
			path = p
			break
		}
	}
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "WORK", "EXAMPLES"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Env = append(cmd.Env, "TERM=xterm", "XDG_STATE_HOME="+ts.MkAbs(".state"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	_ = slave.Close()
	s := &sitting{come: make(chan struct{}, 1), over: make(chan struct{})}
	go s.listen(master)
	fail := func(format string, args ...any) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Fatalf("%s\n%s", fmt.Sprintf(format, args...), s.text())
	}
	for i, line := range strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
		case "?":
			re, err := regexp.Compile(rest)
			ts.Check(err)
			if !s.await(re) {
				fail("line %d of %s: %s never came", i+1, args[1], rest)
			}
		case "!":
			keys, err := strconv.Unquote(`"` + strings.ReplaceAll(rest, `"`, `\"`) + `"`)
			ts.Check(err)
			if _, err := master.WriteString(keys); err != nil {
				fail("line %d of %s: %v", i+1, args[1], err)
			}
		case "@":
			var size tty.Size
			_, err := fmt.Sscan(rest, &size.Rows, &size.Cols)
			ts.Check(err)
			ts.Check(tty.SetSize(master, size))
		case "$":
			if err := ts.Exec("sh", "-c", rest); err != nil {
				fail("line %d of %s: %v", i+1, args[1], err)
			}
		default:
			fail("line %d of %s: %q", i+1, args[1], line)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(patience):
		fail("it does not end")
	}
	<-s.over
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("it exits with %d, want %d\n%s", code, want, s.text())
	}
	fmt.Fprint(ts.Stdout(), s.text())
}

// patience is how long a busy machine may take.
const patience = time.Minute

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// sitting is what has come to a terminal.
type sitting struct {
	mu   sync.Mutex
	all  []byte
	seen int
	come chan struct{}
	over chan struct{}
}

func (s *sitting) listen(master *os.File) {
	defer close(s.over)
	buf := make([]byte, 1<<16)
	for {
		n, err := master.Read(buf)
		s.mu.Lock()
		s.all = append(s.all, buf[:n]...)
		s.mu.Unlock()
		select {
		case s.come <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (s *sitting) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(string(s.all), "\r\n", "\n")
}

// await waits until an expression matches what came after the last match.
func (s *sitting) await(re *regexp.Regexp) bool {
	end := time.After(patience)
	for {
		s.mu.Lock()
		at := re.FindIndex(s.all[s.seen:])
		if at != nil {
			s.seen += at[1]
		}
		s.mu.Unlock()
		if at != nil {
			return true
		}
		select {
		case <-s.come:
		case <-end:
			return false
		case <-s.over:
			s.mu.Lock()
			again := re.Match(s.all[s.seen:])
			s.mu.Unlock()
			return again
		}
	}
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyFile is the descriptor on which the background process says how its start went.
const readyFile = 3

// started is what it says, once.
type started struct {
	ID  string `json:"id"`
	Dir string `json:"dir"`
}

// detach starts this command again in the background, in a session of its own, and
// returns when it has reached t=0 or failed before. Its words go to log.txt in the
// run's directory once there is one, and until then to this terminal.
func (c *cli) detach(ctx context.Context, o runOptions) error {
	if o.repeat > 1 || o.prompt {
		return fail(WrongInput, "--detach goes neither with --repeat nor with --prompt")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	args := append([]string{}, os.Args[1:]...)
	for i, a := range args {
		if a == "--detach" || a == "--detach=true" {
			args[i] = "--detached"
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	defer r.Close()
	words, err := os.CreateTemp("", "sendim-start-*")
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	defer words.Close()
	os.Remove(words.Name()) //nolint:errcheck // both sides have it open; nobody else needs a name, and nobody has to tidy up
	cmd := exec.Command(self, args...)
	cmd.Stdout, cmd.Stderr = words, words
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	said, err := io.ReadAll(r)
	var s started
	if err == nil && json.Unmarshal(bytes.TrimSpace(said), &s) == nil && s.ID != "" {
		fmt.Fprintln(c.out, s.ID)
		return cmd.Process.Release()
	}
	err = cmd.Wait()                                      // it failed, or was done, before its first moment
	io.Copy(c.errs, io.NewSectionReader(words, 0, 1<<20)) //nolint:errcheck // nothing is left to tell it to
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return silent(exit.ExitCode())
	}
	return err
}

// background makes a session the background side of detach.
func (s *session) background() {
	signal.Ignore(syscall.SIGHUP)
	unix.CloseOnExec(readyFile)
	pipe := os.NewFile(readyFile, "ready")
	s.ready = func(id, dir string) {
		json.NewEncoder(pipe).Encode(started{id, dir}) //nolint:errcheck // whoever waits sees the end of the pipe
		pipe.Close()
	}
}

// recorded turns the background side's words to the run's own log.
func (s *session) recorded() {
	if !s.o.detached {
		return
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "log.txt"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		fmt.Fprintf(s.errs, "sendim: no log of this run: %v\n", err)
		return
	}
	defer f.Close()
	for _, fd := range []int{1, 2} {
		if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
			fmt.Fprintf(s.errs, "sendim: no log of this run: %v\n", err)
		}
	}
}

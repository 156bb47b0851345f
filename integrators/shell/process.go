package shell

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// process is what Start hands out: the life of one program.
type process struct {
	line    string
	started Started
	stdin   *os.File
	stdout  *os.File
	stderr  *capture
	done    chan struct{}
	// Written before done is closed, read after.
	exit int
	err  error
}

// finish records the end of the program. cause is why its context ended, if
// it had ended by then.
func (p *process) finish(status syscall.WaitStatus, err, cause error) {
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
	e := &Error{Line: p.line, Exit: -1, Err: err}
	e.Stderr, _ = p.stderr.bytes()
	if err == nil {
		switch {
		case status.Signaled():
			e.Signal = status.Signal()
			e.Err = cause
		case status.Exited():
			e.Exit = status.ExitStatus()
		}
	}
	p.exit = e.Exit
	if e.Exit != 0 {
		p.err = e
	}
	close(p.done)
}

func (p *process) PID() int              { return p.started.PID() }
func (p *process) Done() <-chan struct{} { return p.done }

func (p *process) Stdin() io.WriteCloser {
	if p.stdin == nil {
		return nil
	}
	return p.stdin
}

func (p *process) Stdout() io.ReadCloser {
	if p.stdout == nil {
		return nil
	}
	return p.stdout
}

func (p *process) Wait() error {
	<-p.done
	return p.err
}

func (p *process) Stop(grace time.Duration) error {
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
	if p.stdout != nil {
		defer p.stdout.Close()
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

func (p *process) signal(sig syscall.Signal) error {
	err := p.started.Signal(sig)
	if err == nil || errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return fmt.Errorf("sending %v to %s: %w", sig, p.line, err)
}

package shell

import (
	"context"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Local runs programs on this machine, each in a process group of its own.
func Local() Runner { return Elsewhere(startLocal) }

// localProcess is the leader of a process group, child of this process.
type localProcess struct {
	process *os.Process
	mu      sync.Mutex
	ending  bool // the group was asked to end
	reaped  bool
}

func startLocal(_ context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (*localProcess, error) {
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir: dir, Env: env, Files: stdio[:],
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, err
	}
	return &localProcess{process: p}, nil
}

func (p *localProcess) PID() int { return p.process.Pid }

func (p *localProcess) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	if sig == syscall.SIGTERM || sig == syscall.SIGKILL {
		p.ending = true
	}
	return syscall.Kill(-p.process.Pid, sig)
}

// Wait looks at the end before it reaps: as long as the leader is a zombie its
// group number belongs to nobody else, so that the rest of the group can be
// ended without hitting a stranger.
func (p *localProcess) Wait() (syscall.WaitStatus, error) {
	for {
		err := unix.Waitid(unix.P_PID, p.process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending {
		_ = syscall.Kill(-p.process.Pid, syscall.SIGKILL)
	}
	p.reaped = true
	state, err := p.process.Wait()
	if err != nil {
		return 0, err
	}
	return state.Sys().(syscall.WaitStatus), nil
}

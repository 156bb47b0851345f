package netns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// Process is a process inside a sandbox, leader of a session of its own.
type Process struct {
	sandbox *Sandbox
	id      uint64
	pid     int
	done    chan struct{}
	status  syscall.WaitStatus // these two: written before done is closed
	err     error
}

// Command starts a program inside. argv[0] is a path (the file system is the
// same as outside), env the whole environment (nil: this process's own), dir
// the working directory (empty: the root), stdio the standard streams, which
// stay the caller's to close; a nil one is /dev/null. A standard input that is a terminal
// becomes the program's controlling terminal. ctx bounds the starting
// only. The signature is what shell.Elsewhere asks for.
func (s *Sandbox) Command(ctx context.Context, argv []string, dir string, env []string, stdio [3]*os.File) (*Process, error) {
	return s.command(ctx, "", argv, dir, env, stdio)
}

func (s *Sandbox) command(ctx context.Context, host string, argv []string, dir string, env []string, stdio [3]*os.File) (*Process, error) {
	if len(argv) == 0 {
		return nil, errors.New("starting a process: no program named")
	}
	if env == nil {
		env = os.Environ()
	}
	var null *os.File
	for i := range stdio {
		if stdio[i] != nil {
			continue
		}
		if null == nil {
			var err error
			if null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
				return nil, err
			}
			defer null.Close()
		}
		stdio[i] = null
	}
	p := &Process{sandbox: s, done: make(chan struct{})}
	s.mu.Lock()
	s.last++
	p.id = s.last
	s.processes[p.id] = p
	s.mu.Unlock()
	r, err := s.ask(ctx, message{Op: opExec, ID: p.id, Host: host, Argv: argv, Dir: dir, Env: env}, stdio[:]...)
	if err != nil {
		s.mu.Lock()
		delete(s.processes, p.id)
		s.mu.Unlock()
		if ctx.Err() != nil {
			// It may have been started all the same; nobody would end it.
			_ = s.wire.send(message{Op: opSignal, Process: p.id, Signal: int(syscall.SIGKILL)})
		}
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	p.pid = r.PID
	return p, nil
}

// PID is the process id as counted inside.
func (p *Process) PID() int { return p.pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end. The error is ErrGone when the sandbox ended with the
// process in it.
func (p *Process) Wait() (syscall.WaitStatus, error) {
	<-p.done
	return p.status, p.err
}

// Signal signals the whole process group; os.ErrProcessDone when its leader
// has ended. A group asked to end (SIGTERM, SIGKILL) does not outlive its
// leader.
func (p *Process) Signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
	}
	_, err := p.sandbox.ask(context.Background(), message{Op: opSignal, Process: p.id, Signal: int(sig)})
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, ErrGone) {
		return os.ErrProcessDone
	}
	return err
}

// end is called once, with the sandbox's lock held.
func (p *Process) end(status syscall.WaitStatus, err error) {
	p.status, p.err = status, err
	close(p.done)
}

// Listener is a socket that listens inside and is served outside.
type Listener struct {
	net.Listener
	sandbox *Sandbox
}

// Close closes the listener.
func (l *Listener) Close() error {
	l.sandbox.mu.Lock()
	delete(l.sandbox.listeners, l)
	l.sandbox.mu.Unlock()
	return l.Listener.Close()
}

// Listen opens a listener inside the sandbox ("tcp", "127.0.0.1:6653", or port
// 0 for any) and returns it for use by this process. Only what is inside can
// reach it. It is closed with the sandbox at the latest.
func (s *Sandbox) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	r, err := s.ask(ctx, message{Op: opListen, Network: network, Address: address})
	if err != nil {
		return nil, fmt.Errorf("listening on %s %s inside the sandbox: %w", network, address, err)
	}
	defer closeAll(r.files)
	if len(r.files) != 1 {
		return nil, fmt.Errorf("listening on %s %s inside the sandbox: %d sockets came back", network, address, len(r.files))
	}
	inner, err := net.FileListener(r.files[0])
	if err != nil {
		return nil, fmt.Errorf("listening on %s %s inside the sandbox: %w", network, address, err)
	}
	l := &Listener{Listener: inner, sandbox: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.killed {
		_ = inner.Close()
		return nil, ErrGone
	}
	s.listeners[l] = struct{}{}
	return l, nil
}

// PIDs lists the processes inside, the helper first, by the ids they have
// outside. Processes that end meanwhile may be missing.
func (s *Sandbox) PIDs() ([]int, error) {
	want, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(s.pid), "ns/pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("listing the processes of the sandbox: %w", err)
	}
	var pids []int
	err = eachProcess(func(pid int) {
		if ns, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "ns/pid")); err == nil && ns == want {
			pids = append(pids, pid)
		}
	})
	return pids, err
}

// eachProcess visits the processes of this machine by rising id.
func eachProcess(visit func(pid int)) error {
	dir, err := os.Open("/proc")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range pids {
		visit(pid)
	}
	return nil
}

package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// namespaces are what every sandbox has of its own.
const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC

// launch starts the helper and a goroutine that waits for its end.
func (s *Sandbox) launch(self []string, log *os.File) error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("making the control socket: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	if s.wire, err = newWire(os.NewFile(uintptr(pair[0]), "control")); err != nil {
		return fmt.Errorf("making the control socket: %w", err)
	}
	started := make(chan error, 1)
	// The death signal is sent when the thread that started the helper ends,
	// not the process. So the thread is this goroutine's alone, and it waits
	// here until the helper is gone.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd, err := start(self, s.label, theirs, log)
		if err == nil {
			s.helper, s.pid = cmd.Process, cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		s.mu.Lock()
		if !s.killed {
			if err == nil {
				err = errors.New("the helper left")
			}
			s.err = fmt.Errorf("%w: %w", ErrGone, err)
		}
		s.mu.Unlock()
		close(s.gone)
	}()
	if err := <-started; err != nil {
		_ = s.wire.conn.Close()
		return explain(err)
	}
	return nil
}

// start runs the helper as root, or in a user namespace where this user is
// root when it is not, or only by name.
func start(self []string, label string, control, log *os.File) (*exec.Cmd, error) {
	attempt := func(user bool) (*exec.Cmd, error) {
		cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{os.Args[0], Subcommand, label}}
		if len(self) > 0 {
			cmd = exec.Command(self[0], append(self[1:len(self):len(self)], label)...)
		}
		cmd.Env = append(os.Environ(), labelVariable+"="+label, ownerVariable+"="+identity(os.Getpid()))
		cmd.ExtraFiles = []*os.File{control}
		cmd.Stdout, cmd.Stderr = log, log
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: namespaces,
			Pdeathsig:  syscall.SIGKILL,
			// A terminal's Ctrl-C is for the parent, which then decides.
			Setsid: true,
		}
		if user {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		}
		return cmd, cmd.Start()
	}
	if os.Geteuid() == 0 {
		cmd, err := attempt(false)
		if !errors.Is(err, syscall.EPERM) {
			return cmd, err
		}
	}
	return attempt(true)
}

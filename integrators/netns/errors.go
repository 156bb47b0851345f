package netns

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ErrGone says that the sandbox has ended, by Close or otherwise.
var ErrGone = errors.New("the sandbox is gone")

// NotPermittedError says that this user cannot make namespaces here.
type NotPermittedError struct {
	// Missing names what stands in the way and how to remove it.
	Missing string
	Err     error
}

// Error names what is missing.
func (e *NotPermittedError) Error() string {
	return fmt.Sprintf("namespaces are not permitted: %s (%v)", e.Missing, e.Err)
}

// Unwrap gives the kernel's answer.
func (e *NotPermittedError) Unwrap() error { return e.Err }

// explain turns the kernel's refusal to make namespaces into a name for it.
func explain(err error) error {
	setting := func(path string) string {
		text, _ := os.ReadFile(path)
		return strings.TrimSpace(string(text))
	}
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
	case errors.Is(err, syscall.ENOSPC):
		return &NotPermittedError{Err: err,
			Missing: "the limits in /proc/sys/user/max_*_namespaces are reached"}
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS):
		return &NotPermittedError{Err: err,
			Missing: "this kernel was built without network, PID, IPC or user namespaces"}
	default:
		return err
	}
	missing := "run as root"
	switch {
	case setting("/proc/sys/kernel/unprivileged_userns_clone") == "0":
		missing += ", or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1"
	case setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
		missing += ", or allow user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
	case setting("/proc/sys/user/max_user_namespaces") == "0":
		missing += ", or allow user namespaces: sysctl user.max_user_namespaces=10000"
	}
	return &NotPermittedError{Missing: missing, Err: err}
}

// remoteError is what the helper could not do, told over the control socket.
type remoteError struct {
	text  string
	errno syscall.Errno
}

func (e *remoteError) Error() string { return e.text }

// Unwrap lets errors.Is(err, fs.ErrNotExist) and the like see through.
func (e *remoteError) Unwrap() error {
	if e.errno == 0 {
		return nil
	}
	return e.errno
}

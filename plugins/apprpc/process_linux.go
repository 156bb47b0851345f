package apprpc

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps the terminal's signals away from the app, lets its children end with it,
// and has the kernel end it when the host dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

// awaitExit returns when the process has ended, and leaves it unreaped.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// limitMemory bounds what the process may map for itself to write to. What it inherits
// to its children is bounded in the same way.
func limitMemory(pid int, bytes uint64) {
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}, nil)
}

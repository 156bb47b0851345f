package apprpc

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps the terminal's signals away from the app, lets its children end with it,
// and has the kernel end it when the host dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

// lock takes a file for this open file alone, if nobody has it. A lock is flock(2)'s: it
// goes with the last descriptor of the file, which no other program is given.
func lock(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// awaitExit returns when the process has ended, and leaves it unreaped.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// limitMemory bounds what the process may map for itself to write to, well above what
// it may hold: runtimes map much that they never touch. It stops what grows too fast to be
// watched.
func limitMemory(pid int, bytes uint64) {
	bytes += 1 << 30
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}, nil)
}

// machineMemory is how much memory there is, in bytes; 0: unknown.
func machineMemory() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return info.Totalram * uint64(info.Unit)
}

// resident is how much memory a process holds, in bytes (proc(5), statm); 0: it is gone.
func resident(pid int) uint64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64) // the kernel writes numbers
	return pages * uint64(os.Getpagesize())
}

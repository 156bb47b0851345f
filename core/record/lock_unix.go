//go:build unix

package record

import (
	"os"
	"path/filepath"
	"syscall"
)

// lock marks the diary of a run as being written. The lock, flock(2)'s, goes with the
// process, however that ends; a file system without locks does without.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// Written says that somebody, on this machine or one that shares its files, is writing
// the diary of the run in a directory now.
func Written(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "trace.jsonl"))
	if err != nil {
		return false
	}
	defer f.Close()
	// A shared lock: several may ask at once without seeing each other.
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == syscall.EWOULDBLOCK
}

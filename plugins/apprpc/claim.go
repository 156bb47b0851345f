package apprpc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ClaimFile is the file in the directory of an app's socket by which it is known as ours.
// As long as the host and the app live the host holds a lock on it, which the kernel
// takes away with the host however that ends.
const ClaimFile = "sendim-host"

// SocketDirs lists the directories of sockets whose hosts are dead: those below the
// system's directory for temporary files that bear our ClaimFile, unlocked. go-plugin's
// directories of other programs have none.
func SocketDirs() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(socketHome(), "plugin-dir*", ClaimFile))
	if err != nil {
		return nil, fmt.Errorf("list the directories of apps' sockets: %w", err)
	}
	var out []string
	for _, file := range found {
		if f, err := os.OpenFile(file, os.O_RDWR, 0); err == nil {
			if lock(f) {
				out = append(out, filepath.Dir(file))
			}
			_ = f.Close()
		}
	}
	return out, nil
}

// RemoveSocketDir removes a directory that SocketDirs has named, unless somebody has come
// to use it.
func RemoveSocketDir(dir string) error {
	if base := filepath.Base(dir); !strings.HasPrefix(base, "plugin-dir") {
		return fmt.Errorf("%s is no directory of an app's socket", dir)
	}
	f, err := os.OpenFile(filepath.Join(dir, ClaimFile), os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	defer f.Close()
	if !lock(f) {
		return fmt.Errorf("%s is in use", dir)
	}
	return os.RemoveAll(dir)
}

// claim marks the directory of an app's socket as ours and in use; nil where that cannot
// be done, which costs no more than that nobody tidies up after a host that was killed.
func claim(dir, app string) *os.File {
	if dir == "" {
		return nil
	}
	file := filepath.Join(dir, ClaimFile)
	f, err := os.OpenFile(file+"~", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil
	}
	// It gets its name when it is locked: nobody sees an unlocked one of a living host.
	if !lock(f) || os.Rename(f.Name(), file) != nil {
		_ = f.Close()
		return nil
	}
	_, _ = fmt.Fprintf(f, "%d %s\n", os.Getpid(), app)
	return f
}

package apprpc

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheDirectoryOfASocketIsLeftOverOnceItsHostIsGone(t *testing.T) {
	short, err := os.MkdirTemp("", "claim") // the path of a socket must fit the kernel
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	t.Setenv("TMPDIR", short)
	foreign, ours := filepath.Join(os.TempDir(), "plugin-dir1"), filepath.Join(os.TempDir(), "plugin-dir2")
	for _, dir := range []string{foreign, ours} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	held := claim(ours, "app")
	if held == nil {
		t.Skip("no locks here")
	}
	left := func() []string {
		t.Helper()
		dirs, err := SocketDirs()
		if err != nil {
			t.Fatal(err)
		}
		return dirs
	}
	if dirs := left(); len(dirs) != 0 {
		t.Errorf("left while the host lives: %v", dirs)
	}
	if err := RemoveSocketDir(ours); err == nil {
		t.Error("removed while the host lives")
	}
	held.Close() // what the kernel does for a host that is killed
	if dirs := left(); !slices.Equal(dirs, []string{ours}) {
		t.Errorf("left after the host's end: %v", dirs)
	}
	if err := RemoveSocketDir(ours); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(ours); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
	if err := RemoveSocketDir(foreign); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a directory without our file is gone: %v", err)
	}
}

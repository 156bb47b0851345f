package record_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sendim/core/record"
)

func TestFilesAreWrittenWholeAndPipesStayPipes(t *testing.T) {
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.Symlink("file", link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := record.WriteFile(file, func(w io.Writer) error { return errors.New("half way") }); err == nil {
		t.Error("what could not be written is no fault")
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a file is there: %v", err)
	}
	if err := record.WriteFile(file, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := record.WriteFile(link, hello); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); string(text) != "hello" {
		t.Errorf("behind the link is %q, %v", text, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	got := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- string(text)
	}()
	if err := record.WriteFile(pipe, hello); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "hello" {
		t.Errorf("through the pipe came %q", text)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v, %v", info, err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".sendim-*"))
	if len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

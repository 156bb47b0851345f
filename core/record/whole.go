package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile writes a file that is there as a whole or not at all. What is no regular file
// (a device, a pipe) is written to and stays what it is; where a link leads, the file there
// is written anew. Its error says what was written where.
func WriteFile(name string, write func(io.Writer) error) error {
	if to, err := filepath.EvalSymlinks(name); err == nil {
		info, err := os.Stat(to)
		if err == nil && !info.Mode().IsRegular() {
			return through(name, write)
		}
		name = to
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".sendim-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	buf := bufio.NewWriterSize(f, 1<<16)
	err = errors.Join(write(buf), buf.Flush(), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// through writes to what is there.
func through(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	buf := bufio.NewWriterSize(f, 1<<16)
	if err := errors.Join(write(buf), buf.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

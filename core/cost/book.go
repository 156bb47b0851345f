package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Book is what is known about one machine.
type Book struct {
	Format  int                 `json:"format"`  // what the figures mean; one of another format is empty
	Machine string              `json:"machine"` // which one; see Here
	Worlds  map[string]*Figures `json:"worlds"`  // by the name of the backend
}

// format is that of this program's books: since 2 there are ports instead of links.
const format = 2

// World gives the figures of a world, nil when they were never measured here.
func (b *Book) World(name string) *Figures {
	if b == nil {
		return nil
	}
	return b.Worlds[name]
}

// Here names this machine: what was measured on another says nothing about it, although
// a home directory may travel.
func Here() string {
	name, err := os.Hostname()
	if err != nil {
		name = "?"
	}
	return fmt.Sprintf("%s %s/%s %d cores", name, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// Path is where the book of this user is kept: sendim/cost.json in the user's cache
// directory ($XDG_CACHE_HOME, else ~/.cache).
func Path() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w", err)
	}
	return filepath.Join(dir, "sendim", "cost.json"), nil
}

// Load reads the book. One that is not there, of another machine
// or of another format, is empty.
func Load(path string) (*Book, error) {
	empty := &Book{Format: format, Machine: Here(), Worlds: map[string]*Figures{}}
	text, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, fmt.Errorf("read what this machine costs: %w", err)
	}
	b := &Book{}
	if err := json.Unmarshal(text, b); err != nil {
		return empty, fmt.Errorf("read what this machine costs from %s: %w; sendim doctor --measure writes it anew", path, err)
	}
	if b.Format != format || b.Machine != empty.Machine || b.Worlds == nil {
		return empty, nil
	}
	return b, nil
}

// Save writes the book as a whole or not at all.
func (b *Book) Save(path string) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(filepath.Dir(path), ".cost-*")
	}
	if err != nil {
		return fmt.Errorf("keep what this machine costs: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep what this machine costs: %w", err)
	}
	return nil
}

package record

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sendim/core/fault"
	"sendim/core/report"
	"sendim/core/trace"
)

// Record is the directory of a run under way.
type Record struct {
	ID, Dir string
	Trace   *trace.Writer // trace.jsonl
	owner   *[2]int       // uid, gid of who called sudo
	file    *os.File
}

// New makes the directory of a run below root. Without a name it is called by the
// time, the title and four random digits; making a directory either succeeds for one of
// two runs or fails for the other, so two runs never share one. A name that is taken is a fault.
func New(root, name, title string, now time.Time) (*Record, error) {
	r := &Record{ID: name, owner: caller()}
	if name != "" && (fileName(name) != strings.ToLower(name) || name == Latest) {
		return nil, fault.New(fault.BadName, fault.Place{Attribute: "--name"}, "%q is not a name for a run: up to 40 letters, digits and - _ . in between", name)
	}
	if err := r.mkdirs(root); errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EROFS) {
		return nil, fault.New(fault.BadChoice, fault.Place{Attribute: "--runs"}, "the folder of runs cannot be made: %s", err)
	} else if err != nil {
		return nil, fmt.Errorf("make the folder of runs: %w", err)
	}
	for range 100 {
		if name == "" {
			var b [2]byte
			rand.Read(b[:]) //nolint:errcheck // never fails (Go 1.24)
			r.ID = fmt.Sprintf("%s-%s-%s", now.Format("20060102-150405"), fileName(title), hex.EncodeToString(b[:]))
		}
		r.Dir = filepath.Join(root, r.ID)
		err := os.Mkdir(r.Dir, 0o755)
		if err == nil {
			return r, r.open()
		}
		if name != "" && errors.Is(err, fs.ErrExist) {
			return nil, fault.New(fault.DuplicateID, fault.Place{File: r.Dir}, "there is a run of this name already; choose another --name")
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make the run's folder: %w", err)
		}
	}
	return nil, fmt.Errorf("make the run's folder: no free name in %s", root)
}

func (r *Record) open() (err error) {
	r.own(r.Dir)
	if r.file, err = os.Create(filepath.Join(r.Dir, "trace.jsonl")); err != nil {
		return fmt.Errorf("make the trace: %w", err)
	}
	r.own(r.file.Name())
	lock(r.file)
	r.Trace = trace.NewWriter(r.file)
	return r.latest()
}

// latest turns runs/latest to this run in one step.
func (r *Record) latest() error {
	link := filepath.Join(filepath.Dir(r.Dir), "latest")
	fresh := filepath.Join(filepath.Dir(r.Dir), ".latest-"+r.ID)
	if err := os.Symlink(r.ID, fresh); err != nil {
		return fmt.Errorf("link the latest run: %w", err)
	}
	r.own(fresh)
	if err := os.Rename(fresh, link); err != nil {
		os.Remove(fresh)
		return fmt.Errorf("link the latest run: %w", err)
	}
	return nil
}

// Write puts a file in place as a whole: a reader sees the old one or the new one.
func (r *Record) Write(name string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(r.Dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	buf := bufio.NewWriterSize(f, 1<<16)
	err = errors.Join(content(buf), buf.Flush(), f.Chmod(0o644), f.Close())
	if err == nil {
		r.own(f.Name())
		err = os.Rename(f.Name(), filepath.Join(r.Dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Finish writes all files of the results. The trace must have been closed.
func (r *Record) Finish(res *report.Results) error {
	var errs []error
	for _, f := range res.Files() {
		errs = append(errs, r.Write(f.Name, f.Write))
	}
	r.ownAll()
	return errors.Join(errs...)
}

// CloseTrace ends trace.jsonl and gives the first error of its writing.
func (r *Record) CloseTrace() error {
	return errors.Join(r.Trace.Close(), r.file.Close())
}

// Mark is a place in the trace.
type Mark struct{ bytes, entries int64 }

// Mark is where the trace ends now.
func (r *Record) Mark() (Mark, error) {
	if err := r.Trace.Flush(); err != nil {
		return Mark{}, err
	}
	at, err := r.file.Seek(0, io.SeekCurrent)
	return Mark{at, r.Trace.Count()}, err
}

// Rewind has the trace end at a place where it has ended before: what came after is
// forgotten.
func (r *Record) Rewind(m Mark) error {
	if err := r.Trace.Flush(); err != nil {
		return err
	}
	if err := r.file.Truncate(m.bytes); err != nil {
		return fmt.Errorf("cut the trace: %w", err)
	}
	if _, err := r.file.Seek(m.bytes, io.SeekStart); err != nil {
		return fmt.Errorf("cut the trace: %w", err)
	}
	r.Trace.Recount(m.entries)
	return nil
}

// caller is who called sudo: what a run under sudo leaves behind belongs to them.
func caller() *[2]int {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, err1 := strconv.Atoi(os.Getenv("SUDO_UID"))
	gid, err2 := strconv.Atoi(os.Getenv("SUDO_GID"))
	if err1 != nil || err2 != nil {
		return nil
	}
	return &[2]int{uid, gid}
}

// own gives a file to the caller; that it cannot is no reason to lose a run.
func (r *Record) own(path string) {
	if r.owner != nil {
		os.Lchown(path, r.owner[0], r.owner[1]) //nolint:errcheck // see above
	}
}

func (r *Record) ownAll() {
	if r.owner == nil {
		return
	}
	filepath.WalkDir(r.Dir, func(path string, _ fs.DirEntry, err error) error { //nolint:errcheck // see own
		if err == nil {
			r.own(path)
		}
		return nil
	})
}

func (r *Record) mkdirs(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := r.mkdirs(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	r.own(path)
	return nil
}

// fileName makes of a title what is safe in a file's name.
func fileName(title string) string {
	out := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, title)
	return strings.Trim(out[:min(len(out), 40)], "-.")
}

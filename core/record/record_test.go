package record

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sendim/core/fault"
	"sendim/core/report"
	"sendim/core/trace"
)

func start(t *testing.T, root, name string) *Record {
	t.Helper()
	r, err := New(root, name, "My Net/1", time.Date(2026, 11, 21, 15, 30, 12, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func end(t *testing.T, r *Record, state report.State, started string) {
	t.Helper()
	if err := r.CloseTrace(); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(&report.Results{Manifest: report.Manifest{ID: r.ID, State: state, Started: started}}); err != nil {
		t.Fatal(err)
	}
}

func TestRunsThatStartAtOnceNeverShareADirectory(t *testing.T) {
	root := filepath.Join(t.TempDir(), "deep", "runs")
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			r, err := New(root, "", "My Net/1", time.Date(2026, 11, 21, 15, 30, 12, 0, time.UTC))
			if err != nil {
				t.Error(err)
				return
			}
			defer r.CloseTrace() //nolint:errcheck // nothing was written
			mu.Lock()
			defer mu.Unlock()
			if seen[r.Dir] || !strings.HasPrefix(r.ID, "20261121-153012-my-net-1-") {
				t.Errorf("%s", r.ID)
			}
			seen[r.Dir] = true
		}()
	}
	all.Wait()
	if target, err := os.Readlink(filepath.Join(root, Latest)); err != nil || !seen[filepath.Join(root, target)] {
		t.Errorf("latest leads to %q: %v", target, err)
	}
}

func TestANameIsTakenOnceAndMustBeOne(t *testing.T) {
	root := t.TempDir()
	end(t, start(t, root, "one"), report.Finished, "2026-01-01T00:00:00Z")
	for name, code := range map[string]fault.Code{"one": fault.DuplicateID, "a/b": fault.BadName, "..": fault.BadName, ".x": fault.BadName, "latest": fault.BadName, strings.Repeat("x", 50): fault.BadName} {
		if _, err := New(root, name, "", time.Now()); !fault.Is(err, code) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAReaderSeesAFileAsAWholeOrNotAtAll(t *testing.T) {
	r := start(t, t.TempDir(), "x")
	defer r.CloseTrace() //nolint:errcheck // nothing was written
	broken := errors.New("half-way")
	err := r.Write("manifest.json", func(w io.Writer) error {
		io.WriteString(w, "{") //nolint:errcheck // the test is about what follows
		return broken
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	entries, err := os.ReadDir(r.Dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "trace.jsonl" {
		t.Errorf("%v %v", entries, err)
	}
}

func TestTheDiaryIsOnTheDiskAfterTheEnd(t *testing.T) {
	r := start(t, t.TempDir(), "x")
	r.Trace.Emit(&trace.Entry{Kind: trace.RunStart})
	end(t, r, report.Finished, "")
	text, err := os.ReadFile(filepath.Join(r.Dir, "trace.jsonl"))
	if err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("%q %v", text, err)
	}
}

func TestWhoeverAsksSeesThatADiaryIsBeingWritten(t *testing.T) {
	r := start(t, t.TempDir(), "x")
	if !Written(r.Dir) || !Written(r.Dir) {
		t.Error("nobody seems to write it")
	}
	end(t, r, report.Finished, "")
	if Written(r.Dir) {
		t.Error("somebody seems to write it after its end")
	}
}

func TestRunsAreListedByTheirStartAndFoundByPartsOfTheirNames(t *testing.T) {
	root := t.TempDir()
	if runs, err := List(filepath.Join(root, "none")); err != nil || len(runs) != 0 {
		t.Errorf("%v %v", runs, err)
	}
	end(t, start(t, root, "beta-1"), report.Finished, "2026-01-02T00:00:00Z")
	end(t, start(t, root, "alpha-2"), report.Finished, "2026-01-01T00:00:00Z")
	if err := os.Mkdir(filepath.Join(root, "not-a-run"), 0o755); err != nil {
		t.Fatal(err)
	}
	runs, err := List(root)
	if err != nil || len(runs) != 2 || runs[0].Manifest.ID != "alpha-2" {
		t.Fatalf("%v %v", runs, err)
	}
	for name, want := range map[string]string{"beta-1": "beta-1", "al": "alpha-2", "-1": "beta-1", "latest": "alpha-2", filepath.Join(root, "beta-1"): "beta-1"} {
		if got, err := Find(root, name); err != nil || filepath.Base(got.Dir) != want {
			t.Errorf("%q finds %v, %v", name, got.Dir, err)
		}
	}
	if _, err := Find(root, "betta-1"); !fault.Is(err, fault.FileMissing) || !strings.Contains(err.Error(), `did you mean "beta-1"`) {
		t.Errorf("%v", err)
	}
	end(t, start(t, root, "beta-3"), report.Finished, "2026-01-03T00:00:00Z")
	if _, err := Find(root, "beta"); !fault.Is(err, fault.BadChoice) {
		t.Errorf("%v", err)
	}
}

func TestAFolderThatCannotBeMadeIsWrongInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := New(filepath.Join(file, "runs"), "x", "net", time.Now())
	if f := (fault.Fault{}); !errors.As(err, &f) || f.Place.Attribute != "--runs" {
		t.Errorf("%v", err)
	}
}

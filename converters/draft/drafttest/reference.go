package drafttest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sendim/converters/draft"
)

// Reference lists the files below the folder that SENDIM_REFERENCE names, by patterns of
// filepath.Glob, or skips the test by name where there are none.
func Reference(t testing.TB, patterns ...string) (files []string) {
	t.Helper()
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		t.Skip("SENDIM_REFERENCE names no folder of reference inputs")
	}
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(root, "data", p))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skipf("no reference inputs %v below SENDIM_REFERENCE", patterns)
	}
	return files
}

// Load is a file as a reader is given it.
func Load(t testing.TB, name string) draft.File {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return draft.File{Name: name, Data: data}
}

// Python has a script read files in its own way and say in JSON what it finds.
func Python(t testing.TB, script string, files []string, into any) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	out, err := exec.Command("python3", append([]string{"-c", script}, files...)...).Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}

// Golden compares a text with a file of testdata. UPDATE=1 writes the file.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

package python_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"sendim/integrators/labtest"
	"sendim/plugins/python"
)

const interpreter = "/usr/bin/python3" // Debian's own, to which python3-grpcio belongs

// The tests in Python are in tests; an author runs them with python3 -m unittest.
func TestTheTestsInPythonPass(t *testing.T) {
	labtest.NeedsPython(t)
	cmd := exec.Command(interpreter, "-m", "unittest", "discover", "-s", "tests")
	cmd.Env = append(os.Environ(), "PYTHONPATH=.")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("\nOK")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheGeneratedCodeIsThatOfTheProtocol(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		labtest.Lacks(t, "protoc (Debian: protobuf-compiler)")
	}
	dir := t.TempDir()
	if out, err := exec.Command("./generate.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(filepath.Join(dir, "app_pb2.py"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("sendim/app_pb2.py")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("sendim/app_pb2.py is not what app.proto gives: run plugins/python/generate.sh")
	}
}

func TestTheFilesAreThePackageAndNothingElse(t *testing.T) {
	var got []string
	err := fs.WalkDir(python.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	})
	want, _ := filepath.Glob("sendim/*.py")
	if err != nil || !slices.Equal(got, want) || !slices.Contains(got, "sendim/__init__.py") {
		t.Errorf("%v: %v, want %v", err, got, want)
	}
}

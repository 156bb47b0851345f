package python_test

import (
	"os"
	"os/exec"
	"testing"
)

const interpreter = "/usr/bin/python3" // Debian's own, to which python3-grpcio belongs

// needsPython skips the test where apps in Python cannot run, or fails it where
// everything must be there.
func needsPython(t testing.TB) {
	t.Helper()
	out, err := exec.Command(interpreter, "-c", "import grpc, google.protobuf").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" || os.Getenv("SENDIM_LAB") == "1" {
		t.Fatalf("python3-grpcio is missing: %v\n%s", err, out)
	}
	t.Skip("python3-grpcio is missing")
}

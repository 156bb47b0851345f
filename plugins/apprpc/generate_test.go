package apprpc

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sendim/integrators/labtest"
)

func TestTheGeneratedCodeIsThatOfTheProtocol(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		labtest.Lacks(t, "protoc (Debian: protobuf-compiler)")
	}
	dir := t.TempDir()
	out, err := exec.Command("./generate.sh", dir).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		labtest.Lacks(t, "a way to install protoc-gen-go and protoc-gen-go-grpc")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"app.pb.go", "app_grpc.pb.go"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("proto", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("proto/%s is not what app.proto gives: run plugins/apprpc/generate.sh", name)
		}
	}
}

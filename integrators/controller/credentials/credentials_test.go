package credentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/integrators/controller/credentials"
)

func TestKeysAreForTheirOwnerAloneAndTheAuthoritysIsNowhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	for range 2 { // the second replaces the first
		own, switches, err := credentials.Make(dir, strings.Repeat("a long name ", 20), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []credentials.Files{own, switches} {
			if _, err := f.Server(); err != nil {
				t.Error(err)
			}
			if info, err := os.Stat(f.Key); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", f.Key, info.Mode(), err)
			}
		}
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil || len(keys) != 2 {
		t.Errorf("keys: %v %v", keys, err)
	}
}

func TestFilesThatAreNoCredentialsAreNamed(t *testing.T) {
	dir := t.TempDir()
	own, switches, err := credentials.Make(dir, "r", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files credentials.Files
		says  string
	}{
		{"no authority in the file", credentials.Files{CA: empty, Cert: own.Cert, Key: own.Key}, "empty.pem has no certificate"},
		{"no such file", credentials.Files{CA: filepath.Join(dir, "nowhere.pem"), Cert: own.Cert, Key: own.Key}, "nowhere.pem"},
		{"another's key", credentials.Files{CA: own.CA, Cert: own.Cert, Key: switches.Key}, "does not match"},
	} {
		if _, err := c.files.Server(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

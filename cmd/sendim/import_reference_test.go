package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every file of the reference collection comes in with the counts that other readers
// find in it, validates and can be simulated, or is refused in one line.
func TestEveryReferenceFileComesInWholeOrIsRefusedInOneLine(t *testing.T) {
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		t.Skip("SENDIM_REFERENCE does not name a folder of reference files")
	}
	if err := exec.Command("python3", "-c", "import yaml").Run(); err != nil {
		t.Skip("no Python 3 with PyYAML to read the files independently")
	}
	var files []string
	err := filepath.WalkDir(filepath.Join(root, "data"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", append([]string{"testdata/independent.py"}, files...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	imported, refused, compared := 0, 0, 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var want struct {
			File                                   string
			Skip                                   bool
			Nodes, Links, Parallel, Loops, Demands *int
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		system := filepath.Join(dir, "system.xml")
		var errs bytes.Buffer
		cmd := exec.Command("sendim", "import", want.File, "--hosts", "per-switch=1", "--summary", "json", "-o", system)
		cmd.Stderr = &errs
		if err := cmd.Run(); err != nil {
			if refused++; !want.Skip || strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("%s is refused:\n%s", want.File, errs.String())
			}
			continue
		}
		imported++
		last := bytes.TrimSpace(errs.Bytes())
		last = last[bytes.LastIndexByte(last, '\n')+1:]
		var got struct{ Nodes, Links, Parallel, Loops, Components, Demands, DemandsToSelf, DemandsOfNothing int }
		if bytes.HasPrefix(last, []byte("{")) {
			if err := json.Unmarshal(last, &got); err != nil {
				t.Fatalf("%s: %v", want.File, err)
			}
			for _, c := range []struct {
				what string
				got  int
				want *int
			}{{"nodes", got.Nodes, want.Nodes}, {"links", got.Links, want.Links}, {"parallel links", got.Parallel, want.Parallel}, {"loops", got.Loops, want.Loops},
				{"demands", got.Demands + got.DemandsToSelf + got.DemandsOfNothing, want.Demands}} {
				if c.want != nil && *c.want != c.got {
					t.Errorf("%s: %d %s, another reader finds %d", want.File, c.got, c.what, *c.want)
				}
			}
			compared++
		}
		if out, err := exec.Command("sendim", "validate", system).CombinedOutput(); err != nil {
			t.Errorf("%s: what comes out is not valid: %s", want.File, out)
		}
		run := exec.Command("sendim", "run", "-t", system, "--test", "pingpair", "--until", "10s", "-f", "json")
		run.Dir = dir
		// In a network of several parts the first two hosts need not reach each other, and
		// one of a single node has no two hosts.
		if out, err := run.CombinedOutput(); err != nil && !(got.Components > 1 && run.ProcessState.ExitCode() == 1) && !(got.Nodes == 1 && bytes.Contains(out, []byte("fewer than two hosts"))) {
			t.Errorf("%s cannot be simulated: %s", want.File, out[:min(len(out), 600)])
		}
	}
	t.Logf("%d files imported, %d refused, %d with counts to compare", imported, refused, compared)
}

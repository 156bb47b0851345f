package gc

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/core/record"
)

const manifest = `{"id":"x","network":"x","state":"STATE","backend":"mininet","started":"2026-01-01T00:00:00Z","pid":1,"applications":null}`

// lay makes files below a folder; a name that ends in .sock is a socket nobody listens on,
// and one that ends in / a folder.
func lay(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(root, name)
		dir := filepath.Dir(path)
		if name[len(name)-1] == '/' {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case name[len(name)-1] == '/':
		case filepath.Ext(name) == ".sock":
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			l.Close()
		default:
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func is(t *testing.T, root, id, state string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, id, "manifest.json"), []byte(strings.Replace(manifest, "STATE", state, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// inFolder finds what lies in a folder of runs, by names below it.
func inFolder(t *testing.T, root string, alive bool) (list []Thing, names map[string]string) {
	t.Helper()
	list, err := inRuns(root, func(record.Found) bool { return alive })
	if err != nil {
		t.Fatal(err)
	}
	names = map[string]string{}
	for _, f := range list {
		rel, err := filepath.Rel(root, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		names[rel] = f.Kind
	}
	return list, names
}

func TestWhatADeadRunLeftGoesAndItsResultsStay(t *testing.T) {
	root := t.TempDir()
	lay(t, root, "x/trace.jsonl", "x/control.sock", "x/flows.csv", "x/.manifest.json-1234", "x/.notes-by-hand", "x/openvswitch/db.sock", "x/openvswitch/conf.db",
		"x/openvswitch/ovs-vswitchd.pid", "x/openvswitch/.conf.db.~lock~", "x/openvswitch/ovs-vswitchd.log")
	is(t, root, "x", "running")
	if err := os.Symlink("x", filepath.Join(root, ".latest-x")); err != nil {
		t.Fatal(err)
	}
	list, names := inFolder(t, root, false)
	want := map[string]string{".latest-x": File, "x": Run, "x/control.sock": Socket, "x/.manifest.json-1234": File, "x/openvswitch/db.sock": Socket,
		"x/openvswitch/ovs-vswitchd.pid": File, "x/openvswitch/.conf.db.~lock~": File}
	for name, kind := range want {
		if names[name] != kind {
			t.Errorf("%s is found as %q, want %q", name, names[name], kind)
		}
	}
	if len(names) != len(want) {
		t.Errorf("found are %v", names)
	}
	if err := Remove(list); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		_, err := os.Lstat(f.Name)
		if gone := os.IsNotExist(err); gone != (f.Kind != Run) || gone != (f.Done == Removed) {
			t.Errorf("%v: gone is %v", f, gone)
		}
	}
	for _, name := range []string{"x/trace.jsonl", "x/flows.csv", "x/manifest.json", "x/.notes-by-hand", "x/openvswitch/conf.db", "x/openvswitch/ovs-vswitchd.log"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	if _, names := inFolder(t, root, false); len(names) != 1 || names["x"] != Run {
		t.Errorf("a second look finds %v", names)
	}
}

func TestRunsWithoutAnEndGoWhereThatIsAskedFor(t *testing.T) {
	root := t.TempDir()
	lay(t, root, "x/trace.jsonl", "x/control.sock", "y/trace.jsonl", "begun/trace.jsonl")
	is(t, root, "x", "running")
	is(t, root, "y", "finished")
	if err := os.Symlink("x", filepath.Join(root, "latest")); err != nil {
		t.Fatal(err)
	}
	dead := func(record.Found) bool { return false }
	list, err := inRuns(root, dead)
	if err != nil {
		t.Fatal(err)
	}
	Unfinished(list, dead)
	// One has come to life meanwhile.
	l, err := net.Listen("unix", filepath.Join(root, "begun/control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := Remove(list); err == nil || !strings.Contains(err.Error(), "somebody has come to use it") {
		t.Error(err)
	}
	entries, _ := os.ReadDir(root)
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if strings.Join(left, " ") != "begun y" {
		t.Errorf("left are %v", left)
	}
}

func TestALivingRunIsNotTouched(t *testing.T) {
	root := t.TempDir()
	lay(t, root, "x/trace.jsonl", "x/control.sock", "x/.manifest.json-1234", "x/openvswitch/db.sock")
	is(t, root, "x", "running")
	if _, names := inFolder(t, root, true); len(names) != 0 {
		t.Errorf("its process lives, and found are %v", names)
	}
	// Its process cannot be seen from here, but somebody answers.
	if err := os.Remove(filepath.Join(root, "x/control.sock")); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(root, "x/control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, names := inFolder(t, root, false); len(names) != 0 {
		t.Errorf("somebody answers, and found are %v", names)
	}
}

func TestWhatIsNotARunIsNotOurs(t *testing.T) {
	root := t.TempDir()
	lay(t, root, "mine/control.sock", "mine/.x-1234", "notes.txt", ".hidden/control.sock", "begun/trace.jsonl", "empty/")
	if _, names := inFolder(t, root, false); len(names) != 1 || names["begun"] != Run {
		t.Errorf("found are %v", names)
	}
	r, err := record.New(root, "under-way", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer r.CloseTrace() //nolint:errcheck // nothing was written
	if _, names := inFolder(t, root, false); names["under-way"] != "" {
		t.Errorf("one that was begun this moment is found: %v", names)
	}
	if list, err := inRuns(filepath.Join(root, "none"), nil); err != nil || list != nil {
		t.Errorf("%v %v", list, err)
	}
}

package emulate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

func TestWhatTheMachineHasLeftIsRead(t *testing.T) {
	for _, c := range []struct {
		what  string
		files map[string]string
		want  room
	}{
		{"nothing is known", nil, room{memory: -1, processes: -1, namespaces: -1, insideFiles: 1 << 16}},
		{"control groups of version 1", map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   2048 kB\n", "proc/loadavg": "0.1 0.2 0.3 2/500 77\n",
			"proc/sys/kernel/pid_max": "32768\n", "proc/sys/kernel/threads-max": "20000\n", "proc/sys/user/max_net_namespaces": "1000\n",
			"proc/self/cgroup": "8:pids:/user\n0::/\n", "sys/fs/cgroup/pids/user/pids.max": "900\n", "sys/fs/cgroup/pids/user/pids.current": "100\n"},
			room{memory: 2 << 20, processes: 800, namespaces: 1000, insideFiles: 1 << 16}},
		{"control groups of version 2 without a limit", map[string]string{"proc/loadavg": "0.1 0.2 0.3 2/500 77\n", "proc/sys/kernel/pid_max": "32768\n",
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/pids.max": "max\n", "sys/fs/cgroup/a/b/pids.current": "100\n", "proc/sys/fs/nr_open": "4096\n"},
			room{memory: -1, processes: 32268, namespaces: -1, insideFiles: 4096}},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got := readRoom(root)
		c.want.ownFiles = got.ownFiles // of this very process
		if got != c.want || got.ownFiles <= 0 {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestANetworkThatDoesNotFitIsRefusedByWhatIsShort(t *testing.T) {
	b := model.NewBuilder("test")
	for _, name := range []string{"s1", "h1", "h2"} {
		kind := model.Host
		if name == "s1" {
			kind = model.Switch
		}
		b.Declare([]byte(name), kind)
	}
	id := b.SpecID(model.LinkSpec{})
	for _, h := range []string{"h1", "h2"} {
		b.Link(model.LinkDraft{A: b.Ref([]byte(h)), B: b.Ref([]byte("s1")), APort: model.AutoPort, BPort: model.AutoPort, Spec: id, Back: id})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	flows := []model.Flow{{From: 1, To: 2}}
	byHand, byScript := needsOf(n, flows, true), needsOf(n, flows, false)
	if byScript.processes != byHand.processes+3 || byScript.memory <= byHand.memory || byHand.namespaces != 2 || byHand.switchFiles != baseFiles+bridgeFiles+2*portFiles {
		t.Errorf("%+v %+v", byHand, byScript)
	}
	plenty := room{memory: 1 << 40, processes: 1 << 20, namespaces: -1, insideFiles: 1 << 16, ownFiles: 1 << 16}
	for _, c := range []struct {
		what string
		cut  func(*room)
		want []string
	}{
		{"there is room", func(*room) {}, nil},
		{"memory is short", func(r *room) { r.memory = 1 << 20 }, []string{"memory: some 134 MB, and 1 MB are free"}},
		{"namespaces and processes are short", func(r *room) { r.namespaces, r.processes = 1, 3 }, []string{"processes: 88, and 3 more", "network namespaces: 2, and there may be 1"}},
		{"files are short", func(r *room) { r.insideFiles, r.ownFiles = 10, 20 }, []string{"open files of ovs-vswitchd: 268, and it may have 10", "open files: "}},
	} {
		r := plenty
		c.cut(&r)
		got := r.lacks(byHand)
		if len(got) != len(c.want) || slices.ContainsFunc(c.want, func(w string) bool {
			return !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
		}) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestASwitchNamedAsOpenVSwitchsOwnInterfaceIsRefused(t *testing.T) {
	b := model.NewBuilder("test")
	b.Declare([]byte("ovs-netdev"), model.Switch)
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	names, err := naming.New(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Session{}).fits(n, names, nil); !fault.Is(err, fault.BadName) {
		t.Error(err)
	}
}

package serve_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/core/trace"
	"sendim/integrators/ovs"
	"sendim/integrators/serve"
)

// kill ends a daemon of the place with signal 9.
func (p *place) kill(daemon string) {
	p.t.Helper()
	pids, err := p.sandbox.PIDs()
	if err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(pids, func(pid int) bool {
		name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
		return strings.TrimSpace(string(name)) == daemon
	})
	if i < 0 {
		p.t.Fatalf("there is no %s", daemon)
	}
	if process, err := os.FindProcess(pids[i]); err != nil || process.Kill() != nil {
		p.t.Fatalf("%s cannot be killed: %v", daemon, err)
	}
}

func TestSwitchesThatAreKilledComeBack(t *testing.T) {
	p := newPlace(t)
	p.ovs.Guard(ovs.Guard{Most: 3, Within: time.Minute})
	v := p.serve(serve.Backend{}, "shortest-path")
	m := p.mininet("TreeTopo(2, 2)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 2 })
	v.await("all hosts", time.Minute, func() bool { return len(m.unreachable()) == 0 })
	for _, daemon := range []string{"ovs-vswitchd", "ovsdb-server"} {
		lost := len(v.diary.texts(trace.SwitchDown))
		p.kill(daemon)
		began := time.Now()
		if daemon == "ovs-vswitchd" {
			v.await("the loss", time.Minute, func() bool { return len(v.diary.texts(trace.SwitchDown)) >= lost+3 })
		}
		v.await("the return", time.Minute, func() bool { return len(m.unreachable()) == 0 })
		t.Logf("%s: all reach all after %v", daemon, time.Since(began).Round(10*time.Millisecond))
	}
	if s, h, l := v.shape(); s != 3 || h != 4 || l != 2 {
		t.Errorf("%d switches, %d hosts, %d links", s, h, l)
	}
}

package serve_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/core/model"
	"sendim/integrators/controller/credentials"
	"sendim/integrators/serve"
)

// holds lists the rules and groups of a bridge.
func (p *place) holds(bridge string) (out []string) {
	p.t.Helper()
	for _, what := range []string{"dump-flows", "dump-groups"} {
		text, err := exec.Command("ovs-ofctl", "-O", "OpenFlow13", "--no-stats", what, p.ovs.BridgeSocket(bridge)).CombinedOutput()
		if err != nil {
			p.t.Fatalf("%s: %s", err, text)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "OFPST_") && !strings.HasPrefix(line, "NXST_") && line != "" {
				out = append(out, line)
			}
		}
	}
	return out
}

// A bridge of Open vSwitch without rules of its own has one, put there by Mininet's
// standalone mode; those in need of a controller have none.
func TestAtTheEndNothingOfTheRunIsLeft(t *testing.T) {
	p := newPlace(t)
	v := p.serve(serve.Backend{}, "learning-switch")
	m := p.mininet("TreeTopo(2, 2)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 2 })
	if failed := m.unreachable(); len(failed) > 0 {
		t.Fatal(failed)
	}
	for _, s := range []string{"s1", "s2", "s3"} {
		if len(p.holds(s)) < 5 {
			t.Errorf("%s holds %v", s, p.holds(s))
		}
	}
	var found *model.Network
	*v.found = func(n *model.Network) { found = n }
	began := time.Now()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("ended within %v", time.Since(began))
	for _, s := range []string{"s1", "s2", "s3"} {
		if left := p.holds(s); len(left) > 0 {
			t.Errorf("%s is left with %v", s, left)
		}
	}
	if found == nil || found.NodeCount() != 7 || found.LinkCount() != 6 {
		t.Errorf("found %+v", found)
	}
}

func TestSwitchesMayKeepWhatTheyHave(t *testing.T) {
	p := newPlace(t)
	v := p.serve(serve.Backend{Keep: true}, "shortest-path")
	m := p.mininet("TreeTopo(2, 2)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 2 })
	m.do("[h.setARP(g.IP(), g.MAC()) for h in net.hosts for g in net.hosts if g != h] and None")
	v.await("all hosts", time.Minute, func() bool { return len(m.unreachable()) == 0 })
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if failed := m.unreachable(); len(failed) > 0 {
		t.Errorf("without a controller: %v", failed)
	}
	for _, rule := range p.holds("s2") {
		if strings.Contains(rule, "CONTROLLER") && strings.Contains(rule, "table=0") || strings.Contains(rule, "idle_timeout") && !strings.Contains(rule, "table=1") {
			t.Errorf("left behind: %s", rule)
		}
	}
}

func TestSwitchesAreServedOverTLS(t *testing.T) {
	p := newPlace(t)
	own, switches, err := credentials.Make(filepath.Join(p.sandbox.RunDir(), "tls"), "serve-test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ovs.Vsctl(t.Context(), "set-ssl", switches.Key, switches.Cert, switches.CA); err != nil {
		t.Fatal(err)
	}
	config, err := own.Server()
	if err != nil {
		t.Fatal(err)
	}
	v := p.serve(serve.Backend{TLS: config}, "shortest-path")
	m := p.mininet("TreeTopo(1, 2)", v.port)
	time.Sleep(time.Second)
	if s, _, _ := v.shape(); s != 0 {
		t.Error("a switch without TLS was let in")
	}
	m.do("[s.cmd('ovs-vsctl set-controller', s.name, 'ssl:127.0.0.1:%s') for s in net.switches] and None", v.port)
	v.await("all", time.Minute, func() bool { return len(m.unreachable()) == 0 })
}

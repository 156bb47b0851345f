package serve_test

import (
	"strings"
	"testing"
	"time"

	"sendim/core/trace"
	"sendim/integrators/serve"
)

// What hosts can do is tried in full where it can be played (package track); this is
// whether real switches and real frames agree.
func TestHostileHostsOfARealNetworkGetNowhere(t *testing.T) {
	p := newPlace(t)
	v := p.serve(serve.Backend{}, "shortest-path")
	m := p.mininet("TreeTopo(2, 2)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 2 })
	m.awaitAll(time.Minute)

	var carried int
	if m.eval(&carried, "carry('h1', 'h3', 5)"); carried < 6 {
		t.Errorf("%d frames of LLDP were carried", carried)
	}
	if _, _, l := v.shape(); l != 2 {
		t.Errorf("%d links, with one that hosts invented", l)
	}
	if warned := strings.Join(v.diary.texts(trace.Warning), "\n"); !strings.Contains(warned, "while hosts answer: no link") {
		t.Errorf("warned: %s", warned)
	}

	m.do("flood('h1', 50000) and None")
	if s, h, _ := v.shape(); s != 3 || h > 300 {
		t.Errorf("%d switches, %d hosts", s, h)
	}
	m.awaitAll(time.Minute) // h1 among them, who was known before
	if warned := v.diary.texts(trace.Warning); len(warned) > 40 || !strings.Contains(strings.Join(warned, "\n"), "closed to strangers") {
		t.Errorf("warned: %d %s", len(warned), strings.Join(warned[:min(40, len(warned))], "\n"))
	}
}

func TestOfTwoRealSwitchesWithOneNumberTheFirstIsServed(t *testing.T) {
	p := newPlace(t)
	v := p.serve(serve.Backend{}, "learning-switch")
	m := p.mininet("TreeTopo(2, 2)", v.port)
	v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == 2 })
	m.awaitAll(time.Minute)
	m.do("net['s3'].cmd('ovs-vsctl set bridge s3 other_config:datapath-id=0000000000000002') and None") // s2's
	v.await("the refusal", time.Minute, func() bool {
		return strings.Contains(strings.Join(v.diary.texts(trace.Warning), "\n"), "datapath id 0x2 is that of the switch at")
	})
	m.awaitAll(time.Minute) // the second goes on by the rules that it has
	if lost := v.diary.texts(trace.SwitchDown); len(lost) != 1 || !strings.Contains(lost[0], "s3") {
		t.Errorf("lost: %v", lost)
	}
	m.do("net['s3'].cmd('ovs-vsctl set bridge s3 other_config:datapath-id=0000000000000003') and None")
	m.awaitAll(time.Minute)
}

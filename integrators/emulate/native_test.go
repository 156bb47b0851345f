package emulate_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/backend/backendtest"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
)

func TestTheNativeEmulationSitsTheExam(t *testing.T) {
	lab(t)
	backendtest.Run(t, emulate.Backend{Native: true})
}

// inBoth runs a test in the network that Mininet makes, and in the one that we make.
func inBoth(t *testing.T, test func(*testing.T, emulate.Backend)) {
	for _, b := range []emulate.Backend{{}, {Native: true}} {
		t.Run(b.Name(), func(t *testing.T) { test(t, b) })
	}
}

// inBothAtOnce is inBoth for tests that mostly wait, and ask nothing of what others do or use
// meanwhile.
func inBothAtOnce(t *testing.T, test func(*testing.T, emulate.Backend)) {
	inBoth(t, func(t *testing.T, b emulate.Backend) {
		t.Parallel()
		test(t, b)
	})
}

// told gives the words that a program in a host writes, in order.
func (l *living) told(host string, argv ...string) string {
	l.t.Helper()
	o := l.do(backend.Action{Exec: &backend.Exec{Node: node(l.t, l.n, host), Argv: argv}})
	if o.Err != nil || o.Exec.ExitCode != 0 {
		l.t.Fatalf("%s: %v: %+v %v", host, argv, o.Exec, o.Err)
	}
	return strings.Join(strings.Fields(o.Exec.Output), " ")
}

// TestAHostOfTheNativeEmulationIsAsMininetsIs compares what a host sees of itself, with two
// links, one of them to another host, and what tc says of a shaped one.
func TestAHostOfTheNativeEmulationIsAsMininetsIs(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2 100Mbps", "h1 s1 30Mbps", "h2 s2", "h1 h3", "h2 h3 5Mbps")
	var worlds []*living
	for _, b := range []emulate.Backend{{}, {Native: true}} {
		worlds = append(worlds, open(t, b, n, apps("shortest-path")))
	}
	for _, host := range []string{"h1", "h2", "h3"} {
		for _, argv := range [][]string{
			{"sh", "-c", "ip -o addr | sed 's/^[0-9]*://; s/@if[0-9]*//'"},
			{"ip", "route"},
			{"sh", "-c", "ip -o link | sed 's/^[0-9]*://; s/@if[0-9]*//; s/link-netns[^ ]* [^ ]*//' | grep -o '^.*mtu [0-9]*\\|link/ether [0-9a-f:]*'"},
			// How many queues an interface has (refcnt) follows the cores in one of them.
			{"sh", "-c", "tc qdisc | sed 's/ refcnt [0-9]*//'; tc class show dev h1-eth0 2>/dev/null; ls /sys/class/net"},
			{"sh", "-c", "for i in /sys/class/net/h*; do ethtool -k ${i##*/}; done | grep 'checksumming\\|segmentation-offload:\\|generic-receive\\|scatter'"},
			{"sh", "-c", "cat /proc/sys/net/ipv4/neigh/h*/base_reachable_time_ms /proc/sys/net/ipv4/neigh/h*/gc_stale_time /proc/sys/net/ipv4/conf/all/arp_ignore"},
		} {
			if want, got := worlds[0].told(host, argv...), worlds[1].told(host, argv...); got != want {
				t.Errorf("%s: %v:\n%s\nMininet's:\n%s", host, argv, got, want)
			}
		}
	}
	for _, l := range worlds {
		if got := l.ping("h1", "h2"); got != 2 {
			t.Errorf("%d of 2 echoes answered", got)
		}
	}
	if err := worlds[1].Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(worlds[1].diary.kind(trace.LinkTotal), func(e trace.Entry) bool { return e.Link == "s1--s2" && e.Sample.Packets > 0 }) {
		t.Error("the links have no totals")
	}
}

// TestALivingLinkOfTheNativeEmulationChanges sets, lifts and sets again a link's rate, and
// takes a host's link down and up, by which its route goes and comes.
func TestALivingLinkOfTheNativeEmulationChanges(t *testing.T) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2")
	l := open(t, emulate.Backend{Native: true}, n, apps("shortest-path"))
	set := func(c model.Change) {
		t.Helper()
		c.Node = model.NoNode
		if o := l.do(backend.Action{Change: &c}); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	f := model.Flow{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Second, Rate: 20e6, Packet: 1042, Transport: model.UDP}
	between, _ := n.LinkByName("s1--s2")
	for _, rate := range []model.Rate{8e6, 4e6, 0, 12e6} {
		set(model.Change{Kind: model.LinkRate, Link: between, Rate: rate})
		want := min(float64(rate)*1000/1042, 20e6)
		if rate == 0 {
			want = 20e6
		}
		o := l.do(backend.Action{Flow: &f})
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		held(t, "at "+rate.String()+" the rate", o.Flow.Rate, want)
	}
	edge, _ := n.LinkByName("h1--s1")
	set(model.Change{Kind: model.LinkDown, Link: edge})
	if got := l.told("h1", "ip", "route"); got != "" {
		t.Errorf("a host without a link has the routes %q", got)
	}
	set(model.Change{Kind: model.LinkUp, Link: edge})
	if got := l.told("h1", "ip", "route"); !strings.Contains(got, "default dev h1-eth0") || !strings.Contains(got, "10.0.0.0/8 dev h1-eth0") {
		t.Errorf("a host whose link is back has the routes %q", got)
	}
	if got := l.ping("h1", "h2"); got != 2 {
		t.Errorf("%d of 2 echoes answered", got)
	}
}

func TestBothEmulationsCanTheSame(t *testing.T) {
	lab(t)
	var can [2]backend.Capabilities
	for i, b := range []emulate.Backend{{}, {Native: true}} {
		var err error
		if can[i], err = b.Capabilities(t.Context(), backend.Spec{}); err != nil {
			t.Fatal(err)
		}
	}
	delete(can[0].Facts, "mininet")
	if !reflect.DeepEqual(can[0], can[1]) {
		t.Errorf("Mininet: %+v\nnative: %+v", can[0], can[1])
	}
}

package netns_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/shell"
)

// in runs a script in a host.
func in(t *testing.T, s *netns.Sandbox, host, script string) string {
	t.Helper()
	res, err := shell.Elsewhere(s.CommandIn(host)).Run(t.Context(), shell.Cmd{Argv: []string{"sh", "-ec", script}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(res.Stdout)), " ")
}

// pair is two hosts with a link between them.
func pair(t *testing.T, label string) *netns.Sandbox {
	t.Helper()
	s := openSandbox(t, label)
	if err := s.MakeHosts(t.Context(), []string{"h1", "h2"}); err != nil {
		t.Fatal(err)
	}
	if err := s.MakeLinks(t.Context(), []netns.Link{{
		{Host: "h1", Name: "h1-eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Address: netip.MustParsePrefix("10.0.0.1/8"), MTU: 1400},
		{Host: "h2", Name: "h2-eth0", Address: netip.MustParsePrefix("10.0.0.2/8"), MTU: 1400},
	}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostsHaveTheirOwnLinksAddressesAndRoutes(t *testing.T) {
	needRoot(t)
	s := pair(t, "hosts")
	for _, c := range []struct{ what, script, want string }{
		{"its interfaces", "ls /sys/class/net", "h1-eth0 lo"},
		{"the same after another command", "ls /sys/class/net", "h1-eth0 lo"},
		{"its Ethernet address", "cat /sys/class/net/h1-eth0/address", "02:00:00:00:00:01"},
		{"its MTU", "cat /sys/class/net/h1-eth0/mtu", "1400"},
		{"its addresses", "ip -o addr | awk '{print $2, $3, $4}'", "lo inet 127.0.0.1/8 h1-eth0 inet 10.0.0.1/8"},
		{"its routes", "ip route", "default dev h1-eth0 scope link 10.0.0.0/8 dev h1-eth0 proto kernel scope link src 10.0.0.1"},
		{"the other answers", "ping -c1 -W10 10.0.0.2 | grep -o '[0-9] received'", "1 received"},
	} {
		if got := in(t, s, "h1", c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if got := netnstest.Inside(t, s, "ls /sys/class/net"); got != "lo" {
		t.Errorf("the sandbox itself has %q", got)
	}
	text, err := s.Devices(t.Context(), "h2")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	found := false
	for lines := bufio.NewScanner(text); lines.Scan(); {
		found = found || strings.HasPrefix(strings.TrimSpace(lines.Text()), "h2-eth0:")
	}
	if !found {
		t.Error("h2 has no counters of h2-eth0")
	}
}

func TestHostsThatWereIntroducedDoNotAsk(t *testing.T) {
	needRoot(t)
	s := pair(t, "introduced")
	mac, err := net.ParseMAC(in(t, s, "h2", "cat /sys/class/net/h2-eth0/address"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Introduce(t.Context(), []netns.End{
		{Host: "h1", Name: "h1-eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Address: netip.MustParsePrefix("10.0.0.1/8")},
		{Host: "h2", Name: "h2-eth0", MAC: mac, Address: netip.MustParsePrefix("10.0.0.2/8")},
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := in(t, s, "h1", "ip neigh"), "10.0.0.2 dev h1-eth0 lladdr "+mac.String()+" PERMANENT"; got != want {
		t.Errorf("h1 knows %q, want %q", got, want)
	}
	in(t, s, "h1", "ping -c1 -W10 10.0.0.2")
}

func TestAHostsRouteGoesAndComesWithItsLink(t *testing.T) {
	needRoot(t)
	s := pair(t, "links")
	end := []netns.End{{Host: "h1", Name: "h1-eth0", Address: netip.MustParsePrefix("10.0.0.1/8")}}
	for _, up := range []bool{false, true} {
		if err := s.SetLinks(t.Context(), end, up); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(in(t, s, "h1", "ip route"), "default"); got != up {
			t.Errorf("up is %v, and it has a default route: %v", up, got)
		}
	}
}

func TestAShapedInterfaceIsAsTcWouldHaveMadeIt(t *testing.T) {
	needRoot(t)
	s := pair(t, "shape")
	if f, err := s.Probe(t.Context()); err != nil || !f.HTB {
		labtest.Lacks(t, "HTB")
	}
	at := netns.Shaping{Host: "h1", Interface: "h1-eth0", Packets: 100}
	shaped := func(s2 netns.Shaping) string {
		t.Helper()
		if err := s.Shape(t.Context(), []netns.Shaping{s2}); err != nil {
			t.Fatal(err)
		}
		return in(t, s, "h1", "tc qdisc show dev h1-eth0; tc -d class show dev h1-eth0")
	}
	for _, rate := range []int64{64e3, 20e6, 8e8, 5e10} {
		at.Rate = rate
		got := shaped(at)
		burst := max(2*1514, int(float64(rate)/8*min(0.010, float64(rate)/2e10)))
		byHand := in(t, s, "h2", fmt.Sprintf(`tc qdisc replace dev h2-eth0 root handle 1: htb default 1
			tc class add dev h2-eth0 parent 1: classid 1:1 htb rate %[1]dbit ceil %[1]dbit burst %[2]db cburst %[2]db quantum %[3]d
			tc qdisc add dev h2-eth0 parent 1:1 handle 10: pfifo limit 100
			tc qdisc show dev h2-eth0; tc -d class show dev h2-eth0; tc qdisc del dev h2-eth0 root`, rate, burst, min(60000, max(1514, rate/80000))))
		// tc rounds the time that a bucket takes to fill.
		if inexact := regexp.MustCompile(`burst [0-9]+[KM]?b`); inexact.ReplaceAllString(got, "") != inexact.ReplaceAllString(byHand, "") {
			t.Errorf("at %d bit/s:\n%s\nby tc:\n%s", rate, got, byHand)
		}
	}
	at.Rate, at.Adjust = 30e6, true
	if got := shaped(at); !strings.Contains(got, "rate 30Mbit ceil 30Mbit") || !strings.Contains(got, "limit 100p") {
		t.Errorf("adjusted: %s", got)
	}
	at.Rate, at.Adjust, at.Bytes = 40e6, false, 30000
	if got := shaped(at); !strings.Contains(got, "rate 40Mbit") || !strings.Contains(got, "bfifo 10: parent 1:1 limit 30000b") {
		t.Errorf("with a queue in bytes: %s", got)
	}
	at.Rate = 0
	if got := shaped(at); !strings.Contains(got, "noqueue") {
		t.Errorf("not limited any more: %s", got)
	}
}

func TestADelayLineNeedsNetem(t *testing.T) {
	needRoot(t)
	s := pair(t, "netem")
	f, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Shape(t.Context(), []netns.Shaping{{Host: "h1", Interface: "h1-eth0", Delay: 5 * time.Millisecond, Jitter: time.Millisecond, Loss: 0.25}})
	if !f.Netem {
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "(netem) of h1-eth0") {
			t.Error(err)
		}
		return
	}
	if got := in(t, s, "h1", "tc qdisc show dev h1-eth0"); err != nil || !strings.Contains(got, "delay 5ms") || !strings.Contains(got, "loss 25%") {
		t.Errorf("%s %v", got, err)
	}
}

func TestWhatCannotBeMadeIsNamed(t *testing.T) {
	needRoot(t)
	s := pair(t, "wrong")
	for _, c := range []struct {
		what, want string
		err        error
	}{
		{"the same host twice", `host "h1"`, s.MakeHosts(t.Context(), []string{"h1"})},
		{"a link to nobody", `there is no host "h9"`, s.MakeLinks(t.Context(), []netns.Link{{{Host: "h9", Name: "a"}, {Name: "b"}}})},
		{"a name that is too long", `interface name "0123456789abcdef"`, s.MakeLinks(t.Context(), []netns.Link{{{Name: "0123456789abcdef"}, {Name: "b"}}})},
		{"an interface twice", "making the link of a and a", s.MakeLinks(t.Context(), []netns.Link{{{Name: "a"}, {Name: "a"}}})},
		{"an interface that is not there", "looking for interface nothing", s.SetLinks(t.Context(), []netns.End{{Host: "h1", Name: "nothing"}}, true)},
		{"shaping in no host", `there is no host "h9"`, s.Shape(t.Context(), []netns.Shaping{{Host: "h9", Interface: "a"}})},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, c.err, c.want)
		}
	}
	if _, err := s.Devices(t.Context(), "h9"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := shell.Elsewhere(s.CommandIn("h9")).Run(t.Context(), shell.Cmd{Argv: []string{"true"}}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if got := in(t, s, "h1", "ls /sys/class/net"); got != "h1-eth0 lo" {
		t.Errorf("afterwards h1 has %s", got)
	}
}

// BenchmarkMakeHosts is a star of hosts around a namespace, made in one go.
func BenchmarkMakeHosts(b *testing.B) {
	names, links := make([]string, 100), make([]netns.Link, 100)
	for i := range names {
		names[i] = fmt.Sprint("h", i)
		links[i] = netns.Link{{Name: fmt.Sprint("s1-eth", i)}, {Host: names[i], Name: names[i] + "-eth0", Address: netip.MustParsePrefix(fmt.Sprintf("10.0.0.%d/8", i+1))}}
	}
	for b.Loop() {
		s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: b.TempDir()})
		if err != nil {
			b.Skip(err)
		}
		if err := errors.Join(s.MakeHosts(b.Context(), names), s.MakeLinks(b.Context(), links)); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

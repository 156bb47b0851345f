package shortestpath_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
	"sendim/plugins/apptest"
	shortestpath "sendim/plugins/shortest-path"
)

// slow is a bench whose switches are heard, and answered, a tenth of a second later: what
// the hosts send at once after a failure goes by the tables as they were.
func slow(t apptest.T, net *model.Network, params map[string]string) *apptest.Bench {
	t.Helper()
	return apptest.Start(t, apptest.Config{Model: net, Apps: []control.Application{{Instance: app.Local(shortestpath.New()), Params: params}},
		Delays: func(model.NodeID) (up, down model.Time) { return 100 * model.Millisecond, 100 * model.Millisecond }})
}

// between are the links that join switches.
func between(net *model.Network) (out []string) {
	for l := range net.Links() {
		a, b := net.Ends(l.ID)
		if net.NodeKindOf(a.Node) == model.Switch && net.NodeKindOf(b.Node) == model.Switch {
			out = append(out, net.LinkName(l.ID))
		}
	}
	return out
}

func TestWhereEveryNextHopHasAnAlternateNoFailingLinkLosesAnything(t *testing.T) {
	for _, ecmp := range []string{"none", "pair", "group"} {
		t.Run(ecmp, func(t *testing.T) {
			net := apptest.Network(t, "torus,3,3")
			b := slow(t, net, map[string]string{"mode": "proactive", "ecmp": ecmp, "protect": "link"})
			b.PingAll() // which asks for addresses
			for _, link := range between(net) {
				b.LinkDown(link)
				if failed := b.PingAll(); len(failed) > 0 {
					t.Errorf("%s is down and nobody has heard of it: %d pings failed, the first %+v", link, len(failed), failed[0])
				}
				b.Settle()
				if failed := b.PingAll(); len(failed) > 0 {
					t.Errorf("%s is down: %d pings failed, the first %+v", link, len(failed), failed[0])
				}
				b.LinkUp(link)
				b.Settle()
			}
			if b.Looped > 0 || len(b.Refused) > 0 {
				t.Errorf("%d packets looped; refused: %v", b.Looped, b.Refused)
			}
		})
	}
}

// plain is a network as brute force sees it.
type plain struct {
	dist map[[2]string]int
	next map[string][]string // neighbours, one for each link
}

func plainly(net *model.Network) plain {
	p := plain{map[[2]string]int{}, map[string][]string{}}
	var all []string
	for _, id := range net.NodesOfKind(model.Switch) {
		all = append(all, net.NodeName(id))
		p.dist[[2]string{net.NodeName(id), net.NodeName(id)}] = 0
	}
	const far = 1000
	d := func(a, b string) int {
		if x, ok := p.dist[[2]string{a, b}]; ok {
			return x
		}
		return far
	}
	for _, name := range between(net) {
		id, _ := net.LinkByName(name)
		x, y := net.Ends(id)
		a, b := net.NodeName(x.Node), net.NodeName(y.Node)
		p.next[a], p.next[b] = append(p.next[a], b), append(p.next[b], a)
		p.dist[[2]string{a, b}], p.dist[[2]string{b, a}] = 1, 1
	}
	for _, k := range all { // Floyd and Warshall
		for _, a := range all {
			for _, b := range all {
				if via := d(a, k) + d(k, b); via < d(a, b) {
					p.dist[[2]string{a, b}] = via
				}
			}
		}
	}
	return p
}

// survives says whether what goes to dst arrives although one of the links from s to e,
// its next hop, is down, by the inequalities of RFC 5286.
func (p plain) survives(s, e, dst, kind string) bool {
	d := func(a, b string) int { return p.dist[[2]string{a, b}] }
	others := 0
	for _, n := range p.next[s] {
		if n == e { // the failed link itself, the first time
			if others++; others == 1 {
				continue
			}
		}
		if kind == "downstream" && d(n, dst) < d(s, dst) || kind == "link" && d(n, dst) < d(n, s)+d(s, dst) {
			return true
		}
	}
	return false
}

// journeyLives says whether a way of switches is whole after a link between a and b failed;
// sure is false where a parallel link may have been meant.
func (p plain) journeyLives(way []string, a, b, kind string) (lives, sure bool) {
	for i := range len(way) - 1 {
		if way[i] == a && way[i+1] == b || way[i] == b && way[i+1] == a {
			parallel := 0
			for _, n := range p.next[a] {
				if n == b {
					parallel++
				}
			}
			return p.survives(way[i], way[i+1], way[len(way)-1], kind), parallel == 1
		}
	}
	return true, true
}

func TestExactlyWhatHasALoopFreeAlternateSurvivesALink(t *testing.T) {
	seen := map[bool]int{}
	rapid.Check(t, func(r *rapid.T) {
		net := apptest.RandomNetwork(r, 7)
		kind := rapid.SampledFrom([]string{"link", "downstream"}).Draw(r, "protect")
		ecmp := rapid.SampledFrom([]string{"none", "pair"}).Draw(r, "ecmp")
		links := between(net)
		if len(links) == 0 {
			return
		}
		link := rapid.SampledFrom(links).Draw(r, "link")
		b := slow(r, net, map[string]string{"mode": "proactive", "ecmp": ecmp, "protect": kind})
		b.PingAll()
		ways := map[[2]string]apptest.Journey{}
		hosts := net.NodesOfKind(model.Host)
		for _, x := range hosts {
			for _, y := range hosts {
				if x != y {
					j := b.Ping(net.NodeName(x), net.NodeName(y))
					ways[[2]string{j.From, j.To}] = j
				}
			}
		}
		b.LinkDown(link)
		failed := map[[2]string]bool{}
		for _, j := range b.PingAll() {
			failed[[2]string{j.From, j.To}] = true
		}
		id, _ := net.LinkByName(link)
		x, y := net.Ends(id)
		p := plainly(net)
		for pair, j := range ways { // each is judged by itself
			there, sureThere := p.journeyLives(j.There, net.NodeName(x.Node), net.NodeName(y.Node), kind)
			back, sureBack := p.journeyLives(j.Back, net.NodeName(x.Node), net.NodeName(y.Node), kind)
			if sureThere && sureBack {
				seen[there && back]++
			}
			if (there && back) == failed[pair] && (sureThere && sureBack || failed[pair]) {
				r.Fatalf("%s: %s is down: %v, there by %v, back by %v", apptest.Links(net), link, pair, j.There, j.Back)
			}
		}
		if b.Looped > 0 {
			r.Fatalf("%s: %s is down: %d packets went around", apptest.Links(net), link, b.Looped)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("the networks are all alike: %v", seen)
	}
}

// Whatever fails, and however much of it: packets come nearer to where they go or are lost.
func TestDownstreamAlternatesNeverGoAround(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		net := apptest.RandomNetwork(r, 8)
		b := slow(r, net, map[string]string{"mode": "proactive", "protect": "downstream"})
		b.PingAll()
		for _, link := range between(net) {
			if rapid.Bool().Draw(r, link) {
				b.LinkDown(link)
			}
		}
		b.PingAll()
		if b.Looped > 0 {
			r.Fatalf("%s: %d packets went around", apptest.Links(net), b.Looped)
		}
	})
}

// said gathers what an app logs and reports at its start.
func said(t *testing.T, topo string, params map[string]string) (logs []string, unprotected float64) {
	unprotected = -1
	for _, answer := range apptest.Record(t, shortestpath.New(), topo, params).Answers {
		for _, c := range answer {
			switch {
			case c.Kind == app.KindLog:
				logs = append(logs, c.Log.Text)
			case c.Kind == app.KindMetric && c.Metric.Name == "unprotected" && unprotected < 0:
				unprotected = c.Metric.Value
			}
		}
	}
	return logs, unprotected
}

func TestItSaysWhatIsUnprotected(t *testing.T) {
	for _, c := range []struct {
		topo, protect string
		unprotected   float64
		want          string
	}{
		{"torus,3,3", "link", 0, "protect=link: 72 of 72 next hops have an alternate, 0 are unprotected"},
		{"linear,3", "link", 6, "protect=link: 0 of 6 next hops have an alternate, 6 are unprotected"},
		{"torus,3,3", "downstream", 36, "protect=downstream: 36 of 72 next hops have an alternate, 36 are unprotected"},
	} {
		logs, n := said(t, c.topo, map[string]string{"protect": c.protect, "ecmp": "none"})
		if n != c.unprotected || len(logs) < 2 || logs[1] != c.want {
			t.Errorf("%s %s: %v unprotected, it says %q", c.topo, c.protect, n, logs)
		}
	}
	logs, n := said(t, "linear,3", map[string]string{"protect": "link", "mode": "reactive"})
	if n != -1 || !strings.Contains(strings.Join(logs, "\n"), "reactive paths are not protected") {
		t.Errorf("reactive: %v unprotected, it says %q", n, logs)
	}
}

package shortestpath_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/apptest"
	shortestpath "sendim/plugins/shortest-path"
)

func TestEveryHostReachesEveryOther(t *testing.T) {
	for _, topo := range []string{"single,3", "linear,4", "tree,2,2", "torus,3,3", "fat-tree,4"} {
		for _, mode := range []string{"proactive", "reactive"} {
			for _, ecmp := range []string{"none", "pair", "group"} {
				t.Run(topo+" "+mode+" "+ecmp, func(t *testing.T) {
					b := apptest.New(t, shortestpath.New(), topo, map[string]string{"mode": mode, "ecmp": ecmp})
					if failed := b.PingAll(); len(failed) > 0 {
						t.Errorf("%d pings failed, the first %+v", len(failed), failed[0])
					}
					if b.Looped > 0 || len(b.Refused) > 0 {
						t.Errorf("%d packets looped; refused: %v", b.Looped, b.Refused)
					}
				})
			}
		}
	}
}

// variants are the parameters under which the laws are checked.
func variants() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, mode := range []string{"proactive", "reactive"} {
		for _, ecmp := range []string{"none", "pair", "group"} {
			out[mode+" "+ecmp] = map[string]string{"mode": mode, "ecmp": ecmp}
		}
	}
	for _, ecmp := range []string{"none", "pair", "group"} {
		for _, protect := range []string{"link", "downstream"} {
			out["protect "+protect+" "+ecmp] = map[string]string{"mode": "proactive", "ecmp": ecmp, "protect": protect}
		}
	}
	return out
}

func TestItIsAFunctionOfItsEvents(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.SameEventsSameCommands(t, shortestpath.New, "torus,3,3", params) })
	}
}

func TestItCanBeSavedAndGoOnElsewhere(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.SaveRestoreChangesNothing(t, shortestpath.New, "torus,3,3", params) })
	}
}

func TestItConnectsRandomNetworksWhoseLinksFail(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.NoLoopNoBlackHole(t, shortestpath.New, params) })
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (run with -update if this is meant):\n%s", file, got)
	}
}

func TestTablesOfSmallNetworks(t *testing.T) {
	for _, c := range []struct{ name, topo, mode, ecmp string }{
		{"linear", "linear,3", "proactive", "none"},
		{"ring-pair", "torus,3,3", "proactive", "pair"},
		{"ring-group", "torus,3,3", "proactive", "group"},
		{"reactive", "linear,3", "reactive", "pair"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := apptest.New(t, shortestpath.New(), c.topo, map[string]string{"mode": c.mode, "ecmp": c.ecmp})
			if c.mode == "reactive" {
				b.Ping("h1", "h3")
			}
			golden(t, c.name, b.Tables())
		})
	}
}

// square is s1-s2-s4 and s1-s3-s4 with a host at s1 and one at s4, and a spare link
// s1-s4. The way over s3 takes longer and costs less.
func square(t *testing.T) *model.Network {
	b := model.NewBuilder("square")
	node := func(name string, kind model.NodeKind) model.NodeID {
		id, _ := b.Declare([]byte(name), kind)
		return id
	}
	s1, s2, s3, s4 := node("s1", model.Switch), node("s2", model.Switch), node("s3", model.Switch), node("s4", model.Switch)
	h1, h2 := node("h1", model.Host), node("h2", model.Host)
	link := func(name string, x, y model.NodeID, spec model.LinkSpec) {
		id := b.SpecID(spec)
		b.Link(model.LinkDraft{Name: name, A: x, B: y, APort: model.AutoPort, BPort: model.AutoPort, Spec: id, Back: id})
	}
	link("a1", h1, s1, model.LinkSpec{})
	link("a2", h2, s4, model.LinkSpec{})
	link("up1", s1, s2, model.LinkSpec{Delay: model.Millisecond, Weight: 5})
	link("up2", s2, s4, model.LinkSpec{Delay: model.Millisecond, Weight: 5})
	link("low1", s1, s3, model.LinkSpec{Delay: 2 * model.Millisecond, Weight: 1})
	link("low2", s3, s4, model.LinkSpec{Delay: 2 * model.Millisecond, Weight: 1})
	link("spare", s1, s4, model.LinkSpec{Delay: model.Microsecond, Weight: 1, Spare: true})
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

func TestThePathIsTheShortestByTheChosenWeightAndSparesWaitForNeed(t *testing.T) {
	for _, mode := range []string{"proactive", "reactive"} {
		for weight, want := range map[string]string{"hops": "s1 s2 s4", "delay": "s1 s2 s4", "cost": "s1 s3 s4"} {
			t.Run(mode+" "+weight, func(t *testing.T) {
				b := apptest.New(t, shortestpath.New(), square(t), map[string]string{"mode": mode, "weight": weight, "ecmp": "none"})
				way := func(want string) {
					t.Helper()
					b.Ping("h1", "h2") // the first of a pair may go by packet-out
					if j := b.Ping("h1", "h2"); strings.Join(j.There, " ") != want {
						t.Errorf("went %v, want %s", j.There, want)
					}
				}
				way(want)
				b.LinkDown("up1")
				b.Settle()
				way("s1 s3 s4")
				b.LinkDown("low2")
				b.Settle()
				way("s1 s4") // over the spare link: nothing else is left
				b.LinkUp("up1")
				b.LinkUp("low2")
				b.Settle()
				way(want)
			})
		}
	}
}

func TestThePathOfASourceOfNoHostBeginsWhereItIsSeen(t *testing.T) {
	b := apptest.New(t, shortestpath.New(), "linear,3", map[string]string{"mode": "reactive"})
	service := packet.Header{EthSrc: 2, EthDst: 3, EthType: packet.EthTypeIPv4, IPSrc: 10<<24 | 9, IPDst: 10<<24 | 3, Proto: packet.ProtoUDP, TTL: 64, L4Src: 80, L4Dst: 1024}
	for i := range 3 {
		b.Inject("h2", service, nil)
		b.Settle()
		if n := b.Downcalls[control.SendPacket]; n != 1 {
			t.Errorf("after %d packets %d have come to the app", i+1, n)
		}
	}
	if got := b.Tables(); strings.Count(got, "ipv4_src=10.0.0.9") != 2 {
		t.Errorf("rules from where it is seen:\n%s", got)
	}
	b.Run(2 * model.Minute)
	if got := b.Tables(); strings.Contains(got, "ipv4_src=10.0.0.9") {
		t.Errorf("rules of a pair that is silent:\n%s", got)
	}
}

func TestALinkChangeSendsOnlyWhatDiffers(t *testing.T) {
	b := apptest.New(t, shortestpath.New(), "torus,4,4", map[string]string{"ecmp": "none"})
	all := b.Downcalls[control.ModRule]
	tables := b.Tables()
	b.LinkDown("s1x1--s1x2")
	b.Settle()
	if n := b.Downcalls[control.ModRule] - all; n == 0 || n > all/4 {
		t.Errorf("a link went down: %d of %d rules were sent", n, all)
	}
	b.LinkUp("s1x1--s1x2")
	b.Settle()
	if b.Tables() != tables {
		t.Error("after the link came back the tables are not what they were")
	}
}

func TestAutoTakesTheModeThatTheSizeAsksForAndSaysSo(t *testing.T) {
	for limit, want := range map[string]string{"16": "mode proactive: 4 switches times 4 hosts", "15": "mode reactive: 4 switches, 4 hosts"} {
		r := apptest.Record(t, shortestpath.New(), "linear,4", map[string]string{"limit": limit})
		var logs []string
		for _, answer := range r.Answers {
			for _, c := range answer {
				if c.Kind == app.KindLog {
					logs = append(logs, c.Log.Text)
				}
			}
		}
		if len(logs) != 1 || !strings.HasPrefix(logs[0], want) {
			t.Errorf("limit %s: it says %q", limit, logs)
		}
	}
}

func BenchmarkFatTree(b *testing.B) {
	for _, mode := range []string{"proactive", "reactive"} {
		b.Run(mode, func(b *testing.B) {
			net := apptest.Network(b, "fat-tree,8")
			rules := 0
			for b.Loop() {
				bench := apptest.New(b, shortestpath.New(), net, map[string]string{"mode": mode})
				if mode == "reactive" {
					for i := range 50 {
						bench.Ping(fmt.Sprint("h", i), fmt.Sprint("h", 127-i))
					}
				}
				rules += bench.Downcalls[control.ModRule]
			}
			b.ReportMetric(float64(rules)/b.Elapsed().Seconds(), "rules/s")
		})
	}
}

func BenchmarkProactiveTorus(b *testing.B) {
	net := apptest.Network(b, "torus,20,20")
	for _, ecmp := range []string{"none", "pair"} {
		b.Run(ecmp, func(b *testing.B) {
			rules := 0
			for b.Loop() {
				bench := apptest.New(b, shortestpath.New(), net, map[string]string{"mode": "proactive", "ecmp": ecmp})
				rules += bench.Downcalls[control.ModRule]
			}
			b.ReportMetric(float64(rules)/b.Elapsed().Seconds(), "rules/s")
			b.ReportMetric(float64(rules)/float64(b.N), "rules")
		})
	}
}

func BenchmarkLinkChange(b *testing.B) {
	for _, ecmp := range []string{"none", "pair", "group"} {
		b.Run(ecmp, func(b *testing.B) {
			bench := apptest.New(b, shortestpath.New(), "fat-tree,8", map[string]string{"mode": "proactive", "ecmp": ecmp})
			before, changes := bench.Downcalls[control.ModRule], 0
			arcs := bench.Model.Arcs(bench.Node("c0"))
			name := bench.Model.LinkName(arcs[0].Link())
			for b.Loop() {
				bench.LinkDown(name)
				bench.Settle()
				bench.LinkUp(name)
				bench.Settle()
				changes += 2
			}
			b.ReportMetric(float64(bench.Downcalls[control.ModRule]-before)/float64(changes), "rules/change")
		})
	}
}

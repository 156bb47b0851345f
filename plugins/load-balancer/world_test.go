package loadbalancer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/report"
	learningswitch "sendim/plugins/learning-switch"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/plugins/throttle"
	"sendim/sim"
)

func launch(_ context.Context, a deployment.Application) (app.Instance, error) {
	for name, fresh := range map[string]func() app.App{"load-balancer": loadbalancer.New, "shortest-path": shortestpath.New,
		"learning-switch": learningswitch.New, "throttle": throttle.New} {
		if name == a.Plugin {
			return app.Local(fresh()), nil
		}
	}
	return nil, errors.New("no such app: " + a.Plugin)
}

// triangle is three switches in a ring, ten clients at each of the first two, servers at
// the third and one at the first.
const triangle = `
  <node id="s1" type="switch"><link to="s2" id="x"/><link to="s3"/></node>
  <node id="s2" type="switch"><link to="s3"/></node>
  <node id="s3" type="switch"/>
  <node id="a" type="host"><link to="s3"/></node>
  <node id="b" type="host"><link to="s3"/></node>
  <node id="c" type="host"><link to="s1"/></node>
  <hosts per="s1,s2" count="10" prefix="u-"/>
  <service id="web" ip="10.9.9.9" port="tcp/80"><member node="a" weight="2"/><member node="b"/><member node="c"/></service>
`

// clients writes flows of that many clients to the service, one every 100 ms, from the
// first one on.
func clients(first, count int, attributes string) string {
	var b strings.Builder
	for i := range count {
		n := first + i
		fmt.Fprintf(&b, "  <flow id=\"f%d\" from=\"u-s%d-%d\" to=\"web\" start=\"%dms\" %s/>\n", n, 1+n%2, n/2+1, 100*n, attributes)
	}
	return b.String()
}

// play runs a network, given as what its descriptor holds, under apps, given as
// application elements, and holds it to its tests.
func play(t *testing.T, system, apps string) *core.Result {
	t.Helper()
	return playWith(t, system, apps, launch)
}

func playWith(t *testing.T, system, apps string, launch backend.Launcher) *core.Result {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"network.xml": `<system name="n"><defaults><link rate="100Mbps"/></defaults>` + system + `</system>`,
		"d.xml":       `<deployment name="d" realization="simulation"><system href="network.xml"/>` + apps + `</deployment>`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	j, err := job.Load(job.Input{Descriptor: filepath.Join(dir, "d.xml")})
	if err != nil {
		t.Fatal(err)
	}
	res, err := core.Run(t.Context(), core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}}, Launch: launch}, core.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range res.Tests {
		if !v.Passed {
			t.Errorf("%s: %s, expected %s", v.Name, v.Measured, v.Expected)
		}
	}
	return res
}

// balancer writes the app with parameters, "name=value" each.
func balancer(params ...string) string {
	var b strings.Builder
	b.WriteString(`<application plugin="load-balancer">`)
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		fmt.Fprintf(&b, `<param name="%s" value="%s"/>`, name, value)
	}
	return b.String() + "</application>"
}

// servers lists who served a flow.
func servers(t *testing.T, res *core.Result, id string) string {
	t.Helper()
	f := flowOf(t, res, id)
	var names []string
	for _, s := range f.Servers {
		names = append(names, s.Node)
	}
	return strings.Join(names, " ")
}

func flowOf(t *testing.T, res *core.Result, id string) *report.Flow {
	t.Helper()
	for i := range res.Flows {
		if res.Flows[i].ID == id {
			return &res.Flows[i]
		}
	}
	t.Fatalf("there is no flow %s", id)
	return nil
}

func finished(t *testing.T, res *core.Result) {
	t.Helper()
	for _, f := range res.Flows {
		if !f.Finished() || f.Error != "" || f.Lost > 0 {
			t.Errorf("flow %s: %+v", f.ID, f.FlowResult)
		}
	}
}

const half = `<test><share service="web" node="a" min="50%" max="50%"/><share service="web" node="b" of="flows" min="25%" max="25%"/>
  <share service="web" node="c" min="25%" max="25%"/><reachable from="u-s1-1,u-s2-1" to="u-s2-*,a"/></test>`

func TestTheSharesOfAPoolFollowTheWeights(t *testing.T) {
	chains := map[string]string{
		"alone":                          balancer(),
		"before shortest-path":           balancer() + `<application plugin="shortest-path"/>`,
		"before reactive shortest-path":  balancer() + `<application plugin="shortest-path"><param name="mode" value="reactive"/></application>`,
		"before shortest-path by groups": balancer() + `<application plugin="shortest-path"><param name="ecmp" value="group"/></application>`,
		"before throttle":                balancer() + `<application plugin="throttle"/>`,
		"before throttle and a router":   balancer() + `<application plugin="throttle"/><application plugin="shortest-path"/>`,
		"before a learning switch":       balancer() + `<application plugin="learning-switch"/>`,
		"for each connection":            balancer("per=connection"),
		"with no client ever forgotten":  balancer("idle=0s"),
		"of a service asked for by name": balancer("service=web"),
	}
	kinds := map[string]string{
		"tcp":       `size="100KB" transport="tcp"`,
		"udp":       `size="30KB" rate="1Mbps" transport="udp"`,
		"fluid tcp": `size="1MB" granularity="flow" transport="tcp"`,
		"fluid udp": `duration="1s" rate="1Mbps" granularity="flow" transport="udp"`,
	}
	for chain, apps := range chains {
		for kind, attributes := range kinds {
			if kind == "fluid udp" && strings.HasSuffix(chain, "learning switch") {
				continue // it floods, packet by packet, what is for a host that says nothing
			}
			t.Run(kind+" "+chain, func(t *testing.T) { finished(t, play(t, triangle+clients(0, 20, attributes)+half, apps)) })
		}
	}
}

func TestAMemberThatLeavesKeepsItsClientsUntilTheyAreSilent(t *testing.T) {
	res := play(t, triangle+clients(0, 4, `duration="4s" rate="1Mbps" transport="tcp"`)+`
	  <flow id="again" from="u-s2-1" to="web" start="5s" size="10KB"/>
	  <flow id="forgotten" from="u-s2-1" to="web" start="9s" size="10KB"/>
	  <scenario><at time="2s"><leave service="web" node="b"/></at></scenario>`, balancer("idle=2s"))
	finished(t, res)
	if got := servers(t, res, "f1"); got != "b" {
		t.Fatalf("the second client was served by %s", got)
	}
	if got := servers(t, res, "again"); got != "b" {
		t.Errorf("a client that has not been silent for long goes to %s", got)
	}
	if got := servers(t, res, "forgotten"); got == "b" || got == "" {
		t.Errorf("a client that was forgotten goes to %q, though b has left", got)
	}
}

func TestAMemberThatLeavesCanGiveItsClientsAway(t *testing.T) {
	res := play(t, triangle+clients(0, 4, `duration="4s" rate="1Mbps" transport="udp"`)+`
	  <flow id="tcp" from="u-s2-1" to="web" duration="4s" rate="1Mbps" transport="tcp" start="500ms"/>
	  <flow id="fluid" from="u-s2-1" to="web" duration="4s" rate="1Mbps" granularity="flow" transport="udp" start="500ms"/>
	  <flow id="fluid-tcp" from="u-s2-1" to="web" duration="4s" rate="1Mbps" granularity="flow" transport="tcp" start="500ms"/>
	  <scenario><at time="2s"><leave service="web" node="b"/></at></scenario>`, balancer("drain=move"))
	f := flowOf(t, res, "f1")
	if len(f.Servers) != 2 || f.Servers[0].Node != "b" || f.Servers[1].Node == "b" || f.Lost > 1 {
		t.Errorf("udp: %+v", f.FlowResult)
	}
	if s := f.Servers; s[0].Bytes+s[1].Bytes != f.Bytes || s[0].Bytes < f.Bytes/3 || s[1].Bytes < f.Bytes/3 {
		t.Errorf("udp: %+v of %d bytes", s, f.Bytes)
	}
	if f := flowOf(t, res, "fluid"); len(f.Servers) != 2 || f.Servers[0].Bytes+f.Servers[1].Bytes != f.Bytes {
		t.Errorf("fluid udp: %+v", f.FlowResult)
	}
	for _, id := range []string{"tcp", "fluid-tcp"} {
		if f := flowOf(t, res, id); f.Error != "connection reset by peer" || servers(t, res, id) != "b" {
			t.Errorf("%s: %+v", id, f.FlowResult)
		}
	}
}

func TestAMemberThatFailsLosesItsClientsAtOnce(t *testing.T) {
	for what, change := range map[string][2]string{
		"the member":  {`<down node="b"/>`, `<up node="b"/>`},
		"its link":    {`<down link="b--s3"/>`, `<up link="b--s3"/>`},
		"every path":  {`<down link="s1--s3"/><down link="s2--s3"/>`, `<up link="s1--s3"/><up link="s2--s3"/>`},
		"its switch":  {`<down node="s3"/>`, `<up node="s3"/>`},
		"another way": {`<down link="x"/>`, `<up link="x"/>`},
	} {
		for chain, apps := range map[string]string{"alone": balancer(), "chain": balancer() + `<application plugin="shortest-path"/>`} {
			t.Run(what+" "+chain, func(t *testing.T) {
				res := play(t, triangle+clients(0, 4, `duration="6s" rate="1Mbps" transport="udp"`)+`
				  <flow id="new" from="u-s2-10" to="web" start="3s" size="10KB" transport="tcp"/>
				  <scenario><at time="2s">`+change[0]+`</at><at time="5s">`+change[1]+`</at></scenario>`, apps)
				f, want := flowOf(t, res, "f1"), "b "
				if what == "another way" {
					want = "b"
				}
				if got := servers(t, res, "f1"); !strings.HasPrefix(got, want) || f.Lost > f.Sent/50 {
					t.Errorf("%+v", f.FlowResult)
				}
				if f := flowOf(t, res, "new"); !f.Finished() || f.Error != "" {
					t.Errorf("%+v", f.FlowResult)
				}
			})
		}
	}
}

func TestWhereNobodyIsLeftPacketsAreDroppedUntilSomebodyComes(t *testing.T) {
	res := play(t, triangle+`
	  <flow id="f" from="u-s1-1" to="web" start="3s" duration="4s" rate="1Mbps" transport="udp"/>
	  <scenario><at time="2s"><leave service="web" node="a,b,c"/></at><at time="5s"><join service="web" node="c"/></at></scenario>`, balancer())
	f := flowOf(t, res, "f")
	if got := servers(t, res, "f"); got != "c" || f.Lost < f.Sent*45/100 || f.Lost > f.Sent*80/100 {
		t.Errorf("%+v", f.FlowResult)
	}
}

func TestAProfilesPoolServesItsMembers(t *testing.T) {
	for _, ip := range []string{"10.9.9.10", "10.9.9.9"} { // the same address is possible
		res := play(t, triangle+`
		  <node id="d" type="host"><link to="s2"/></node>
		  <service id="fast" ip="`+ip+`" port="tcp/80"><member node="d"/></service>
		  <service id="dns" ip="10.9.9.9" port="udp/53"><member node="c"/></service>
		  <profile id="premium" pool="fast"><member node="u-s1-1"/></profile>
		  <flow id="premium" from="u-s1-1" to="web" size="10KB"/>
		  <flow id="basic" from="u-s1-2" to="web" size="10KB"/>
		  <flow id="dns" from="u-s1-1" to="dns" size="10KB" rate="1Mbps" transport="udp"/>
		  <scenario><at time="1s"><leave service="fast" node="d"/><join service="fast" node="c"/></at></scenario>
		  <flow id="later" from="u-s1-1" to="web" size="10KB" start="3s"/>`, balancer("idle=1s"))
		finished(t, res)
		for id, want := range map[string]string{"premium": "d", "basic": "a", "dns": "c", "later": "c"} {
			if got := servers(t, res, id); got != want {
				t.Errorf("%s: %s was served by %s, not %s", ip, id, got, want)
			}
		}
	}
}

func TestByRankOrHashTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	for _, mode := range []string{"rank", "hash"} {
		run := func(start func(n int) int) map[string]string {
			out := map[string]string{}
			var flows strings.Builder
			for n := range 20 {
				fmt.Fprintf(&flows, "<flow id=\"f%d\" from=\"u-s%d-%d\" to=\"web\" start=\"%dms\" size=\"1KB\"/>", n, 1+n%2, n/2+1, start(n))
			}
			res := play(t, triangle+flows.String(), balancer("mode="+mode))
			finished(t, res)
			for _, f := range res.Flows {
				out[f.From] = f.Servers[0].Node
			}
			return out
		}
		forth := run(func(n int) int { return 100 * n })
		count := map[string]int{}
		for from, server := range run(func(n int) int { return 2000 - 100*n }) {
			if forth[from] != server {
				t.Errorf("%s: %s goes to %s or %s", mode, from, forth[from], server)
			}
			count[server]++
		}
		if mode == "rank" && (count["a"] != 10 || count["b"] != 5 || count["c"] != 5) {
			t.Errorf("rank: of 20 clients %v", count)
		}
		if count["a"] < 5 || count["a"] > 15 || count["b"] == 0 || count["c"] == 0 {
			t.Errorf("%s: of 20 clients %v", mode, count)
		}
	}
}

func TestOneMemberDoesNotServeOneClientTwiceAtOnePort(t *testing.T) {
	res := play(t, triangle+`
	  <service id="shop" ip="10.9.9.10" port="tcp/80"><member node="a"/><member node="b"/></service>
	  <flow id="web" from="u-s1-1" to="web" duration="3s" rate="1Mbps" transport="tcp"/>
	  <flow id="shop" from="u-s1-1" to="shop" duration="3s" rate="1Mbps" transport="tcp" start="500ms"/>`, balancer())
	finished(t, res)
	if web, shop := servers(t, res, "web"), servers(t, res, "shop"); web != "a" || shop != "b" {
		t.Errorf("web by %s, shop by %s", web, shop)
	}
}

func TestAMemberThatAsksItsOwnServiceIsServedByAnother(t *testing.T) {
	res := play(t, triangle+`<flow id="f" from="a" to="web" size="10KB"/>`, balancer())
	finished(t, res)
	if got := servers(t, res, "f"); got == "a" {
		t.Error("it was sent to itself")
	}
}

package worlds

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sendim/core/report"
)

// chains is the first seed whose world has users of several kinds and services, and apps in
// a chain to care for them; the worlds before it are for one app.
const chains = 1000

// users are the members of profiles, and who serves them.
type users struct {
	apps     []string // in front of the drawn one, as XML
	alone    bool     // and none behind them
	throttle bool
	members  map[string]bool // hosts with a rate
	servers  []string
}

// people draws profiles, services and the apps for them, with a stream of its own.
func (d *drawing) people(rate int) {
	u := &d.w.users
	u.members = map[string]bool{}
	if d.w.seed < chains || d.w.fails() || len(d.hosts) < 2 {
		return
	}
	was := d.Rand
	d.Rand = rand.New(rand.NewPCG(d.w.seed, 21))
	defer func() { d.Rand = was }()
	kind := d.IntN(100)
	balance := kind >= 60
	u.throttle = kind < 60 || kind >= 85
	u.alone = d.chance(25)
	if balance {
		u.apps = append(u.apps, d.balancer())
	}
	if u.throttle {
		u.apps = append(u.apps, d.throttle(rate))
	}
}

// params draws parameters of an application: each is NAME=A|B|..., of which the first is
// the default.
func (d *drawing) params(plugin string, params ...string) string {
	text := fmt.Sprintf(`<application plugin="%s">`, plugin)
	for _, p := range params {
		name, values, _ := strings.Cut(p, "=")
		if v := pick(d, strings.Split(values, "|")); d.chance(50) {
			text += fmt.Sprintf(`<param name="%s" value="%s"/>`, name, v)
		}
	}
	return text + "</application>"
}

func (d *drawing) throttle(rate int) string {
	for i := range 1 + d.IntN(3) {
		limit := fmt.Sprintf(`rate="%dkbps"`, (20+d.IntN(60))*rate*10*d.scale)
		if d.chance(30) {
			d.put(`  <class id="class %d" max="%dkbps"/>`, i, (20+d.IntN(60))*rate*10*d.scale)
			limit = fmt.Sprintf(`class="class %d"`, i)
		}
		d.put(`  <profile id="users %d" %s>`, i, limit)
		for _, n := range d.Perm(len(d.hosts))[:1+d.IntN(len(d.hosts)/2+1)] {
			d.w.users.members[d.hosts[n]] = true
			d.put(`    <member node="%s"/>`, quoted(d.hosts[n]))
		}
		d.put(`  </profile>`)
	}
	return d.params("throttle", "mode=auto|meter|port", "direction=both|up|down", "interval=1s|0s", "priority=100|7")
}

// balancer draws services, who asks for them, and servers that leave and join.
func (d *drawing) balancer() string {
	app := d.params("load-balancer", "mode=round-robin|hash", "drain=keep|move", "per=client|connection", "idle=60s|0s")
	cut := d.lasts || strings.Contains(app, `"move"`)
	var flows, happens strings.Builder
	at := 0
	for i := range 1 + d.IntN(2) {
		transport := pick(d, []string{"tcp", "udp"})
		order := d.Perm(len(d.hosts))
		servers := order[:1+d.IntN(min(4, len(order)-1))]
		clients := order[len(servers):]
		d.put(`  <service id="service %d" ip="10.201.0.%d" port="%s/%d">`, i, i+1, transport, 8000+i)
		for _, s := range servers {
			d.put(`    <member node="%s" weight="%d"/>`, quoted(d.hosts[s]), 1+d.IntN(3))
			d.w.users.servers = append(d.w.users.servers, d.hosts[s])
		}
		d.put(`  </service>`)
		// One client after the other, so that who comes first is the same in every world.
		for k := range min(len(clients), 2+d.IntN(5)) {
			bound := `duration="3s" rate="200kbps"`
			if d.lasts {
				bound = fmt.Sprintf(`duration="20s" rate="%dkbps"`, 100*d.scale)
			} else if transport == "tcp" {
				bound = fmt.Sprintf(`size="%dKB"`, 20*d.scale)
			}
			fmt.Fprintf(&flows, "  <flow id=\"client %d of %d\" from=\"%s\" to=\"service %d\" start=\"%dms\" %s transport=\"%s\"/>\n",
				k, i, quoted(d.hosts[clients[k]]), i, 200+300*at, bound, transport)
			at++
		}
		// Where a connection is cut that has to leave its server is chance.
		if (!cut || transport == "udp") && d.feature("servers leave and join", 50) {
			fmt.Fprintf(&happens, "    <at time=\"1050ms\"><leave service=\"service %d\" node=\"%s\"/></at>\n", i, quoted(d.hosts[servers[0]]))
			if d.chance(50) {
				fmt.Fprintf(&happens, "    <at time=\"2250ms\"><join service=\"service %d\" node=\"%s\" weight=\"2\"/></at>\n", i, quoted(d.hosts[pick(d, servers)]))
			}
		}
	}
	d.body.WriteString(flows.String())
	if happens.Len() > 0 {
		d.put("  <scenario>\n%s  </scenario>", happens.String())
	}
	return app
}

// around puts the drawn app behind those that care for users. A load balancer's clients
// know addresses that a switch cannot learn: behind one stands an app that knows the
// topology.
func (u *users) around(app string) string {
	if len(u.apps) == 0 {
		return app
	}
	front := strings.Join(u.apps, "\n  ")
	switch {
	case u.alone:
		return front
	case len(u.servers) > 0 && strings.Contains(app, "learning-switch"):
		app = `<application plugin="shortest-path"/>`
	}
	return front + "\n  " + app
}

// mayShare takes out of a comparison the flows whose shares of a limit are chance.
func (u *users) mayShare(s *report.Section, r *report.Results) {
	shared := u.shared(r)
	s.Rows = slices.DeleteFunc(s.Rows, func(row report.Row) bool { return shared[row.Name] })
}

// shared lists the flows that share a member's limit with another one: what each of them
// gets of it is chance, as at any bottleneck.
func (u *users) shared(r *report.Results) map[string]bool {
	out := map[string]bool{}
	if !u.throttle {
		return out
	}
	by := map[string][]string{}
	for i := range r.Flows {
		f := &r.Flows[i]
		ends := []string{f.From + " up", f.To + " down"}
		for _, s := range f.Servers {
			ends = append(ends, s.Node+" down")
		}
		for _, end := range ends {
			if host := end[:strings.LastIndexByte(end, ' ')]; u.members[host] {
				by[end] = append(by[end], f.ID)
			}
		}
	}
	for _, flows := range by {
		if len(flows) > 1 {
			for _, id := range flows {
				out[id] = true
			}
		}
	}
	return out
}

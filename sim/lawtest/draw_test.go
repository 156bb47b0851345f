package lawtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// world is what is played: two descriptors, whose lines can be left out one by one.
type world struct {
	system, deployment []string
}

func (w world) texts() (system, deployment string) {
	return strings.Join(w.system, "\n") + "\n", strings.Join(w.deployment, "\n") + "\n"
}

func (w world) String() string {
	a, b := w.texts()
	return a + b
}

// drawing is a world in the making.
type drawing struct {
	*rand.Rand
	world
	switches, hosts, links int
	shapes                 []string
	shipped                bool // the apps are those that users have
	service                bool // there is one, called web
	calm                   bool // static tables, nothing random on the links: the fluid laws apply
}

func one[T any](d *drawing, from ...T) T { return from[d.IntN(len(from))] }

func (d *drawing) rarely(n int) bool { return d.IntN(n) == 0 }

func (d *drawing) say(format string, a ...any) {
	d.system = append(d.system, fmt.Sprintf(format, a...))
}

func (d *drawing) deploy(format string, a ...any) {
	d.deployment = append(d.deployment, fmt.Sprintf(format, a...))
}

// draw makes the world of a number. Every third is calm; every third is followed packet
// by packet alone, so that books can be held to the last frame.
func draw(number uint64) world {
	d := &drawing{Rand: rand.New(rand.NewPCG(number, 20))}
	d.calm = number%3 == 0
	d.shipped = !d.calm && number%7 == 6
	packets := number%3 == 1
	d.say(`<system name="world">`)
	d.disciplines()
	d.nodes()
	classes := d.classes()
	if d.service = d.shipped && d.rarely(2); d.service {
		d.say(`<service id="web" ip="10.9.9.9" port="tcp/80"><member node="h1" weight="2"/><member node="h2"/></service>`)
	}
	d.flows(classes, packets)
	d.scenario()
	d.say(`<trace links="type=link" packets="true"/>`)
	if d.rarely(2) {
		d.say(`<trace links="type=link" interval="%s"/>`, one(d, "7ms", "100ms", "1s"))
	}
	d.say(`</system>`)

	d.deploy(`<deployment name="law" realization="simulation">`)
	d.deploy(`<system href="system.xml"/>`)
	d.app()
	if d.rarely(3) {
		d.deploy(`<control delay="%s"><switch nodes="s1" delay="%s"/></control>`, d.controlDelay(), d.controlDelay())
	} else {
		d.deploy(`<control delay="%s"/>`, d.controlDelay())
	}
	d.deploy(`<simulation seed="%d" until="20s"/>`, d.IntN(100))
	d.deploy(`</deployment>`)
	return d.world
}

func (d *drawing) controlDelay() string { return one(d, "1us", "100us", "1ms", "7ms", "300ms") }

func (d *drawing) disciplines() {
	if d.calm || !d.rarely(3) {
		return
	}
	d.shapes = []string{"red", "mark", "red-ecn", "lanes"}
	d.say(`<discipline id="red" kind="red" min="3p" max="9p" probability="10%%"/>`)
	d.say(`<discipline id="red-ecn" kind="red" min="1000B" ecn="true" weight="0.5" gentle="false"/>`)
	d.say(`<discipline id="mark" kind="threshold" mark="2p"/>`)
	d.say(`<discipline id="lanes" kind="queues"><queue number="0"/><queue number="1" min="300kbps" max="700kbps" dscp="3"/><queue number="2" priority="2" length="3p" dscp="7"/></discipline>`)
}

func (d *drawing) nodes() {
	d.switches, d.hosts = 1+d.IntN(5), 2+d.IntN(5)
	for i := 1; i <= d.switches; i++ {
		d.say(`<node id="s%d" type="switch"/>`, i)
	}
	for i := 1; i <= d.hosts; i++ {
		d.say(`<node id="h%d" type="host"/>`, i)
	}
	for i := 2; i <= d.switches; i++ {
		d.link(fmt.Sprint("s", i), fmt.Sprint("s", 1+d.IntN(i-1)))
	}
	for range d.IntN(3) {
		if a, b := 1+d.IntN(d.switches), 1+d.IntN(d.switches); a != b { // parallel ones too
			d.link(fmt.Sprint("s", a), fmt.Sprint("s", b))
		}
	}
	for i := 1; i <= d.hosts; i++ {
		d.link(fmt.Sprint("h", i), fmt.Sprint("s", 1+d.IntN(d.switches)))
	}
	if d.rarely(8) { // a second foot
		d.link("h1", fmt.Sprint("s", 1+d.IntN(d.switches)))
	}
	if d.rarely(8) {
		d.link("h1", "h2")
	}
}

func (d *drawing) link(a, b string) {
	d.links++
	back := ""
	if d.rarely(3) {
		back = "<back" + d.spec() + "/>"
	}
	d.say(`<link id="l%d" from="%s" to="%s"%s>%s</link>`, d.links, a, b, d.spec(), back)
}

func (d *drawing) spec() string {
	s := ""
	if d.calm || !d.rarely(6) {
		s += fmt.Sprintf(` rate="%s"`, d.rate())
	}
	if !d.rarely(4) {
		s += fmt.Sprintf(` delay="%s"`, one(d, "1us", "50us", "1ms", "3ms", "40ms"))
	}
	if d.rarely(3) {
		s += fmt.Sprintf(` queue="%s"`, one(d, "1p", "3p", "20p", "1500B", "10KB"))
	}
	if d.calm {
		return s
	}
	if len(d.shapes) > 0 && d.rarely(3) {
		s += fmt.Sprintf(` discipline="%s"`, one(d, d.shapes...))
	}
	if d.rarely(5) {
		s += fmt.Sprintf(` jitter="%s"`, one(d, "10us", "1ms", "20ms"))
	}
	if d.rarely(5) {
		s += fmt.Sprintf(` loss="%s"`, one(d, "1%", "20%"))
	}
	return s
}

func (d *drawing) rate() string {
	if d.calm { // so that many share a link
		return one(d, "500kbps", "1Mbps", "3Mbps", "10Mbps")
	}
	return one(d, "500kbps", "1Mbps", "10Mbps", "123456789bps", "1Gbps")
}

func (d *drawing) classes() (names []string) {
	if !d.rarely(3) {
		return []string{""}
	}
	names = []string{""}
	for i := range 1 + d.IntN(3) {
		name := fmt.Sprint("c", i+1)
		s := ""
		low := one(d, 0, 0, 100, 400)
		if low > 0 {
			s += fmt.Sprintf(` min="%dkbps"`, low)
		}
		if d.rarely(2) {
			s += fmt.Sprintf(` max="%dkbps"`, low+one(d, 100, 700, 20000))
		}
		if d.rarely(2) {
			s += fmt.Sprintf(` priority="%d"`, d.IntN(3))
		}
		d.say(`<class id="%s"%s/>`, name, s)
		names = append(names, name)
	}
	return names
}

func (d *drawing) flows(classes []string, packets bool) {
	n := 1 + d.IntN(8)
	if d.calm {
		n += d.IntN(8)
	}
	for i := range n {
		a := 1 + d.IntN(d.hosts)
		b := 1 + (a+d.IntN(d.hosts-1))%d.hosts
		s := fmt.Sprintf(`<flow id="f%d" from="h%d" to="h%d" start="%s"`, i+1, a, b, d.time())
		granularity := one(d, "packet", "chunk", "flow")
		switch {
		case packets:
			granularity = "packet"
		case d.calm && !d.rarely(5):
			granularity = "flow"
		}
		if c := one(d, classes...); c != "" {
			s += fmt.Sprintf(` class="%s"`, c)
		}
		kind := d.IntN(9)
		if kind == 0 {
			d.say(`%s transport="icmp" count="%d"/>`, s, 1+d.IntN(4))
			continue
		}
		s += fmt.Sprintf(` granularity="%s" srcport="%d" dstport="%d"`, granularity, 2001+i, 3001+i)
		if d.rarely(3) {
			s += fmt.Sprintf(` packet="%s"`, one(d, "100B", "1000B", "9000B"))
		}
		if granularity == "chunk" && d.rarely(2) {
			s += fmt.Sprintf(` chunk="%s"`, one(d, "100B", "3KB", "64KB"))
		}
		switch {
		case kind < 4:
			s += fmt.Sprintf(` transport="udp" rate="%s"`, one(d, "50kbps", "1Mbps", "7Mbps"))
			if granularity == "packet" && d.rarely(3) {
				s += one(d, ` pattern="poisson"`, ` pattern="on-off" on="30ms" off="exponential(50ms)"`, ` gaps="uniform(1,3)"`, ` packets="uniform(60B,90B)"`)
			}
			if d.rarely(2) {
				s += fmt.Sprintf(` size="%s"`, d.size())
			} else {
				s += fmt.Sprintf(` duration="%s"`, one(d, "10ms", "500ms", "3s"))
			}
		case granularity == "chunk" && d.rarely(3):
			s += fmt.Sprintf(` transport="tcp" chunks="%s"`, one(d, "0.034,0.02", "0.01,1D,0.02", "0.03,1G,0.001", "0.0044*3", "0.04+0.02G*3", "0.01/4"))
		default:
			s += ` transport="tcp"`
			if d.service && a > 2 && d.rarely(2) {
				s = strings.Replace(s, fmt.Sprintf(` to="h%d"`, b), ` to="web"`, 1)
				s = strings.Replace(s, fmt.Sprintf(` dstport="%d"`, 3001+i), "", 1)
			}
			if granularity == "packet" && d.rarely(3) {
				s += fmt.Sprintf(` tcp="%s"`, one(d, "newreno", "dctcp"))
			}
			if d.rarely(4) {
				s += fmt.Sprintf(` rate="%s"`, one(d, "100kbps", "2Mbps"))
			}
			if d.rarely(4) || d.calm && d.rarely(2) {
				s += fmt.Sprintf(` duration="%s"`, one(d, "10ms", "500ms", "3s"))
			} else {
				s += fmt.Sprintf(` size="%s"`, d.size())
			}
		}
		d.say("%s/>", s)
	}
}

func (d *drawing) size() string {
	return one(d, "1B", "1000B", "1448B", "33333B", "100KB", "1MB")
}

// time is often a round one, so that things happen together.
func (d *drawing) time() string {
	if d.rarely(3) {
		return fmt.Sprintf("%dus", d.IntN(3_000_000))
	}
	return one(d, "0s", "0s", "100ms", "1s", "2s")
}

func (d *drawing) scenario() {
	n := d.IntN(6)
	if n == 0 {
		if !d.calm && d.rarely(2) {
			what := one(d, fmt.Sprintf(`link="l%d"`, 1+d.IntN(d.links)), `node="s1"`, `node="h1"`, `port="s1:1"`, `control="s*"`, `controller="all"`)
			d.say(`<scenario>`)
			d.say(`<failures id="x" %s mtbf="%s" mttr="%s" until="4s"/>`, what, one(d, "100ms", "1s"), one(d, "30ms", "400ms"))
			d.say(`</scenario>`)
		}
		return
	}
	type step struct {
		at   int
		what string
	}
	var steps []step
	for range n {
		at := d.IntN(4_000_000)
		if d.rarely(2) {
			at = 500_000 * d.IntN(8)
		}
		link := fmt.Sprint("l", 1+d.IntN(d.links))
		node := fmt.Sprint(one(d, "s", "h"), 1)
		if d.rarely(2) {
			node = fmt.Sprint("s", 1+d.IntN(d.switches))
		}
		what := ""
		switch d.IntN(10) {
		case 7:
			what = fmt.Sprintf(`<%s port="%s:%d"/>`, one(d, "down", "down", "up"), fmt.Sprint("s", 1+d.IntN(d.switches)), 1)
		case 8:
			if d.service {
				what = `<join service="web" node="h3" weight="3"/>`
				if d.hosts < 3 || d.rarely(2) {
					what = `<leave service="web" node="h1"/>`
					d.service = false // it has left
				}
				break
			}
			what = one(d, `<down control="s1"/>`, `<up control="s1"/>`, `<down controller="all"/>`, `<up controller="all"/>`, `<delay control="s1" value="20ms"/>`, `<loss control="s*" value="30%"/>`)
		case 0, 1:
			what = fmt.Sprintf(`<down link="%s"/>`, link)
		case 2, 3:
			what = fmt.Sprintf(`<up link="%s"/>`, link)
		case 4:
			what = fmt.Sprintf(`<rate link="%s" value="%s"/>`, link, d.rate())
		case 5:
			what = fmt.Sprintf(`<delay link="%s" value="%s"/>`, link, one(d, "0s", "2ms", "30ms"))
		case 6:
			what = fmt.Sprintf(`<%s node="%s"/>`, one(d, "down", "down", "up"), node)
		default:
			what = fmt.Sprintf(`<loss link="%s" value="%s"/>`, link, one(d, "0%", "10%", "100%"))
		}
		if d.calm && (strings.HasPrefix(what, "<loss") || strings.HasPrefix(what, "<delay") || !strings.Contains(what, "link=")) {
			what = fmt.Sprintf(`<rate link="%s" value="%s"/>`, link, d.rate())
		}
		steps = append(steps, step{at, what})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at - b.at })
	d.say(`<scenario>`)
	for _, s := range steps {
		d.say(`<at time="%dus">%s</at>`, s.at, s.what)
	}
	d.say(`</scenario>`)
}

// app draws what the app does. What is left out it does not do.
func (d *drawing) app() {
	if d.shipped {
		d.apps()
		return
	}
	d.deploy(`<application name="chaos" plugin="builtin:chaos">`)
	defer d.deploy(`</application>`)
	set := func(name string, v any) { d.deploy(`<param name="%s" value="%v"/>`, name, v) }
	if d.calm {
		return
	}
	set("seed", d.IntN(1000))
	if d.rarely(2) {
		set("reactive", 1)
	}
	for _, way := range []string{"groups", "meters"} {
		if d.rarely(3) {
			set(way, 1)
		}
	}
	if d.rarely(4) {
		set("idle", 1)
	}
	if d.rarely(4) {
		set("hard", 1+d.IntN(2))
	}
	if d.rarely(3) {
		return
	}
	set("ticks", 1+d.IntN(40))
	set("every", one(d, "1ms", "33ms", "250ms"))
	set("burst", 1+d.IntN(5))
	for _, act := range acts() {
		if d.rarely(2) {
			set(act, 1+d.IntN(3))
		}
	}
}

// apps draws from those that users have.
func (d *drawing) apps() {
	say := func(name string, params ...string) {
		d.deploy(`<application name="%s" plugin="builtin:%s">`, name, name)
		for i := 0; i < len(params); i += 2 {
			d.deploy(`<param name="%s" value="%s"/>`, params[i], params[i+1])
		}
		d.deploy(`</application>`)
	}
	if d.service {
		say("load-balancer", "mode", one(d, "round-robin", "rank", "hash"), "per", one(d, "client", "connection"), "idle", one(d, "1s", "60s"), "drain", one(d, "keep", "move"))
	}
	if d.rarely(3) {
		say("learning-switch")
	} else {
		say("shortest-path", "mode", one(d, "proactive", "reactive", "auto"), "ecmp", one(d, "none", "pair", "group"), "idle", one(d, "1s", "60s"))
	}
}

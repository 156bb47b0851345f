package worlds

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// world is a drawn network with everything that a run of it needs: the descriptors, and
// what must hold whatever the product says.
type world struct {
	seed  uint64
	files map[string]string
	drawn []string // the features that were drawn, for messages

	hosts []host
	links []edge
	// unsure pairs are left to the comparison of worlds: whoever has several links
	// answers from one of them.
	unsure map[string]bool
	// chancy rates depend on more than both worlds can share: where select groups send
	// transfers is each world's own hash, a fluid knows neither headers nor the first
	// seconds of a transfer, and where a meter has put a transfer's timeouts when its path
	// breaks says how long it waits after that.
	chancy bool
	users  users
}

type host struct {
	name string
	addr netip.Prefix // zero: counted in 10.0.0.0/8
}

type edge struct {
	a, b  string
	down  bool // at the end of the scenario
	named string
}

// style is how nodes are called.
type style struct{ sw, host string }

var styles = []style{
	{"s%d", "h%d"},
	{"s%d", "h%d"},
	{"core.%d.example.net", "host.%d.example.net"},
	{"New York %d", "Desk %d in a room"},
	{"Zürich-%d", "東京%d"},
	{"a-very-long-name-of-a-switch-in-building-%d", "a-very-long-name-of-a-host-in-building-%d"},
	{`O'Hare & "Sons" <%d>`, `it's %d`},
	{"$HOME;|%d", "`h`%d"},
	{"%d", "1%d0"},
	{"A%d", "a%d"},
	{"rack/%d/tor", "rack/%d/host"},
	{"-s%d", "-h%d"},
	{"%%d%d", "{%d}"},
}

// drawing is a world in the making.
type drawing struct {
	*rand.Rand
	w        *world
	style    style
	body     strings.Builder
	switches []string
	hosts    []string
	port     map[string]int // explicit ports given so far
	between  map[[2]string]int
	named    map[string]bool
	scale    int
	lasts    bool // the flows are drawn to last
}

func quoted(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func (d *drawing) chance(percent int) bool { return d.IntN(100) < percent }

func (d *drawing) feature(name string, percent int) bool {
	if d.chance(percent) {
		d.w.drawn = append(d.w.drawn, name)
		return true
	}
	return false
}

func pick[T any](d *drawing, list []T) T { return list[d.IntN(len(list))] }

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(&d.body, format+"\n", args...) }

// draw makes the world of a seed, with at most so many switches.
func draw(seed uint64, most int) *world {
	if seed >= failing {
		return drawWith(seed, min(most, 12), (*drawing).lasting)
	}
	return drawWith(seed, most, (*drawing).flows)
}

func drawWith(seed uint64, most int, flows func(d *drawing, rate int)) *world {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 20)), w: &world{seed: seed, files: map[string]string{}, unsure: map[string]bool{}},
		port: map[string]int{}, between: map[[2]string]int{}, named: map[string]bool{}, scale: 1}
	d.style = pick(d, styles)
	d.w.drawn = append(d.w.drawn, "names like "+d.style.sw)
	if d.feature("scale 1/10", 20) {
		d.scale = 10
	}
	rate := pick(d, []int{2, 3, 5, 8, 10})
	queue := pick(d, []string{"30p", "50p", "100p", "60KB"})
	if d.feature("defaults", 50) {
		d.put(`  <defaults><link rate="%dMbps" queue="%s"/></defaults>`, rate*d.scale, queue)
		d.shape(most, func() string { return "" })
	} else {
		delays := d.feature("delays", 20)
		d.shape(most, func() string {
			if d.chance(15) {
				return fmt.Sprintf(` rate="%dMbps"`, pick(d, []int{3, 6, 9})*d.scale)
			}
			delay := ""
			if delays {
				delay = fmt.Sprintf(` delay="%dms"`, 1+d.IntN(3))
			}
			return fmt.Sprintf(` rate="%dMbps" queue="%s"%s`, rate*d.scale, queue, delay)
		})
	}
	flows(d, rate)
	d.people(rate)
	if d.w.fails() {
		d.failures()
	} else {
		d.scenario()
	}
	d.tests()
	d.write()
	return d.w
}

// shape draws nodes and links.
func (d *drawing) shape(most int, attrs func() string) {
	n := 1 + d.IntN(most)
	if d.chance(50) {
		n = 1 + d.IntN(min(most, 7))
	}
	generated := d.feature("generator", 25)
	if generated {
		n = max(1, n/3)
	}
	kind := d.IntN(4)
	for i := range n {
		name := fmt.Sprintf(d.style.sw, i+1)
		d.switches = append(d.switches, name)
		dpid := ""
		if d.chance(10) {
			dpid = fmt.Sprintf(` dpid="0x%x"`, 0xab0000+i)
		}
		d.put(`  <node id="%s" type="switch"%s/>`, quoted(name), dpid)
	}
	for i := 1; i < n; i++ {
		if kind == 3 && d.chance(15) {
			d.feature("disconnected", 100)
			continue
		}
		to := d.IntN(i)
		switch kind {
		case 0:
			to = i - 1
		case 1:
			to = (i - 1) / 2
		}
		d.link(d.switches[i], d.switches[to], attrs())
	}
	if n > 2 && d.feature("cycles", 60) {
		for range 1 + d.IntN(n) {
			if a, b := pick(d, d.switches), pick(d, d.switches); a != b {
				d.link(a, b, attrs())
			}
		}
	}
	if len(d.w.links) > 0 && d.feature("parallel links", 30) {
		for range 1 + d.IntN(2) {
			e := pick(d, d.w.links)
			d.link(e.a, e.b, attrs())
		}
	}
	if generated {
		d.generate(attrs)
	}
	d.attach(attrs)
}

// end is a link's end, sometimes with a port of its own.
func (d *drawing) end(node string) string {
	if d.chance(80) {
		return quoted(node)
	}
	d.port[node]++
	return fmt.Sprintf("%s:%d", quoted(node), 20+d.port[node])
}

func (d *drawing) link(a, b, attrs string) {
	key := [2]string{min(a, b), max(a, b)}
	d.between[key]++
	name := a + "--" + b
	id := ""
	if d.chance(10) {
		name = fmt.Sprintf("link %d", len(d.w.links))
		id = fmt.Sprintf(` id="%s"`, name)
		d.between[key]--
	} else if k := d.between[key]; k > 1 {
		name = "" // which number it gets is the language's business
	}
	if d.chance(15) {
		attrs += fmt.Sprintf(` weight="%d"`, 1+d.IntN(5))
	}
	d.put(`  <link%s from="%s" to="%s"%s/>`, id, d.end(a), d.end(b), attrs)
	d.w.links = append(d.w.links, edge{a: a, b: b, named: name})
}

// generate adds a generated part and joins it to the rest.
func (d *drawing) generate(attrs func() string) {
	prefix := pick(d, []string{"g-", "G.", "部 "})
	var sw, hosts []string
	a := attrs()
	join := func(x, y string) {
		d.w.links = append(d.w.links, edge{a: prefix + x, b: prefix + y})
	}
	switch d.IntN(4) {
	case 0:
		n := 2 + d.IntN(4)
		d.put(`  <generate kind="linear" k="%d" prefix="%s"%s/>`, n, prefix, a)
		for i := range n {
			sw, hosts = append(sw, fmt.Sprintf("s%d", i+1)), append(hosts, fmt.Sprintf("h%d", i+1))
			join(fmt.Sprintf("h%d", i+1), fmt.Sprintf("s%d", i+1))
			if i > 0 {
				join(fmt.Sprintf("s%d", i), fmt.Sprintf("s%d", i+1))
			}
		}
	case 1:
		n := 2 + d.IntN(3)
		d.put(`  <generate kind="single" k="%d" prefix="%s"%s/>`, n, prefix, a)
		sw = []string{"s1"}
		for i := range n {
			hosts = append(hosts, fmt.Sprintf("h%d", i+1))
			join(fmt.Sprintf("h%d", i+1), "s1")
		}
	case 2:
		d.put(`  <generate kind="torus" x="3" y="3" prefix="%s"%s/>`, prefix, a)
		for x := range 3 {
			for y := range 3 {
				s := fmt.Sprintf("s%dx%d", x+1, y+1)
				sw, hosts = append(sw, s), append(hosts, "h"+s[1:])
				join("h"+s[1:], s)
				join(s, fmt.Sprintf("s%dx%d", (x+1)%3+1, y+1))
				join(s, fmt.Sprintf("s%dx%d", x+1, (y+1)%3+1))
			}
		}
	case 3:
		d.put(`  <generate kind="tree" depth="2" fanout="2" prefix="%s"%s/>`, prefix, a)
		sw, hosts = []string{"s1", "s2", "s3"}, []string{"h1", "h2", "h3", "h4"}
		for _, l := range [][2]string{{"s1", "s2"}, {"s1", "s3"}, {"s2", "h1"}, {"s2", "h2"}, {"s3", "h3"}, {"s3", "h4"}} {
			join(l[0], l[1])
		}
	}
	own := slices.Clone(d.switches)
	for _, s := range sw {
		d.switches = append(d.switches, prefix+s)
	}
	for _, h := range hosts {
		d.host(host{name: prefix + h})
	}
	for range 1 + d.IntN(2) {
		d.link(pick(d, own), prefix+pick(d, sw), attrs())
	}
}

func (d *drawing) host(h host) {
	d.hosts = append(d.hosts, h.name)
	d.w.hosts = append(d.w.hosts, h)
}

// attach adds hosts of all kinds.
func (d *drawing) attach(attrs func() string) {
	if d.feature("hosts per", 40) {
		count := 1 + d.IntN(2)
		if len(d.switches) > 10 {
			count = 1
		}
		prefix := pick(d, []string{"h-.", "Host of ", "ホ"})
		d.put(`  <hosts per="type=switch" count="%d" prefix="%s"%s/>`, count, prefix, attrs())
		for _, s := range d.switches {
			for i := range count {
				name := prefix + s
				if count > 1 {
					name = fmt.Sprintf("%s-%d", name, i+1)
				}
				d.host(host{name: name})
				d.w.links = append(d.w.links, edge{a: name, b: s, named: name + "--" + s})
			}
		}
	}
	own := 1 + d.IntN(5)
	if len(d.hosts) == 0 {
		own = 2 + d.IntN(max(2, min(14, len(d.switches)+2)))
	}
	addressed, prefixes := d.feature("own addresses", 40), d.feature("prefixes", 20)
	for i := range own {
		h := host{name: fmt.Sprintf(d.style.host, i+1)}
		extra := ""
		if addressed && d.chance(50) {
			bits := 8
			if prefixes {
				bits = pick(d, []int{8, 16, 24, 30})
			}
			h.addr = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(d.IntN(3)), byte(d.IntN(2)), byte(50 + i)}), bits)
			extra += fmt.Sprintf(` ip="%s"`, h.addr)
		}
		if addressed && d.chance(30) {
			extra += fmt.Sprintf(` mac="00:16:3e:%02x:00:%02x"`, d.IntN(256), i)
		}
		to := pick(d, d.switches)
		if d.chance(50) {
			d.put(`  <node id="%s" type="host"%s><link to="%s"%s/></node>`, quoted(h.name), extra, d.end(to), attrs())
			d.w.links = append(d.w.links, edge{a: h.name, b: to, named: h.name + "--" + to})
		} else {
			d.put(`  <node id="%s" type="host"%s/>`, quoted(h.name), extra)
			d.link(h.name, to, attrs())
		}
		d.host(h)
		if len(d.switches) > 1 && d.chance(4) {
			d.feature("several homes", 100)
			d.w.unsure[h.name] = true
			d.link(h.name, pick(d, d.switches), attrs())
		}
	}
}

// flows draws the workload: what must be equal in both worlds by rate.
func (d *drawing) flows(rate int) {
	if len(d.hosts) < 2 {
		return
	}
	gran := ""
	if d.feature("fluid", 30) {
		gran = ` granularity="flow"`
	}
	pair := func() (a, b string) {
		for a == b {
			a, b = pick(d, d.hosts), pick(d, d.hosts)
		}
		return quoted(a), quoted(b)
	}
	for i := range d.IntN(4) {
		a, b := pair()
		d.put(`  <flow id="tcp %d" from="%s" to="%s" start="%dms" duration="6s" transport="tcp"%s/>`, i, a, b, 100*d.IntN(3), gran)
	}
	for i := range d.IntN(4) {
		a, b := pair()
		packet := ""
		if gran == "" && d.chance(30) {
			packet = fmt.Sprintf(` packet="%dB"`, pick(d, []int{200, 1000, 1400}))
		}
		d.put(`  <flow id="udp %d" from="%s" to="%s" start="%dms" duration="5s" rate="%dkbps" transport="udp"%s%s/>`, i, a, b, 100*d.IntN(10), (100+d.IntN(rate*500))*d.scale, packet, gran)
	}
	if d.feature("transfers", 30) {
		a, b := pair()
		d.put(`  <flow id="transfer" from="%s" to="%s" start="1s" size="%dKB" transport="tcp" srcport="4000" dstport="5001"/>`, a, b, (200+d.IntN(1000))*d.scale)
	}
	if d.feature("icmp", 20) {
		a, b := pair()
		d.put(`  <flow id="echoes" from="%s" to="%s" start="1s" duration="3s" rate="%dkbps" packet="100B" transport="icmp"/>`, a, b, 20*d.scale)
	}
	if d.feature("demands", 20) {
		d.put(`  <demands start="0s" until="4s" transport="udp">`)
		for range 1 + d.IntN(4) {
			a, b := pair()
			d.put(`    <demand from="%s" to="%s" rate="%dkbps"/>`, a, b, 300*d.scale)
		}
		d.put(`  </demands>`)
	}
	if d.feature("poisson", 10) {
		d.put(`  <traffic id="bg" kind="poisson" sizes="websearch" load="0.1" of="access" from="*" to="*" start="0s" until="2s"/>`)
	}
}

// long draws flows that last, for the two granularities of the simulator.
func (d *drawing) long(rate int) {
	d.lasts = true
	if len(d.hosts) < 2 {
		return
	}
	for i := range 1 + d.IntN(4) {
		a, b := pick(d, d.hosts), pick(d, d.hosts)
		if a == b {
			continue
		}
		if d.chance(70) {
			d.put(`  <flow id="tcp %d" from="%s" to="%s" start="%dms" duration="20s" transport="tcp"/>`, i, quoted(a), quoted(b), 100*d.IntN(3))
		} else {
			d.put(`  <flow id="udp %d" from="%s" to="%s" start="0s" duration="20s" rate="%dkbps" transport="udp"/>`, i, quoted(a), quoted(b), (20+d.IntN(rate*100))*d.scale)
		}
	}
}

// scenario breaks and changes links while flows run.
func (d *drawing) scenario() {
	var named []int
	for i, l := range d.w.links {
		if l.named != "" && !d.ishost(l.a) && !d.ishost(l.b) {
			named = append(named, i)
		}
	}
	if len(named) == 0 || !d.feature("scenario", 40) {
		return
	}
	d.put(`  <scenario>`)
	l := &d.w.links[pick(d, named)]
	d.put(`    <at time="2s"><down link="%s"/></at>`, quoted(l.named))
	// A transfer whose path is gone for good waits for minutes.
	if !strings.Contains(d.body.String(), `"tcp"`) && d.feature("link stays down", 70) {
		l.down = true
	} else {
		d.put(`    <at time="3500ms"><up link="%s"/></at>`, quoted(l.named))
	}
	if d.feature("rate changes", 40) {
		d.put(`    <at time="3s"><rate link="%s" value="%dMbps"/></at>`, quoted(d.w.links[pick(d, named)].named), 3*d.scale)
	}
	d.put(`  </scenario>`)
}

func (d *drawing) ishost(name string) bool { return slices.Contains(d.hosts, name) }

func (d *drawing) tests() {
	d.put(`  <test><reachable from="*" to="*"/></test>`)
}

// write composes the files: the network, sometimes in two, and a deployment for each
// world.
func (d *drawing) write() {
	app := pick(d, []string{
		`<application plugin="learning-switch"/>`,
		`<application plugin="learning-switch"><param name="idle" value="0s"/></application>`,
		`<application plugin="shortest-path"/>`,
		`<application plugin="shortest-path"><param name="mode" value="reactive"/></application>`,
		`<application plugin="shortest-path"><param name="mode" value="reactive"/><param name="ecmp" value="none"/></application>`,
		`<application plugin="shortest-path"><param name="mode" value="proactive"/><param name="ecmp" value="none"/></application>`,
		`<application plugin="shortest-path"><param name="mode" value="proactive"/><param name="ecmp" value="pair"/></application>`,
		`<application plugin="shortest-path"><param name="mode" value="proactive"/><param name="ecmp" value="group"/></application>`,
		`<application plugin="shortest-path"><param name="mode" value="proactive"/><param name="ecmp" value="group"/><param name="weight" value="cost"/></application>`,
		`<application plugin="shortest-path"><param name="weight" value="cost"/><param name="ecmp" value="pair"/></application>`,
		`<application plugin="shortest-path"><param name="weight" value="delay"/><param name="mode" value="reactive"/></application>`,
	})
	app = d.w.users.around(app)
	d.w.drawn = append(d.w.drawn, app)
	d.w.chancy = strings.Contains(app, `"group"`) || slices.Contains(d.w.drawn, "fluid") ||
		d.w.users.throttle && slices.Contains(d.w.drawn, "scenario") && strings.Contains(d.body.String(), `"tcp"`)
	scale := ""
	if d.scale != 1 {
		scale = fmt.Sprintf(`<scale rate="1/%d" size="1/%d"/>`, d.scale, d.scale)
	}
	control := ""
	if d.chance(30) {
		control = `<control delay="3ms"/>`
	}
	text := d.body.String()
	if cut := strings.Index(text, "  <flow "); cut >= 0 && d.feature("include", 25) {
		d.w.files["parts/shape.xml"] = "<system name=\"shape\">\n" + text[:cut] + "</system>\n"
		text = "  <include href=\"parts/shape.xml\"/>\n" + text[cut:]
	}
	d.w.files["network.xml"] = "<system name=\"world\">\n" + text + "</system>\n"
	// Connections that nobody answers are given up after two minutes, and emulated ones after
	// half of one: by then rules have timed out in one world and not in the other.
	for kind, until := range map[string]string{"simulation": `<simulation until="45s"/>`, "emulation": ""} {
		d.w.files[kind+".xml"] = fmt.Sprintf("<deployment name=\"world\" realization=\"%s\" degrade=\"allow\">\n  <system href=\"network.xml\"/>\n  %s%s%s%s\n</deployment>\n", kind, scale, app, control, until)
	}
}

package worlds

import "math/rand/v2"

// failing is the first seed whose world has failures of every kind, and flows of UDP that
// last over them: where a transfer's time-outs fall is chance.
const failing = 2000

func (w *world) fails() bool { return w.seed >= failing }

// failures draws what fails while flows run. All of it is back at the end.
func (d *drawing) failures() {
	was := d.Rand
	d.Rand = rand.New(rand.NewPCG(d.w.seed, 22))
	defer func() { d.Rand = was }()
	var links []string
	for _, l := range d.w.links {
		if l.named != "" {
			links = append(links, l.named)
		}
	}
	d.put(`  <scenario>`)
	for i := range 1 + d.IntN(3) {
		kind := pick(d, []string{"link", "port", "node", "host", "control", "controller"})
		what, attr := "", kind
		switch kind {
		case "link":
			if len(links) == 0 {
				continue
			}
			what = pick(d, links)
		case "port":
			what = pick(d, d.switches) + ":*"
			if d.chance(30) && len(d.hosts) > 0 {
				what = pick(d, d.hosts) + ":*"
			}
		case "node", "control":
			what = pick(d, d.switches)
		case "host":
			if len(d.hosts) == 0 {
				continue
			}
			attr, what = "node", pick(d, d.hosts)
		case "controller":
			what = "all"
		}
		d.feature(kind+" fails", 100)
		down := 1500 + 700*i + 100*d.IntN(5)
		d.put(`    <at time="%dms"><down %s="%s"/></at>`, down, attr, quoted(what))
		d.put(`    <at time="%dms"><up %s="%s"/></at>`, down+700+100*d.IntN(12), attr, quoted(what))
	}
	d.put(`  </scenario>`)
}

// lasting draws flows of UDP for the packets of two worlds.
func (d *drawing) lasting(rate int) {
	if len(d.hosts) < 2 {
		return
	}
	for i := range 2 + d.IntN(4) {
		a, b := pick(d, d.hosts), pick(d, d.hosts)
		if a == b {
			continue
		}
		d.put(`  <flow id="udp %d" from="%s" to="%s" start="%dms" duration="8s" rate="%dkbps" transport="udp"/>`, i, quoted(a), quoted(b), 100*d.IntN(10), (20+d.IntN(rate*150))*d.scale)
	}
	if d.chance(40) {
		a, b := pick(d, d.hosts), pick(d, d.hosts)
		if a != b {
			d.put(`  <flow id="echoes" from="%s" to="%s" start="1s" duration="6s" rate="%dkbps" packet="100B" transport="icmp"/>`, quoted(a), quoted(b), 20*d.scale)
		}
	}
}

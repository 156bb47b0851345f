package prompt

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/report"
)

func byAddress(n *naming.Names, text string) (model.NodeID, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return model.NoNode, false
	}
	b := a.As4()
	return n.ByIP(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
}

func ipText(ip uint32) string {
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}).String()
}

func macText(mac uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(mac>>40), byte(mac>>32), byte(mac>>24), byte(mac>>16), byte(mac>>8), byte(mac))
}

func (c *call) nodes() error {
	c.printf("available nodes are:\n")
	for n := range c.Model.Nodes() {
		c.printf("%s ", n.Name)
	}
	c.printf("\n")
	return nil
}

// eachNode names every node and hands out the arcs that leave it by port.
func (c *call) eachNode(f func(n model.Node, arcs []model.Arc, names *naming.Names)) error {
	names, err := naming.New(c.Model)
	if err != nil {
		return err
	}
	for n := range c.Model.Nodes() {
		f(n, c.Model.Arcs(n.ID), names)
	}
	return nil
}

func (c *call) net() error {
	return c.eachNode(func(n model.Node, arcs []model.Arc, names *naming.Names) {
		c.printf("%s", n.Name)
		for _, a := range arcs {
			from, to := c.Model.ArcFrom(a), c.Model.ArcTo(a)
			c.printf(" %s:%s", names.Interface(from.Node, from.Port), names.Interface(to.Node, to.Port))
		}
		c.printf("\n")
	})
}

func (c *call) intfs() error {
	return c.eachNode(func(n model.Node, arcs []model.Arc, names *naming.Names) {
		list := make([]string, len(arcs))
		for i, a := range arcs {
			list[i] = names.Interface(n.ID, c.Model.ArcFrom(a).Port)
		}
		c.printf("%s: %s\n", n.Name, strings.Join(list, ","))
	})
}

func (c *call) ports() error {
	return c.eachNode(func(n model.Node, arcs []model.Arc, names *naming.Names) {
		if n.Kind != model.Switch {
			return
		}
		c.printf("%s", n.Name)
		for _, a := range arcs {
			port := c.Model.ArcFrom(a).Port
			c.printf(" %s:%d", names.Interface(n.ID, port), port)
		}
		c.printf("\n")
	})
}

func (c *call) dump() error {
	return c.eachNode(func(n model.Node, arcs []model.Arc, names *naming.Names) {
		switch n.Kind {
		case model.Switch:
			c.printf("<switch %s: dpid %016x, %d ports>\n", n.Name, names.DPID(n.ID), len(arcs))
		case model.Host:
			ip, prefix := names.IP(n.ID)
			c.printf("<host %s: %s/%d, %s>\n", n.Name, ipText(ip), prefix, macText(names.MAC(n.ID)))
		default:
			c.printf("<%s %s>\n", n.Kind, n.Name)
		}
	})
}

func (c *call) links() error {
	names, err := naming.New(c.Model)
	if err != nil {
		return err
	}
	down := c.downLinks()
	for l := range c.Model.Links() {
		state := "up"
		if down[l.ID] {
			state = "down"
		}
		c.printf("%s<->%s (%s)%s\n", names.Interface(l.A.Node, l.A.Port), names.Interface(l.B.Node, l.B.Port), state, c.linkText(l.ID))
	}
	return nil
}

func (c *call) item(i backend.Item) {
	switch {
	case i.Rule != nil:
		c.printf(" packets=%d bytes=%d %s\n", i.Rule.Counters.Packets, i.Rule.Counters.Bytes, i.Rule.Rule)
	case i.Group != nil:
		c.printf(" group=%d type=%s packets=%d", i.Group.Group.Number, i.Group.Group.Type, i.Group.Counters.Packets)
		for _, b := range i.Group.Group.Buckets {
			c.printf(" {%s}", flow.ActionsText(b.Actions))
		}
		c.printf("\n")
	case i.Meter != nil:
		unit := "kbps"
		if i.Meter.Meter.PerPacket {
			unit = "pps"
		}
		c.printf(" meter=%d rate=%d%s packets=%d dropped=%d\n", i.Meter.Meter.Number, i.Meter.Meter.Rate, unit, i.Meter.In.Packets, i.Meter.Dropped.Packets)
	case i.Port != nil:
		p := i.Port
		c.printf(" port=%d rx packets=%d bytes=%d dropped=%d, tx packets=%d bytes=%d dropped=%d\n", p.Port, p.RxPackets, p.RxBytes, p.RxDropped, p.TxPackets, p.TxBytes, p.TxDropped)
	}
}

// mostFlows bounds the lines of flows.
const mostFlows = 100

// listFlows lists the flows that a pattern means: those that ended or are under way, the
// last ones if there are many, and of those that the descriptor names the next.
func (c *call) listFlows() error {
	pattern := "*"
	if len(c.args) > 0 {
		pattern = c.args[0]
	}
	if _, err := path.Match(pattern, ""); err != nil || len(c.args) > 1 {
		return fmt.Errorf("say which flows, as in flows web-*")
	}
	wanted := func(id string) bool { ok, _ := path.Match(pattern, id); return ok }
	started, finished := c.Results.Counts()
	c.printf("%d flows started, %d ended\n", started, finished)
	begun, of := c.Results.Begun(wanted, mostFlows)
	if of > len(begun) {
		c.printf(" ... (%d before; flows PATTERN lists some)\n", of-len(begun))
	}
	for _, b := range begun {
		switch r := b.Flow; {
		case r == nil:
			c.printf(" %s: from %s, under way since %s\n", b.ID, b.From, report.TimeText(b.Start))
		case r.Finished():
			c.printf(" %s: %s -> %s, %s at %s, finished at %s\n", r.ID, r.From, r.To, report.BytesText(r.Bytes), report.RateText(r.Rate), report.TimeText(r.Finish))
		case r.Error != "":
			c.printf(" %s: %s -> %s, %s: %s\n", r.ID, r.From, r.To, report.BytesText(r.Bytes), r.Error)
		default:
			c.printf(" %s: %s -> %s, unfinished, %s\n", r.ID, r.From, r.To, report.BytesText(r.Bytes))
		}
	}
	now, left := c.Session.Now(), mostFlows
	for i := range c.Model.Flows {
		f := &c.Model.Flows[i]
		if f.Start <= now || !wanted(f.ID) {
			continue
		}
		if left--; left < 0 {
			c.printf(" ...\n")
			break
		}
		c.printf(" %s: from %s, starts at %s\n", f.ID, c.Model.NodeName(f.From), report.TimeText(f.Start))
	}
	return nil
}

func (c *call) status() error {
	started, finished := c.Results.Counts()
	kind := "real"
	if c.Virtual() {
		kind = "virtual"
	}
	still := ""
	if c.Held() {
		still = "; it stands still, resume lets it go on"
	}
	m := c.console.manifest
	c.printf("run %s in %s, %s time %s, %d nodes, %d links, %d of %d flows started have ended%s\n", m.ID, report.World(m.Backend), kind,
		report.TimeText(c.Session.Now()), c.Model.LiveNodes(), c.Model.LiveLinks(), finished, started, still)
	return nil
}

func (c *call) clock() error {
	if len(c.args) > 0 {
		return fmt.Errorf("the prompt takes the time of a command; here time is the run's clock")
	}
	return c.time()
}

func (c *call) time() error {
	c.printf("%s s\n", report.Seconds(c.Session.Now()))
	return nil
}

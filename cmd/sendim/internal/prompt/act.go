package prompt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
)

// defaultEchoes is what "h1 ping h2" sends: one cannot wait for ^C in virtual time.
const defaultEchoes = 4

// canPing says whether an echo is one that every world can send: to a host of the network,
// with what ping below understands.
func (c *call) canPing(args []string) bool {
	toNode := false
	for i := 0; i < len(args); i++ {
		switch w := args[i]; {
		case w == "-q", w == "-n":
		case len(w) >= 2 && slices.Contains([]string{"-c", "-i", "-W", "-s"}, w[:2]):
			if len(w) == 2 {
				i++
			}
		default:
			_, err := c.host(w)
			if err != nil || toNode {
				return false
			}
			toNode = true
		}
	}
	return toNode
}

func (c *call) ping(from model.NodeID, args []string) error {
	p := backend.Ping{From: from, Count: defaultEchoes, To: model.NoNode}
	value := func(i *int, flag string) (string, error) {
		if rest := strings.TrimPrefix(args[*i], flag); rest != "" {
			return rest, nil
		}
		if *i++; *i >= len(args) {
			return "", fmt.Errorf("ping %s needs a value", flag)
		}
		return args[*i], nil
	}
	for i := 0; i < len(args); i++ {
		var text string
		var err error
		switch flag := args[i][:min(2, len(args[i]))]; {
		case flag == "-c":
			if text, err = value(&i, flag); err == nil {
				var bad error
				if p.Count, bad = strconv.Atoi(text); bad != nil || p.Count < 1 || p.Count > 1_000_000 {
					err = fmt.Errorf("ping -c: a number from 1 to 1000000, not %s", text)
				}
			}
		case flag == "-i", flag == "-W":
			if text, err = value(&i, flag); err == nil {
				var t model.Time
				t, err = spanOf(text)
				if flag == "-i" {
					p.Interval = t
				} else {
					p.Timeout = t
				}
			}
		case flag == "-s":
			if text, err = value(&i, flag); err == nil {
				var bad error
				if p.Size, bad = strconv.Atoi(text); bad != nil || p.Size < 0 || p.Size > 65_000 {
					err = fmt.Errorf("ping -s: 0 to 65000 bytes, not %s", text)
				}
			}
		case flag == "-q", flag == "-n":
		case strings.HasPrefix(flag, "-"):
			err = fmt.Errorf("ping %s is not known here; there are -c, -i, -s, -W", args[i])
		default:
			p.To, err = c.host(args[i])
		}
		if err != nil {
			return err
		}
	}
	if c.Model.NodeKindOf(from) != model.Host {
		return fault.New(fault.UnknownNode, fault.Place{}, "%s is a %s, not a host", c.Model.NodeName(from), c.Model.NodeKindOf(from))
	}
	if p.To == model.NoNode {
		return fmt.Errorf("say whom to ping")
	}
	h, err := c.Session.Do(c.ctx, backend.Action{Ping: &p})
	if err != nil {
		return err
	}
	n := c.Model
	c.await(func() error {
		o := h.Outcome()
		if o.Err != nil {
			return o.Err
		}
		r := o.Ping
		c.printf("PING %s from %s\n", n.NodeName(p.To), n.NodeName(from))
		c.printf("%d packets transmitted, %d received, %.4g%% packet loss\n", r.Sent, r.Received, lost(r.Sent, r.Received))
		if r.Received == 0 {
			return fmt.Errorf("%s did not answer", n.NodeName(p.To))
		}
		c.printf("rtt min/avg/max = %.3f/%.3f/%.3f ms\n", millis(r.Min), millis(r.Mean), millis(r.Max))
		return nil
	}, h)
	return nil
}

// spanOf reads "0.2" as seconds, as ping does, or a span with a unit.
func spanOf(text string) (model.Time, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v > 0 && v < 1e6 {
		return model.FromSeconds(v), nil
	}
	return model.ParseTime(text)
}

func millis(t model.Time) float64 { return t.Seconds() * 1e3 }

func lost(sent, received int) float64 {
	if sent == 0 {
		return 0
	}
	return 100 * float64(sent-received) / float64(sent)
}

func (c *call) pingAll(full bool) error {
	timeout := model.Second
	if len(c.args) > 0 {
		t, err := spanOf(c.args[0])
		if err != nil || t <= 0 || len(c.args) > 1 {
			return fmt.Errorf("say how long to wait for an answer, as in pingall 2")
		}
		timeout = t
	}
	pairs, err := core.Pairs(c.Model, "*", "*")
	if err != nil {
		return err
	}
	return c.pings(pairs, full, timeout)
}

func (c *call) pingPair(full bool) error {
	hosts := c.Model.NodesOfKind(model.Host)
	if len(hosts) < 2 {
		return fmt.Errorf("the network has fewer than two hosts")
	}
	return c.pings([]core.Pair{{From: hosts[0], To: hosts[1]}, {From: hosts[1], To: hosts[0]}}, full, model.Second)
}

func (c *call) pings(pairs []core.Pair, full bool, timeout model.Time) error {
	c.printf("*** Ping: testing ping reachability\n")
	n := c.Model
	c.then = func() error {
		if err := core.PingWithin(c.ctx, c.console.access, pairs, timeout); err != nil {
			return err
		}
		return c.answers(n, pairs, full)
	}
	return nil
}

// answers says who answered whom.
func (c *call) answers(n *model.Network, pairs []core.Pair, full bool) error {
	sent, received := 0, 0
	var firstErr error
	last := model.NoNode
	for _, p := range pairs {
		if p.Err != nil && firstErr == nil {
			firstErr = p.Err
		}
		sent++
		reached := p.Err == nil && p.Result.Received > 0
		if reached {
			received++
		}
		from, to := n.NodeName(p.From), n.NodeName(p.To)
		if full {
			c.printf(" %s->%s: %d/%d, rtt min/avg/max %.3f/%.3f/%.3f ms\n", from, to, p.Result.Sent, p.Result.Received, millis(p.Result.Min), millis(p.Result.Mean), millis(p.Result.Max))
			continue
		}
		if p.From != last {
			if last != model.NoNode {
				c.printf("\n")
			}
			c.printf("%s -> ", from)
			last = p.From
		}
		if reached {
			c.printf("%s ", to)
		} else {
			c.printf("X ")
		}
	}
	if !full {
		c.printf("\n")
	}
	c.printf("*** Results: %.4g%% dropped (%d/%d received)\n", lost(sent, received), received, sent)
	if firstErr != nil {
		return firstErr
	}
	if received < sent {
		return fmt.Errorf("%d of %d pairs did not answer", sent-received, sent)
	}
	return nil
}

// transfer starts a flow of five seconds from now, and tells of it at its end.
func (c *call) transfer(f model.Flow, tell func(*trace.FlowResult)) error {
	for _, end := range []model.NodeID{f.From, f.To} {
		for _, arc := range c.Model.Arcs(end) {
			if c.Virtual() && c.Model.ArcSpec(arc).Rate == 0 && f.Rate == 0 {
				return fmt.Errorf("link %s has no rate: in virtual time a transfer over it is endlessly fast; give it one, as in --topo linear,4,rate=10Mbps", c.Model.LinkName(arc.Link()))
			}
		}
	}
	c.console.flows++
	f.ID = fmt.Sprintf("prompt-%d", c.console.flows)
	f.Start, f.Duration, f.Granularity = c.Session.Now(), 5*model.Second, model.GranularityPacket
	f.SrcPort, f.DstPort = uint16(50000+c.console.flows%10000), 5001
	h, err := c.Session.Do(c.ctx, backend.Action{Flow: &f})
	if err != nil {
		return err
	}
	c.await(func() error {
		switch o := h.Outcome(); {
		case o.Err != nil:
			return o.Err
		case o.Flow == nil:
			return errors.New("the flow has no result")
		case o.Flow.Error != "":
			return errors.New(o.Flow.Error)
		default:
			tell(o.Flow)
			return nil
		}
	}, h)
	return nil
}

func (c *call) iperf() error {
	a, b, err := c.twoHosts(c.args)
	if err != nil {
		return err
	}
	c.printf("*** Iperf: testing TCP bandwidth between %s and %s\n", c.Model.NodeName(a), c.Model.NodeName(b))
	return c.transfer(model.Flow{From: a, To: b, Transport: model.TCP, Packet: 1514}, func(r *trace.FlowResult) {
		c.printf("*** Results: %s received\n", report.RateText(r.Rate))
	})
}

// iperfRate reads 10Mbps, and 10M as iperf does.
func iperfRate(text string) (model.Rate, error) {
	if strings.HasSuffix(text, "M") || strings.HasSuffix(text, "K") || strings.HasSuffix(text, "G") {
		text += "bit"
	}
	return model.ParseRate(text)
}

func (c *call) iperfUDP() error {
	rate, args := model.Rate(10e6), c.args
	if len(args) == 2 {
		if _, err := iperfRate(args[0]); err == nil {
			return fmt.Errorf("name two hosts after the rate, or none, as in iperfudp 10M h1 h2")
		}
	}
	if len(args)%2 == 1 {
		var err error
		if rate, err = iperfRate(args[0]); err != nil {
			return err
		}
		if rate == 0 {
			return fmt.Errorf("iperfudp needs a rate above zero")
		}
		args = args[1:]
	}
	a, b, err := c.twoHosts(args)
	if err != nil {
		return err
	}
	c.printf("*** Iperf: testing UDP at %s between %s and %s\n", rate, c.Model.NodeName(a), c.Model.NodeName(b))
	return c.transfer(model.Flow{From: a, To: b, Transport: model.UDP, Rate: rate, Packet: 1514}, func(r *trace.FlowResult) {
		c.printf("*** Results: %s received, %d of %d packets lost\n", report.RateText(r.Rate), r.Lost, r.Sent)
	})
}

// downLinks are the links that the diary last told to be down.
func (c *call) downLinks() map[model.LinkID]bool {
	out := map[model.LinkID]bool{}
	for _, name := range c.Results.DownLinks() {
		if id, ok := c.Model.LinkByName(name); ok {
			out[id] = true
		}
	}
	return out
}

package prompt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
)

// setting is a change of a link that was made by hand, and when.
type setting struct {
	at     model.Time
	change model.Change
}

// link is the verb of links; its first word says which, unless it is Mininet's form.
func (c *call) link() error {
	if len(c.args) > 0 && c.args[0] == "set" {
		if _, isNode := c.Model.NodeByName("set"); !isNode || len(c.args) != 3 || !isState(c.args[2]) {
			return c.setLink(c.args[1:])
		}
	}
	if len(c.args) > 0 && (c.args[0] == "add" || c.args[0] == "del") {
		if _, isNode := c.Model.NodeByName(c.args[0]); !isNode || len(c.args) != 3 || !isState(c.args[2]) {
			return c.editLink()
		}
	}
	var state string
	var ends []string
	switch n := len(c.args); {
	case (n == 2 || n == 3) && isState(c.args[n-1]):
		ends, state = c.args[:n-1], c.args[n-1]
	default:
		return fmt.Errorf("say link A B up or link A B down; link set A B rate=10Mbps changes what it is like")
	}
	links, err := c.theLinks(ends)
	if err != nil {
		return err
	}
	kind := model.LinkUp
	if state == "down" {
		kind = model.LinkDown
	}
	var changes []model.Change
	for _, l := range links {
		changes = append(changes, model.Change{Kind: kind, Link: l, Node: model.NoNode})
	}
	return c.change(changes)
}

func isState(word string) bool { return word == "up" || word == "down" }

// change carries changes out, one after the other.
func (c *call) change(changes []model.Change) error {
	for i := range changes {
		if _, err := c.Do(c.ctx, backend.Action{Change: &changes[i]}); err != nil {
			return err
		}
	}
	c.settle()
	return nil
}

// settle gives the control view, which hears of a change a moment later, that moment.
func (c *call) settle() { c.then = func() error { return c.console.access.Moment(c.ctx) } }

// theLinks finds a link by its id, or the links between two nodes.
func (c *call) theLinks(words []string) ([]model.LinkID, error) {
	switch len(words) {
	case 1:
		if l, ok := c.Model.LinkByName(words[0]); ok {
			return []model.LinkID{l}, nil
		}
		return nil, fault.New(fault.UnknownLink, fault.Place{}, "there is no link %q", words[0]).Suggest(words[0], c.linkNames())
	case 2:
		a, err := c.end(words[0])
		if err != nil {
			return nil, err
		}
		b, err := c.end(words[1])
		if err != nil {
			return nil, err
		}
		var links []model.LinkID
		var peers []string
		for _, arc := range c.Model.Arcs(a.Node) {
			from, to := c.Model.ArcFrom(arc), c.Model.ArcTo(arc)
			if peer := c.Model.NodeName(to.Node); !slices.Contains(peers, peer) {
				peers = append(peers, peer)
			}
			if to.Node == b.Node && (!a.given || from.Port == a.Port) && (!b.given || to.Port == b.Port) && !slices.Contains(links, arc.Link()) {
				links = append(links, arc.Link())
			}
		}
		if len(links) == 0 {
			return nil, fault.New(fault.UnknownLink, fault.Place{}, "there is no link between %s and %s; %s has links to %s", words[0], words[1], c.Model.NodeName(a.Node), some(peers)).
				Suggest(c.Model.NodeName(b.Node), peers)
		}
		return links, nil
	}
	return nil, fmt.Errorf("name a link, as s1--s2, or the two nodes that it joins")
}

// end is a node, or one of its ports.
type end struct {
	model.Endpoint
	given bool // the port is
}

// end reads NODE, NODE:PORT or an interface.
func (c *call) end(text string) (end, error) {
	if id, ok := c.Model.NodeByName(text); ok {
		return end{Endpoint: model.Endpoint{Node: id}}, nil
	}
	if at, err := c.port(text); err == nil {
		return end{at, true}, nil
	}
	id, err := c.node(text)
	return end{Endpoint: model.Endpoint{Node: id}}, err
}

// some lists names, not too many of them.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// mostNames bounds what is gone through for the nearest name, and for completion.
const mostNames = 5000

// linkNames gives the names of links, those made of their ends in both orders.
func (c *call) linkNames() []string {
	var out []string
	for l := range c.Model.Links() {
		name := c.Model.LinkName(l.ID)
		out = append(out, name)
		if other, ok := otherOrder(name); ok {
			out = append(out, other)
		}
		if len(out) >= mostNames {
			break
		}
	}
	return out
}

// otherOrder turns the ends of a link that is called by them.
func otherOrder(name string) (string, bool) {
	a, b, ok := strings.Cut(name, "--")
	if !ok {
		return "", false
	}
	b, rank, ranked := strings.Cut(b, "#")
	name = b + "--" + a
	if ranked {
		name += "#" + rank
	}
	return name, true
}

// quality is something of a link that can be set while it lives.
type quality struct {
	name string
	kind model.ChangeKind
	need backend.Capability
	read func(string, *model.Change) error
}

func qualities() []quality {
	return []quality{
		{"rate", model.LinkRate, backend.LinkRate, func(text string, c *model.Change) (err error) {
			if text == "none" { // no limit
				return nil
			}
			if c.Rate, err = model.ParseRate(text); err == nil && c.Rate == 0 {
				err = fmt.Errorf("a rate of 0; link down stops a link, and rate=none lifts its limit")
			}
			return err
		}},
		{"delay", model.LinkDelay, backend.LinkDelay, func(text string, c *model.Change) (err error) {
			c.Delay, err = model.ParseTime(text)
			return err
		}},
		{"loss", model.LinkLoss, backend.LinkLoss, func(text string, c *model.Change) (err error) {
			if c.Loss, err = model.ParseRatio(text); err == nil && (c.Loss < 0 || c.Loss > 1) {
				err = fmt.Errorf("a loss of %s; it is 0%% to 100%%", text)
			}
			return err
		}},
	}
}

// setLink reads "LINK --rate 10Mbps", "A B rate=10Mbps", "A B rate 10Mbps" and what is
// between them.
func (c *call) setLink(args []string) error {
	var ends []string
	var set []model.Change
	var names []string
	from := ""
	for _, q := range qualities() {
		names = append(names, q.name)
	}
	for i := 0; i < len(args); i++ {
		word := strings.TrimLeft(args[i], "-")
		name, value, given := strings.Cut(word, "=")
		flag := len(word) < len(args[i])
		if !flag && !given && !c.isQuality(word, names) {
			if ends = append(ends, args[i]); len(ends) > 2 {
				return fmt.Errorf("%q is neither an end of the link nor says what it is to be like; write rate=10Mbps, delay=5ms or loss=1%%", args[i])
			}
			continue
		}
		at := slices.Index(names, name)
		if at < 0 && name != "from" {
			return c.notLive(name, names)
		}
		if !given {
			if i++; i >= len(args) {
				return fmt.Errorf("%s needs a value", args[i-1])
			}
			value = args[i]
		}
		if name == "from" {
			if from != "" {
				return fmt.Errorf("from is given twice")
			}
			from = value
			continue
		}
		q := qualities()[at]
		if !c.Capabilities.Has(q.need) {
			reason := c.Capabilities.Missing[q.need]
			return fault.New(fault.MissingCapability, fault.Place{}, "this world cannot set the %s of a link (%s): %s", name, q.need, reason)
		}
		if slices.ContainsFunc(set, func(x model.Change) bool { return x.Kind == q.kind }) {
			return fmt.Errorf("the %s is given twice", name)
		}
		change := model.Change{Kind: q.kind, Node: model.NoNode}
		if err := q.read(value, &change); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		set = append(set, change)
	}
	links, err := c.theLinks(ends)
	if err != nil {
		return err
	}
	if len(set) == 0 {
		return fmt.Errorf("say what link %s is to be like: rate=10Mbps delay=5ms loss=1%%", c.Model.LinkName(links[0]))
	}
	var changes []model.Change
	for _, l := range links {
		way, err := c.way(l, from)
		if err != nil {
			return err
		}
		for _, s := range set {
			s.Link, s.Way = l, way
			changes = append(changes, s)
		}
	}
	for i := range changes {
		if err := c.Model.Check(&changes[i]); err != nil {
			return err
		}
	}
	at := c.Session.Now()
	if err := c.change(changes); err != nil {
		return err
	}
	for _, x := range changes {
		c.console.settings = append(c.console.settings, setting{at, x})
	}
	for _, l := range links {
		is := c.linkText(l)
		if is == "" {
			is = " without limits"
		}
		c.printf("%s:%s\n", c.Model.LinkName(l), is)
	}
	return nil
}

// isQuality says whether a word that stands alone is about what a link is to be like: names
// of nodes come first.
func (c *call) isQuality(word string, names []string) bool {
	if _, isNode := c.Model.NodeByName(word); isNode {
		return false
	}
	return slices.Contains(names, word) || slices.Contains([]string{"from", "bw", "jitter", "queue", "mtu", "discipline", "class"}, word)
}

// way is the direction in which a node sends over a link; both where none is named.
func (c *call) way(l model.LinkID, from string) (model.Way, error) {
	if from == "" {
		return model.EachWay, nil
	}
	at, err := c.end(from)
	if err != nil {
		return model.EachWay, err
	}
	a, b := c.Model.Ends(l)
	if way, ok := c.Model.WayFrom(l, at.Node); ok && (!at.given || at.Endpoint == a || at.Endpoint == b) {
		return way, nil
	}
	ends := []string{c.Model.NodeName(a.Node), c.Model.NodeName(b.Node)}
	return model.EachWay, fault.New(fault.BadChoice, fault.Place{}, "link %s joins %s and %s, and %s is neither", c.Model.LinkName(l), ends[0], ends[1], from).Suggest(from, ends)
}

// notLive names what a link has that cannot be set, or the nearest that can.
func (c *call) notLive(name string, names []string) error {
	switch name {
	case "jitter", "queue", "mtu", "discipline", "class":
		return fault.New(fault.NotYet, fault.Place{}, "the %s of a link is its descriptor's; of a living link there are %s", name, strings.Join(names, ", "))
	case "to":
		return fault.New(fault.BadChoice, fault.Place{}, "say which end sends, as in from=h1")
	case "bw":
		return fault.New(fault.BadChoice, fault.Place{}, "bw is Mininet's word; write rate=10Mbps")
	}
	return fault.New(fault.BadChoice, fault.Place{}, "a link has no %q; there are %s", name, strings.Join(names, ", ")).Suggest(name, names)
}

// linkText is what a link is like now, in a few words; each direction by itself where they
// differ.
func (c *call) linkText(id model.LinkID) string {
	forth, back := specText(c.arcSpec(model.Arc(2*id))), specText(c.arcSpec(model.Arc(2*id+1)))
	if forth == back {
		return forth
	}
	for _, s := range []*string{&forth, &back} {
		if *s == "" {
			*s = " without limits"
		}
	}
	a, b := c.Model.Ends(id)
	return forth + " from " + c.Model.NodeName(a.Node) + "," + back + " from " + c.Model.NodeName(b.Node)
}

// arcSpec is what a direction of a link is like now, after what the scenario and people did
// to it.
func (c *call) arcSpec(arc model.Arc) model.LinkSpec {
	spec, id := *c.Model.ArcSpec(arc), arc.Link()
	now := c.Session.Now()
	set := func(x *model.Change) {
		if x.Link != id || !x.Way.Concerns(arc) {
			return
		}
		switch x.Kind {
		case model.LinkRate:
			spec.Rate = x.Rate
		case model.LinkDelay:
			spec.Delay = x.Delay
		case model.LinkLoss:
			spec.Loss = x.Loss
		}
	}
	by := c.console.settings
	hand := func(until model.Time) { // what people did up to a time
		for len(by) > 0 && by[0].at <= until {
			set(&by[0].change)
			by = by[1:]
		}
	}
	for i := range c.Model.Scenario {
		step := &c.Model.Scenario[i]
		if step.At > now {
			break
		}
		hand(step.At - 1)
		for k := range step.Changes {
			set(&step.Changes[k])
		}
	}
	hand(now)
	return spec
}

// forget drops what people did to links after a time, because the run went back to it.
func (c *Console) forget(after model.Time) {
	c.settings = slices.DeleteFunc(c.settings, func(s setting) bool { return s.at > after })
}

// specText is what a link is like, in a few words.
func specText(s model.LinkSpec) string {
	out := ""
	if s.Rate > 0 {
		out += " " + s.Rate.String()
	}
	if s.Delay > 0 {
		out += " " + s.Delay.String()
	}
	if s.Loss > 0 {
		out += fmt.Sprintf(" %.4g%% loss", 100*s.Loss)
	}
	return out
}

// switchNode takes a switch out of service or brings it back.
func (c *call) switchNode() error {
	if len(c.args) != 2 || c.args[1] != "start" && c.args[1] != "stop" {
		return fmt.Errorf("say switch S stop, or switch S start")
	}
	id, err := c.node(c.args[0])
	if err != nil {
		return err
	}
	if c.Model.NodeKindOf(id) != model.Switch {
		return fault.New(fault.UnknownNode, fault.Place{}, "%s is a %s, not a switch", c.args[0], c.Model.NodeKindOf(id))
	}
	kind := model.NodeUp
	if c.args[1] == "stop" {
		kind = model.NodeDown
	}
	return c.change([]model.Change{{Kind: kind, Node: id, Link: model.NoLink}})
}

// wait lets time pass until every switch answers.
func (c *call) wait() error {
	span := 30 * model.Second
	if len(c.args) > 0 {
		t, err := spanOf(c.args[0])
		if err != nil || len(c.args) > 1 {
			return fmt.Errorf("say how long at most, as in wait 30s")
		}
		span = t
	}
	end := later(c.Session.Now(), span)
	c.then = func() error { return c.console.answered(c.ctx, end, c.line) }
	return nil
}

// patient is how long one switch may keep those waiting who wait for others.
const patient = 2 * time.Second

// answered returns when every switch answers, or says at a time of the run which does not.
func (c *Console) answered(ctx context.Context, end model.Time, l *Line) error {
	for {
		var silent, over error
		count, asked := 0, model.NodeID(0)
		for more := true; more && silent == nil; { // each by itself: others are heard between them
			err := c.access.Do(ctx, func(w *core.World) error {
				for more = false; int(asked) < w.Model.NodeCount(); asked++ {
					if w.Model.NodeKindOf(asked) == model.Switch && !w.Model.Gone(asked) {
						more = true
						break
					}
				}
				if !more {
					return nil
				}
				count++
				some, cut := context.WithTimeout(ctx, patient)
				defer cut()
				for _, err := range w.Session.Snapshot(some, backend.Selector{Node: asked, Ports: true}) {
					if err != nil && silent == nil {
						silent = fmt.Errorf("%s does not answer: %w", w.Model.NodeName(asked), err)
						if errors.Is(err, context.DeadlineExceeded) {
							silent = fmt.Errorf("%s does not answer", w.Model.NodeName(asked))
						}
					}
				}
				asked++
				switch {
				case w.Held() && !w.Virtual() && silent != nil: // its clock stands still, too
					over = errors.Unwrap(silent)
				case w.Session.Now() >= end:
					over = silent
				}
				return ctx.Err()
			})
			if err != nil {
				return err
			}
		}
		switch {
		case silent == nil:
			fmt.Fprintf(l.Out, "%d switches answer\n", count)
			return nil
		case over != nil:
			return over
		}
		for range 10 {
			if err := c.access.Moment(ctx); err != nil {
				return err
			}
		}
	}
}

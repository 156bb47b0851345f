package prompt

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/report"
)

// Console carries out lines on a living run.
type Console struct {
	access   core.Access
	manifest report.Manifest
	dir      string // of the run; "" when nothing is recorded
	flows    int    // transfers started so far, for their names and ports
	settings []setting
	shells   shells

	remembers bool // for seek, after every line
}

// New makes a console for a run, for any goroutine.
func New(l *core.Live) *Console { return &Console{access: l, manifest: l.Manifest, dir: l.Dir} }

// On makes a console for the conductor's own goroutine, which holds the world already.
func On(w *core.World) *Console { return &Console{access: w.Own()} }

// Status is where a run stands.
type Status struct {
	Run     string  `json:"run"`
	Network string  `json:"network"`
	World   string  `json:"world"`
	Virtual bool    `json:"virtualTime"`
	Now     float64 `json:"now"` // seconds of the network's time
	Nodes   int     `json:"nodes"`
	Links   int     `json:"links"`
	Started int     `json:"flowsStarted"`
	Ended   int     `json:"flowsEnded"`
	Still   bool    `json:"standsStill,omitempty"` // somebody has paused it
}

// Status says where the run stands.
func (c *Console) Status(ctx context.Context) (Status, error) {
	var out Status
	err := c.access.Do(ctx, func(w *core.World) error {
		started, ended := w.Results.Counts()
		out = Status{c.manifest.ID, c.manifest.Network, c.manifest.Backend, w.Virtual(), w.Session.Now().Seconds(), w.Model.LiveNodes(), w.Model.LiveLinks(), started, ended, w.Held()}
		return nil
	})
	return out, err
}

// call is one line under way. What uses the world is carried out by the conductor, which
// others wait for: words only begin there what takes long.
type call struct {
	*core.World
	console *Console
	ctx     context.Context
	line    *Line
	out     io.Writer
	args    []string     // after the command's name
	then    func() error // what is left to do, without the world, when the conductor is free again; may be nil
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// command is one verb of the prompt.
type command struct {
	name  string
	usage string
	doc   string
	do    func(*call) error
	takes []argument // what completion offers for its arguments, in order; the last one repeats
}

func commands() []command {
	return slices.Concat([]command{
		{"help", "help [COMMAND]", "this list, or a word of it", (*call).help, []argument{aCommand}},
		{"nodes", "nodes", "all nodes", (*call).nodes, nil},
		{"net", "net", "each node's interfaces and what they lead to", (*call).net, nil},
		{"links", "links", "all links, whether they are up and what they are like", (*call).links, nil},
		{"ports", "ports", "the port numbers of each switch", (*call).ports, nil},
		{"intfs", "intfs", "the interfaces of each node", (*call).intfs, nil},
		{"dump", "dump", "each node with its addresses", (*call).dump, nil},
		{"pingall", "pingall [SECONDS]", "every host asks every other, and waits so long (1)", func(c *call) error { return c.pingAll(false) }, nil},
		{"pingallfull", "pingallfull [SECONDS]", "the same, with round-trip times", func(c *call) error { return c.pingAll(true) }, nil},
		{"pingpair", "pingpair", "the first two hosts ask each other", func(c *call) error { return c.pingPair(false) }, nil},
		{"pingpairfull", "pingpairfull", "the same, with round-trip times", func(c *call) error { return c.pingPair(true) }, nil},
		{"iperf", "iperf [H1 H2]", "TCP for five seconds between two hosts (the first and the last)", (*call).iperf, []argument{aHost, aHost, nothing}},
		{"iperfudp", "iperfudp [RATE] [H1 H2]", "UDP at a rate (10M) for five seconds", (*call).iperfUDP, []argument{aHost, aHost, aHost, nothing}},
		{"link", "link A B up|down", "take links down or bring them up", (*call).link, []argument{aLinkWord, anEnd, aLinkState}},
		{"", "link set LINK | A B [rate=R] [delay=D] [loss=L] [from=A]", "make links faster, slower, longer or worse, as --rate 10Mbps does; from: one way", nil, nil},
		{"", "link add A B [rate=R] [delay=D] [loss=L] ...", "a new link; also jitter, queue, mtu, weight, discipline, class, id, spare=true", nil, nil},
		{"", "link del LINK | A B", "remove a link", nil, nil},
		{"switch", "switch S start|stop", "take a switch out of service, or bring it back empty", (*call).switchNode, []argument{aSwitch, oneOf("start", "stop"), nothing}},
		{"wait", "wait [SPAN]", "until every switch answers its controller (30s)", (*call).wait, nil},
		{"dpctl", "dpctl COMMAND [SWITCH] [ARGUMENT...]", "what switches have: dump-flows, dump-groups, ...; of Open vSwitch all that ovs-ofctl knows", nil, []argument{aTable, aSwitch}},
		{"capture", "capture [PORT [-w FILE] [in|out] [BYTES] | stop [PORT]]", "frames at a port (h1-eth0, s1:2, h1) to a pcap file", (*call).capture, []argument{aPort, aFileOrWay}},
		{"flows", "flows [PATTERN]", "the flows so far, and those to come", (*call).listFlows, nil},
		{"status", "status", "where the run stands", (*call).status, nil},
		{"time", "time [COMMAND]", "the run's clock, or how long a command takes", (*call).clock, []argument{aLine}},
		{"run", "run SPAN|all", "let time pass: 5s, 200ms; all: until every flow has ended", (*call).run, []argument{oneOf("all"), nothing}},
	}, editing(), passing(), here(), []command{
		{"exit", "exit", "end the run, or leave its prompt (also quit, EOF, ^D)", nil, nil},
		{"quit", "quit", "as exit", nil, nil},
		{"EOF", "EOF", "as exit", nil, nil},
	})
}

// Execute carries out a line that needs no input.
func (c *Console) Execute(ctx context.Context, text string, out io.Writer) error {
	return carry(ctx, c, text, out)
}

// Do carries out a line. What is neither a command nor a node's is a fault.
func (c *Console) Do(ctx context.Context, l Line) error {
	name, rest := first(l.Text)
	switch {
	case name == "" || name[0] == '#':
		return nil
	case name == "exit", name == "quit", name == "EOF":
		return ErrLeave
	case name == "dpctl":
		return c.dpctl(ctx, &l)
	case name[0] == '?':
		l.Text = "help " + name[1:] + " " + rest
		return c.Do(ctx, l)
	}
	words, err := Split(l.Text)
	for _, cmd := range commands() {
		if cmd.name != name {
			continue
		}
		if err != nil {
			return err
		}
		if cmd.do == nil {
			return fault.New(fault.BadChoice, fault.Place{}, "%s is a word of a prompt, not of a run: %s", name, cmd.doc)
		}
		if len(words) > 1 && cmd.usage == cmd.name {
			return fmt.Errorf("%s takes no arguments", name)
		}
		return c.call(ctx, &l, words[1:], cmd.do, cmd.name)
	}
	return c.onNode(ctx, &l, name, rest)
}

func (c *Console) call(ctx context.Context, l *Line, args []string, f func(*call) error, name string) error {
	k := &call{console: c, ctx: ctx, line: l, out: l.Out, args: args}
	err := c.access.Do(ctx, func(w *core.World) error {
		k.World = w
		err := f(k)
		if err != nil || k.then == nil {
			k.then = nil
			c.remembered(w, name)
		}
		return err
	})
	if err != nil || k.then == nil {
		return err
	}
	err = k.then()
	_ = c.access.Do(context.WithoutCancel(ctx), func(w *core.World) error { c.remembered(w, name); return nil })
	return err
}

// await waits for actions and goes on when they have ended, while the conductor is free.
func (c *call) await(on func() error, handles ...backend.Handle) {
	c.then = func() error {
		if err := c.console.access.Await(c.ctx, handles...); err != nil {
			return err
		}
		return on()
	}
}

func (c *call) help() error {
	if len(c.args) > 0 {
		return c.helpOn(strings.Join(c.args, " "))
	}
	for _, cmd := range commands() {
		c.printf("  %-58s %s\n", cmd.usage, cmd.doc)
	}
	c.helpOnNodes("NODE")
	if c.Virtual() {
		c.printf("\nTime is virtual: it passes only while a command lasts.\n")
	}
	return nil
}

// helpOnNodes says what a node can be asked to do.
func (c *call) helpOnNodes(node string) {
	c.printf("  %-58s %s\n", node+" ping [-c N] [-i SPAN] [-s BYTES] NODE", "echoes from one host to another")
	c.printf("  %-58s %s\n", node+" COMMAND...", "a program on a host or a switch, where the world has any; & leaves it in the background")
	c.printf("  %-58s %s\n", node+" jobs, "+node+" kill %1, "+node+" wait", "what was left there")
}

func (c *call) helpOn(name string) error {
	if _, isNode := c.Model.NodeByName(name); isNode {
		c.helpOnNodes(name)
		return nil
	}
	var names []string
	found, last := false, ""
	for _, cmd := range commands() {
		if cmd.name != "" {
			last = cmd.name
			names = append(names, cmd.name)
		}
		if last == name {
			c.printf("  %-58s %s\n", cmd.usage, cmd.doc)
			found = true
		}
	}
	if !found {
		return fault.New(fault.BadChoice, fault.Place{}, "there is no command %q", name).Suggest(name, names)
	}
	return nil
}

// node finds a node by name; unknown names are faults with the nearest one.
func (c *call) node(name string) (model.NodeID, error) {
	if id, ok := c.Model.NodeByName(name); ok {
		return id, nil
	}
	if n, err := naming.New(c.Model); err == nil && strings.Count(name, ".") == 3 {
		if id, ok := byAddress(n, name); ok {
			return id, nil
		}
	}
	var names []string
	for n := range c.Model.Nodes() {
		if names = append(names, n.Name); len(names) == mostNames {
			break
		}
	}
	return model.NoNode, fault.New(fault.UnknownNode, fault.Place{}, "there is no node %q", name).Suggest(name, names)
}

func (c *call) host(name string) (model.NodeID, error) {
	id, err := c.node(name)
	if err == nil && c.Model.NodeKindOf(id) != model.Host {
		err = fault.New(fault.UnknownNode, fault.Place{}, "%s is a %s, not a host", name, c.Model.NodeKindOf(id))
	}
	return id, err
}

// twoHosts takes two hosts from the arguments, or the first and the last there are.
func (c *call) twoHosts(args []string) (a, b model.NodeID, err error) {
	hosts := c.Model.NodesOfKind(model.Host)
	switch {
	case len(args) == 2:
		if a, err = c.host(args[0]); err == nil {
			b, err = c.host(args[1])
		}
	case len(args) != 0:
		err = fmt.Errorf("name two hosts, or none")
	case len(hosts) < 2:
		err = fmt.Errorf("the network has fewer than two hosts")
	default:
		a, b = hosts[0], hosts[len(hosts)-1]
	}
	if err == nil && a == b {
		err = fmt.Errorf("name two different hosts")
	}
	return a, b, err
}

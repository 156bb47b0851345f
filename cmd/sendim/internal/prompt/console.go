package prompt

import (
	"context"
	"errors"
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

// ErrLeave says that the user wants to leave the prompt.
var ErrLeave = errors.New("leave the prompt")

// Console carries out lines on a living run.
type Console struct {
	do       func(context.Context, func(*core.World) error) error
	manifest report.Manifest
	dir      string // of the run; "" when nothing is recorded
	flows    int    // transfers started so far, for their names and ports

	remembers bool // for seek, after every line
}

// New makes a console for a run, for any goroutine.
func New(l *core.Live) *Console { return &Console{do: l.Do, manifest: l.Manifest, dir: l.Dir} }

// On makes a console for the conductor's own goroutine, which holds the world already.
func On(w *core.World) *Console {
	return &Console{do: func(_ context.Context, f func(*core.World) error) error { return f(w) }}
}

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
}

// Status says where the run stands.
func (c *Console) Status(ctx context.Context) (Status, error) {
	var out Status
	err := c.do(ctx, func(w *core.World) error {
		started, ended := w.Results.Counts()
		out = Status{c.manifest.ID, c.manifest.Network, c.manifest.Backend, w.Virtual(), w.Session.Now().Seconds(), w.Model.NodeCount(), w.Model.LinkCount(), started, ended}
		return nil
	})
	return out, err
}

// call is one line under way.
type call struct {
	*core.World
	console *Console
	ctx     context.Context
	out     io.Writer
	args    []string // after the command's name
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// command is one verb of the prompt.
type command struct {
	name  string
	usage string
	doc   string
	do    func(*call) error
}

func commands() []command {
	return slices.Concat([]command{
		{"help", "help", "this list", (*call).help},
		{"nodes", "nodes", "all nodes", (*call).nodes},
		{"net", "net", "each node's interfaces and what they lead to", (*call).net},
		{"links", "links", "all links and whether they are up", (*call).links},
		{"ports", "ports", "the port numbers of each switch", (*call).ports},
		{"intfs", "intfs", "the interfaces of each node", (*call).intfs},
		{"dump", "dump", "each node with its addresses", (*call).dump},
		{"pingall", "pingall", "every host asks every other", func(c *call) error { return c.pingAll(false) }},
		{"pingallfull", "pingallfull", "the same, with round-trip times", func(c *call) error { return c.pingAll(true) }},
		{"pingpair", "pingpair", "the first two hosts ask each other", func(c *call) error { return c.pingPair(false) }},
		{"pingpairfull", "pingpairfull", "the same, with round-trip times", func(c *call) error { return c.pingPair(true) }},
		{"iperf", "iperf [H1 H2]", "TCP for five seconds between two hosts (the first and the last)", (*call).iperf},
		{"iperfudp", "iperfudp [RATE] [H1 H2]", "UDP at a rate (10M) for five seconds", (*call).iperfUDP},
		{"link", "link A B up|down", "take links down or bring them up", (*call).link},
		{"dpctl", "dpctl dump-flows|dump-groups|dump-meters|dump-ports [SWITCH]", "what switches have", (*call).dpctl},
		{"capture", "capture [PORT [FILE] [in|out] [BYTES] | stop [PORT]]", "frames at a port (s1:2, or a host) to a pcap file", (*call).capture},
		{"flows", "flows", "the model's flows so far", (*call).listFlows},
		{"status", "status", "where the run stands", (*call).status},
		{"time", "time", "the run's clock", (*call).time},
		{"run", "run SPAN|all", "let time pass: 5s, 200ms; all: until every flow has ended", (*call).run},
	}, passing(), []command{
		{"exit", "exit", "end the run (also quit, EOF)", nil},
		{"quit", "quit", "end the run", nil},
		{"EOF", "EOF", "end the run", nil},
	})
}

// Execute carries out one line and writes what it has to say. ErrLeave asks the caller
// to leave; any other error is what went wrong with this line, and the network lives on.
func (c *Console) Execute(ctx context.Context, line string, out io.Writer) error {
	if i := strings.IndexByte(line, '#'); i >= 0 && strings.TrimSpace(line[:i]) == "" {
		return nil
	}
	words, err := split(line)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return nil
	}
	for _, cmd := range commands() {
		if cmd.name != words[0] {
			continue
		}
		if cmd.do == nil {
			return ErrLeave
		}
		return c.call(ctx, out, words[1:], cmd.do, cmd.name)
	}
	return c.call(ctx, out, words, (*call).onNode, "")
}

func (c *Console) call(ctx context.Context, out io.Writer, args []string, f func(*call) error, name string) error {
	return c.do(ctx, func(w *core.World) error {
		defer c.remembered(w, name)
		return f(&call{World: w, console: c, ctx: ctx, out: out, args: args})
	})
}

// Words lists what a line may begin with: commands and nodes, for completion.
func (c *Console) Words(ctx context.Context) ([]string, error) {
	var out []string
	err := c.do(ctx, func(w *core.World) error {
		for _, cmd := range commands() {
			out = append(out, cmd.name)
		}
		for id := range model.NodeID(min(w.Model.NodeCount(), 5000)) {
			out = append(out, w.Model.NodeName(id))
		}
		return nil
	})
	return out, err
}

// split takes a line apart at blanks; quotes keep them.
func split(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			if inWord {
				out = append(out, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}

func (c *call) help() error {
	for _, cmd := range commands() {
		c.printf("  %-58s %s\n", cmd.usage, cmd.doc)
	}
	c.printf("  %-58s %s\n", "NODE ping [-c N] [-i SPAN] [-s BYTES] NODE", "echoes from one host to another")
	c.printf("  %-58s %s\n", "NODE COMMAND...", "a program on a host, where the world has any")
	if c.Virtual() {
		c.printf("\nTime is virtual: it passes only while a command lasts.\n")
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
	for id := range model.NodeID(min(c.Model.NodeCount(), 5000)) {
		names = append(names, c.Model.NodeName(id))
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

// onNode is a line that begins with the name of a node.
func (c *call) onNode() error {
	name := c.args[0]
	id, err := c.node(name)
	if err != nil {
		var verbs []string
		for _, cmd := range commands() {
			verbs = append(verbs, cmd.name)
		}
		if near := fault.Nearest(name, verbs); near != "" {
			return fault.Fault{Code: fault.BadChoice, What: fmt.Sprintf("%q is neither a command nor a node", name), Nearest: near}
		}
		return fmt.Errorf("%q is neither a command nor a node; help lists the commands", name)
	}
	if len(c.args) == 1 {
		return fmt.Errorf("say what %s is to do, as in %s ping h2", name, name)
	}
	// An echo to a host of the network is the same in every world; one to elsewhere is a
	// program's business.
	toNode := slices.ContainsFunc(c.args[2:], func(w string) bool { _, err := c.node(w); return err == nil })
	if c.args[1] == "ping" && (toNode || !c.Capabilities.Has(backend.Processes)) {
		return c.ping(id, c.args[2:])
	}
	return c.exec(id, c.args[1:])
}

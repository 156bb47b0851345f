package mininet

import (
	"bufio"
	_ "embed" // for the parts of the script that are the same for every network
	"fmt"
	"io"
	"strconv"

	"sendim/core/model"
	"sendim/core/naming"
)

//go:embed head.py
var head string

//go:embed tail.py
var tail string

//go:embed edit.py
var edit string

// DefaultController is where the script looks for its controller unless told otherwise.
const DefaultController = "127.0.0.1:6653"

// statements is the number of links and of nodes up to which a network is written as
// statements.
const statements = 200

// Options may be left zero.
type Options struct {
	// Controller is HOST:PORT of the OpenFlow controller, with "ssl:" before it where it
	// speaks TLS (the switches' certificates are then set by ovs-vsctl set-ssl);
	// DefaultController if empty. The script's --controller argument wins.
	Controller string
	// Flows are what a run by hand carries out; nil means the model's own <flow>s. Flows
	// drawn from traffic descriptions are the caller's to work out (core/workload).
	Flows []model.Flow
	// Names are the network's names, if the caller has them already.
	Names *naming.Names
	// Edits writes what the service mode needs to add and remove nodes and links, too.
	Edits bool
}

// Write writes the script for a network. What Mininet cannot do is named in the script
// (WARNINGS) and in its results. The error is the writer's, or of names that clash.
func Write(w io.Writer, n *model.Network, o Options) error {
	if o.Names == nil {
		var err error
		if o.Names, err = naming.New(n); err != nil {
			return err
		}
	}
	if o.Controller == "" {
		o.Controller = DefaultController
	}
	if o.Flows == nil {
		o.Flows = n.Flows
	}
	s := &script{Writer: bufio.NewWriterSize(w, 1<<16), n: n, o: o, names: o.Names, specs: map[*model.LinkSpec]int{}}
	s.write()
	if err := s.Flush(); err != nil {
		return fmt.Errorf("writing the Mininet script of %q: %w", n.Name, err)
	}
	return nil
}

// script is a script being written. Errors stick in the bufio.Writer.
type script struct {
	*bufio.Writer
	n     *model.Network
	o     Options
	names *naming.Names
	specs map[*model.LinkSpec]int
	buf   []byte

	last   *model.LinkSpec // that was looked for last, and where it is
	lastAt int
}

func (s *script) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func (s *script) write() {
	n := s.n
	s.line("#!/usr/bin/python3")
	s.line(`"""A network for Mininet 2.3: %d nodes, %d links. Written by SENDIM.`, n.NodeCount(), n.LinkCount())
	s.line("")
	s.line("    sudo /usr/bin/python3 THIS            run the flows and tests, print one line of JSON")
	s.line("    sudo /usr/bin/python3 THIS --cli      Mininet's prompt")
	s.line("    sudo /usr/bin/python3 THIS --help     where the controller is, and more")
	s.line(`"""`)
	s.line("")
	_, _ = s.WriteString(head)
	s.line("NAME = %s", quote(n.Name))
	s.line("CONTROLLER = %s", quote(s.o.Controller))
	if n.StaticARP {
		s.line("STATIC_ARP = True")
	} else {
		s.line("STATIC_ARP = False")
	}
	s.line("")
	if n.NodeCount() <= 2*statements && n.LinkCount() <= statements {
		s.statements()
	} else {
		s.table()
	}
	s.happenings()
	if s.o.Edits {
		_, _ = s.WriteString(edit)
	}
	_, _ = s.WriteString(tail)
}

// statements writes build() as a person would.
func (s *script) statements() {
	n := s.n
	s.line("")
	s.line("def build(net):")
	s.line(`    """Makes the nodes and links; limit() says what leaves by an interface."""`)
	for i := range n.NodeCount() {
		id := model.NodeID(i)
		name, label := s.names.Technical(id), ""
		if user := n.NodeName(id); user != name {
			label = "  # " + quote(user)
		}
		if n.NodeKindOf(id) == model.Switch {
			s.line("    net.addSwitch('%s', dpid='%016x')%s", name, s.names.DPID(id), label)
			continue
		}
		ip, prefix := s.names.IP(id)
		route := ""
		if arcs := n.Arcs(id); len(arcs) > 0 {
			route = fmt.Sprintf(", defaultRoute='dev %s'", s.names.Interface(id, n.ArcFrom(arcs[0]).Port))
		}
		s.line("    net.addHost('%s', ip='%s/%d', mac='%s'%s)%s", name, address(ip), prefix, ether(s.names.MAC(id)), route, label)
	}
	for i := range n.LinkCount() {
		id := model.LinkID(i)
		a, b := n.Ends(id)
		intfA, intfB := s.names.Interface(a.Node, a.Port), s.names.Interface(b.Node, b.Port)
		s.line("    net.addLink('%s', '%s', port1=%d, port2=%d, intfName1='%s', intfName2='%s',", s.names.Technical(a.Node), s.names.Technical(b.Node), a.Port, b.Port, intfA, intfB)
		label := ""
		if n.HasLinkName(id) {
			label = "  # " + quote(n.LinkName(id))
		}
		s.line("                addr1='%s', addr2='%s')%s", ether(s.names.PortMAC(a.Node, a.Port)), ether(s.names.PortMAC(b.Node, b.Port)), label)
		for _, end := range []struct {
			node model.NodeID
			intf string
			spec *model.LinkSpec
		}{{a.Node, intfA, n.ArcSpec(model.Arc(2 * i))}, {b.Node, intfB, n.ArcSpec(model.Arc(2*i + 1))}} {
			if text := limits(end.spec); text != "" {
				s.line("    limit('%s', '%s'%s)", s.names.Technical(end.node), end.intf, text)
			}
		}
	}
	s.line("")
}

// table writes the network as rows and a loop that builds it.
func (s *script) table() {
	n := s.n
	s.line("# A row is a switch (S name dpid), a host (H name address mac interface) or a link")
	s.line("# (L node port interface mac, the same of the other end, and in SPECS what each")
	s.line("# direction is like).")
	s.line("TABLE = '''\\")
	for i := range n.NodeCount() {
		s.nodeRow(model.NodeID(i))
	}
	for i := range n.LinkCount() {
		s.linkRow(i)
	}
	s.line("'''")
	s.line("SPECS = [")
	specs := make([]string, len(s.specs))
	for spec, i := range s.specs {
		specs[i] = limits(spec)
	}
	for _, text := range specs {
		if text != "" {
			text = text[len(", "):]
		}
		s.line("    dict(%s),", text)
	}
	s.line("]")
	s.line("")
	s.line("")
	_, _ = s.WriteString(`def build(net):
    """Makes the nodes and links of the table."""
    for row in TABLE.splitlines():
        f = row.split()
        if f[0] == 'S':
            net.addSwitch(f[1], dpid='%016x' % int(f[2], 16))
        elif f[0] == 'H':
            route = dict(defaultRoute='dev ' + f[4]) if len(f) > 4 else {}
            net.addHost(f[1], ip=f[2], mac=f[3], **route)
        elif f[0] == 'L':
            net.addLink(f[1], f[5], port1=int(f[2]), port2=int(f[6]), intfName1=f[3], intfName2=f[7],
                        addr1=f[4], addr2=f[8])
            for node, intf, spec in (f[1], f[3], f[9]), (f[5], f[7], f[10]):
                if SPECS[int(spec)]:
                    limit(node, intf, **SPECS[int(spec)])

`)
}

func (s *script) nodeRow(id model.NodeID) {
	n, b := s.n, s.buf[:0]
	name := s.names.Technical(id)
	if user := n.NodeNameBytes(id); string(user) != name {
		b = append(b, "# "...)
		b = append(b, name...)
		b = append(b, " is "...)
		b = strconv.AppendQuoteToASCII(b, quoteTriple(string(user)))
		b = append(b, '\n')
	}
	if n.NodeKindOf(id) == model.Switch {
		b = append(append(b, "S "...), name...)
		b = strconv.AppendUint(append(b, ' '), s.names.DPID(id), 16)
	} else {
		ip, prefix := s.names.IP(id)
		b = append(append(b, "H "...), name...)
		b = appendAddress(append(b, ' '), ip)
		b = strconv.AppendUint(append(b, '/'), uint64(prefix), 10)
		b = appendEther(append(b, ' '), s.names.MAC(id))
		if arcs := n.Arcs(id); len(arcs) > 0 {
			b = s.names.AppendInterface(append(b, ' '), id, n.ArcFrom(arcs[0]).Port)
		}
	}
	s.buf = append(b, '\n')
	_, _ = s.Write(s.buf)
}

func (s *script) linkRow(i int) {
	n, b := s.n, append(s.buf[:0], 'L')
	x, y := n.Ends(model.LinkID(i))
	for _, e := range [2]model.Endpoint{x, y} {
		b = s.names.AppendTechnical(append(b, ' '), e.Node)
		b = strconv.AppendUint(append(b, ' '), uint64(e.Port), 10)
		b = s.names.AppendInterface(append(b, ' '), e.Node, e.Port)
		b = appendEther(append(b, ' '), s.names.PortMAC(e.Node, e.Port))
	}
	for _, arc := range [2]model.Arc{model.Arc(2 * i), model.Arc(2*i + 1)} {
		spec := n.ArcSpec(arc)
		if spec != s.last {
			k, ok := s.specs[spec]
			if !ok {
				k = len(s.specs)
				s.specs[spec] = k
			}
			s.last, s.lastAt = spec, k
		}
		b = strconv.AppendInt(append(b, ' '), int64(s.lastAt), 10)
	}
	s.buf = append(b, '\n')
	_, _ = s.Write(s.buf)
}

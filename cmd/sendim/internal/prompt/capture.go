package prompt

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// capture lists, starts or stops captures of ports.
func (c *call) capture() error {
	switch {
	case c.Captures == nil:
		return fmt.Errorf("there are no captures here")
	case len(c.args) == 0:
		ports, files := c.Captures.List()
		for i := range ports {
			c.printf("%s %s\n", ports[i], files[i])
		}
		return nil
	case c.args[0] == "stop":
		return c.stopCapture(c.args[1:])
	}
	at, spec, name, err := c.captureWords(c.args)
	if err != nil {
		return err
	}
	if at == "" {
		return fmt.Errorf("say at which port, as in capture h1-eth0 -w file.pcap")
	}
	if spec.At, err = c.port(at); err != nil {
		return err
	}
	if name != "" {
		name = c.line.file(name)
	}
	file, err := c.Captures.Start(c.ctx, c.World, spec, name)
	if err != nil {
		return err
	}
	c.printf("capturing at %s to %s\n", at, file)
	return nil
}

// captureWords reads what follows capture: tcpdump's options, or plain words.
func (c *call) captureWords(args []string) (at string, spec backend.Capture, name string, err error) {
	for i := 0; i < len(args); i++ {
		word, flag := args[i], ""
		switch {
		case len(word) >= 2 && word[0] == '-' && slices.Contains([]string{"-w", "-i", "-s", "-Q"}, word[:2]):
			flag, word = word[:2], word[2:]
			if word == "" {
				if i++; i >= len(args) {
					return at, spec, name, fmt.Errorf("capture %s needs a value", flag)
				}
				word = args[i]
			}
		case strings.HasPrefix(word, "-"):
			return at, spec, name, fmt.Errorf("capture %s is not known here; there are -w FILE, -s BYTES, -Q in|out, -i PORT", word)
		}
		n, isNumber := strconv.Atoi(word)
		way := slices.Index(model.DirectionNames(), word)
		if flag == "-Q" && word == "inout" {
			way = int(model.BothWays)
		}
		switch {
		case at == "" && (flag == "" || flag == "-i"):
			at = word
		case way >= 0 && (flag == "" || flag == "-Q"):
			spec.Direction = model.Direction(way)
		case isNumber == nil && n >= 0 && (flag == "-s" || flag == "" && n > 0):
			spec.Snap = n
		case name == "" && (flag == "-w" && word != "-" || flag == "" && (strings.ContainsAny(word, "/") || filepath.Ext(word) != "")):
			name = word
		default:
			return at, spec, name, fmt.Errorf("%q is neither in, out, both, a number of bytes nor the name of a file", word)
		}
	}
	return at, spec, name, nil
}

func (c *call) stopCapture(args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("say capture stop, or capture stop PORT")
	}
	port := ""
	if len(args) == 1 {
		at, err := c.port(args[0])
		if err != nil {
			return err
		}
		port = c.Model.PortName(at)
	}
	files, err := c.Captures.Stop(c.ctx, c.World, port)
	for _, f := range files {
		c.printf("wrote %s\n", f)
	}
	if err == nil && len(files) == 0 {
		return fmt.Errorf("nothing is captured there")
	}
	return err
}

// port reads NODE:PORT, an interface as net and intfs name it, NODE-ethPORT, or the name
// of a node that has one port.
func (c *call) port(text string) (model.Endpoint, error) {
	if id, ok := c.Model.NodeByName(text); ok {
		arcs := c.Model.Arcs(id)
		if len(arcs) == 1 {
			return c.Model.ArcFrom(arcs[0]), nil
		}
		return model.Endpoint{}, fmt.Errorf("%s has %d ports: %s; say which", text, len(arcs), some(c.portNames(id)))
	}
	names, err := naming.New(c.Model)
	if err != nil {
		return model.Endpoint{}, err
	}
	// The name that the network itself uses comes first: a node's own may look like it.
	if at, ok := c.byInterface(names, text); ok {
		return at, nil
	}
	name, number, given := strings.Cut(text, ":")
	if !given {
		if i := strings.LastIndex(text, "-eth"); i > 0 {
			name, number, given = text[:i], text[i+len("-eth"):], true
		}
	}
	id, err := c.node(name)
	if err != nil {
		return model.Endpoint{}, err
	}
	for _, a := range c.Model.Arcs(id) {
		if at := c.Model.ArcFrom(a); given && strconv.Itoa(int(at.Port)) == number {
			return at, nil
		}
	}
	list := c.portNames(id)
	return model.Endpoint{}, fault.New(fault.UnknownReference, fault.Place{}, "there is no port %s; %s has %s", text, name, some(list)).Suggest(text, list)
}

func (c *call) portNames(id model.NodeID) []string {
	var out []string
	for _, a := range c.Model.Arcs(id) {
		out = append(out, c.Model.PortName(c.Model.ArcFrom(a)))
	}
	return out
}

// byInterface finds the port that has an interface's name. The usual form leads to its
// node; the others are looked for.
func (c *call) byInterface(names *naming.Names, text string) (model.Endpoint, bool) {
	if i := strings.LastIndex(text, "-eth"); i > 0 {
		if id, ok := c.Model.NodeByName(text[:i]); ok {
			for _, a := range c.Model.Arcs(id) {
				if at := c.Model.ArcFrom(a); names.Interface(id, at.Port) == text {
					return at, true
				}
			}
		}
	}
	if !strings.ContainsAny(text, "_-") {
		return model.Endpoint{}, false
	}
	for n := range c.Model.Nodes() {
		for _, a := range c.Model.Arcs(n.ID) {
			if at := c.Model.ArcFrom(a); names.Interface(n.ID, at.Port) == text {
				return at, true
			}
		}
	}
	return model.Endpoint{}, false
}

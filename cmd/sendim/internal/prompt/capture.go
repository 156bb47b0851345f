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
	spec, name := backend.Capture{}, ""
	at, err := c.port(c.args[0])
	if err != nil {
		return err
	}
	spec.At = at
	for _, word := range c.args[1:] {
		n, isNumber := strconv.Atoi(word)
		switch way := slices.Index(model.DirectionNames(), word); {
		case way >= 0:
			spec.Direction = model.Direction(way)
		case isNumber == nil && n > 0:
			spec.Snap = n
		case name == "" && (strings.ContainsAny(word, "/") || filepath.Ext(word) != ""):
			name = word
		default:
			return fmt.Errorf("%q is neither in, out, both, a number of bytes nor the name of a file", word)
		}
	}
	file, err := c.Captures.Start(c.ctx, c.World, spec, name)
	if err != nil {
		return err
	}
	c.printf("capturing at %s to %s\n", c.args[0], file)
	return nil
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

// port reads NODE:PORT, NODE-ethPORT or the name of a host, whose first port it is.
func (c *call) port(text string) (model.Endpoint, error) {
	name, number, given := strings.Cut(text, ":")
	if !given {
		name, number, given = strings.Cut(text, "-eth")
	}
	id, err := c.node(name)
	if err != nil {
		return model.Endpoint{}, err
	}
	arcs := c.Model.Arcs(id)
	var names []string
	for _, a := range arcs {
		at := c.Model.ArcFrom(a)
		if given && strconv.Itoa(int(at.Port)) == number || !given && len(arcs) == 1 {
			return at, nil
		}
		names = append(names, c.Model.PortName(at))
	}
	if !given {
		return model.Endpoint{}, fmt.Errorf("%s has %d ports: %s; say which", name, len(arcs), strings.Join(names, " "))
	}
	return model.Endpoint{}, fault.New(fault.UnknownReference, fault.Place{}, "there is no port %s; %s has %s", text, name, strings.Join(names, " ")).Suggest(text, names)
}

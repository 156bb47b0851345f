package core

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
)

// mostCaptures bounds the files that are written at once.
const mostCaptures = 500

// Captures are the ports of a run whose frames are written to files. Like World's, its
// methods are called by the conductor only.
type Captures struct {
	dir  string // "": files need names
	list []*capturing
}

type capturing struct {
	port   string
	name   string
	file   *os.File
	buf    *bufio.Writer
	handle backend.Handle
	link   model.LinkID // at whose end it is
	begun  bool         // something has been written
	gone   bool         // and which was removed: that it ended so is no fault
}

// Start begins to write the frames at a port to a file, DIR/captures/PORT.pcap of the run
// unless it is named, and gives the file's name. spec.Writer is not used.
func (c *Captures) Start(ctx context.Context, w *World, spec backend.Capture, name string) (string, error) {
	port := w.Model.PortName(spec.At)
	if len(c.list) >= mostCaptures {
		return "", fault.New(fault.OutOfRange, fault.Place{}, "%d ports are captured already; no more than that at once", mostCaptures)
	}
	if name == "" {
		if c.dir == "" {
			return "", errors.New("the run has no folder; name a file")
		}
		name = filepath.Join(c.dir, "captures", fileOf(port)+".pcap")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", fmt.Errorf("capture at %s: %w", port, err)
		}
	}
	if slices.ContainsFunc(c.list, func(x *capturing) bool { return x.name == name }) {
		return "", fault.New(fault.DuplicateID, fault.Place{}, "%s is being written already; stop that capture or name another file", name)
	}
	_, before := os.Stat(name)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return "", fmt.Errorf("capture at %s: %w", port, err)
	}
	x := &capturing{port: port, name: name, file: f, link: model.NoLink}
	x.buf = bufio.NewWriterSize(x, 1<<16)
	if arc, ok := w.Model.ArcAtPort(spec.At.Node, spec.At.Port); ok {
		x.link = arc.Link()
	}
	spec.Writer = x.buf
	if x.handle, err = w.Session.Do(ctx, backend.Action{Capture: &spec}); err != nil {
		_ = f.Close()
		if before != nil { // what was there before stays as it was
			_ = os.Remove(name)
		}
		var wrong fault.Fault
		if errors.As(err, &wrong) { // it names the place
			return "", wrong
		}
		return "", fmt.Errorf("capture at %s: %w", port, err)
	}
	c.list = append(c.list, x)
	return name, nil
}

// Write is for frames that were captured. With the first ones what the file had before goes.
func (x *capturing) Write(p []byte) (int, error) {
	x.begin()
	return x.file.Write(p)
}

func (x *capturing) begin() {
	if !x.begun {
		x.begun = true
		_ = x.file.Truncate(0) // a pipe has nothing of before
	}
}

// List names the ports that are captured and their files, in the order in which they were
// begun.
func (c *Captures) List() (ports, files []string) {
	for _, x := range c.list {
		ports, files = append(ports, x.port), append(files, x.name)
	}
	return ports, files
}

// Stop ends the captures at a port, or all of them where port is "", and gives their files.
func (c *Captures) Stop(ctx context.Context, w *World, port string) (files []string, err error) {
	var stopped []*capturing
	for _, x := range c.list {
		if port == "" || x.port == port {
			stopped = append(stopped, x)
			err = errors.Join(err, x.handle.Stop())
		}
	}
	for _, x := range stopped {
		err = errors.Join(err, w.Wait(ctx, x.handle), x.close())
		files = append(files, x.name)
	}
	c.list = slices.DeleteFunc(c.list, func(x *capturing) bool { return slices.Contains(stopped, x) })
	return files, err
}

// edited ends the captures at links that the network has not any more. What they have seen
// is in their files.
func (c *Captures) edited(n *model.Network) (err error) {
	for _, x := range c.list {
		if x.link != model.NoLink && n.LinkGone(x.link) {
			x.gone = true
			err = errors.Join(err, x.handle.Stop())
		}
	}
	c.list = slices.DeleteFunc(c.list, func(x *capturing) bool {
		if !x.gone || !x.handle.Done() {
			return false
		}
		err = errors.Join(err, x.close())
		return true
	})
	return err
}

// close ends what is left once the session is closed.
func (c *Captures) close() (err error) {
	for _, x := range c.list {
		err = errors.Join(err, x.close())
	}
	c.list = nil
	return err
}

func (x *capturing) close() error {
	err := x.buf.Flush()
	x.begin()
	err = errors.Join(err, x.file.Close())
	if x.handle.Done() && !x.gone {
		err = errors.Join(err, x.handle.Outcome().Err)
	}
	if err != nil {
		return fmt.Errorf("capture at %s: %w", x.port, err)
	}
	return nil
}

// begin starts what the model asks to be captured.
func (c *Captures) begin(ctx context.Context, w *World) error {
	for _, x := range w.Model.Watches {
		if !x.Capture {
			continue
		}
		ports, err := CapturedPorts(w.Model, x)
		if err != nil {
			return err
		}
		for _, at := range ports {
			if c.dir == "" {
				return nil // nothing of this run is kept
			}
			if slices.ContainsFunc(c.list, func(y *capturing) bool { return y.port == w.Model.PortName(at) }) {
				continue // an earlier <trace> has it
			}
			if _, err := c.Start(ctx, w, backend.Capture{At: at, Direction: x.Direction, Snap: int(x.Snap)}, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// CapturedPorts lists the ports that a Watch captures: those of its Ports, all of its
// Nodes, and the first end of its Links, each once.
func CapturedPorts(n *model.Network, x model.Watch) (out []model.Endpoint, err error) {
	if x.Ports != "" {
		if out, err = n.SelectPorts(x.Ports); err != nil {
			return nil, fmt.Errorf("capture: %w", err)
		}
	}
	if x.Nodes != "" {
		ids, err := n.SelectNodes(x.Nodes, 0)
		if err != nil {
			return nil, fmt.Errorf("capture: %w", err)
		}
		for _, id := range ids {
			for _, a := range n.Arcs(id) {
				out = append(out, n.ArcFrom(a))
			}
		}
	}
	if x.Links != "" {
		ids, err := n.SelectLinks(x.Links)
		if err != nil {
			return nil, fmt.Errorf("capture: %w", err)
		}
		for _, id := range ids {
			a, _ := n.Ends(id)
			out = append(out, a)
		}
	}
	seen := map[model.Endpoint]bool{}
	return slices.DeleteFunc(out, func(e model.Endpoint) bool {
		again := seen[e]
		seen[e] = true
		return again
	}), nil
}

// fileOf makes of a port what is safe in a file's name.
func fileOf(port string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		case r == ':':
			return '-'
		}
		return '_'
	}, port)
}

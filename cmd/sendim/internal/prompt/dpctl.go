package prompt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sendim/core"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// tableWords are what can be asked of switches in every world.
func tableWords() []string {
	return []string{"dump-flows", "dump-groups", "dump-meters", "dump-ports", "show"}
}

// dpctl asks some switches, or all, what they have. What is more than every world can do is
// for ovs-ofctl, where the switches are Open vSwitch's.
func (c *Console) dpctl(ctx context.Context, l *Line) error {
	words, err := Split(l.Text)
	if err != nil {
		return err
	}
	var tools []shell // switches on which ovs-ofctl is asked for
	var argv []string
	var near error // a word that may be meant for a switch
	err = c.call(ctx, l, words[1:], func(k *call) error {
		if len(k.args) == 0 {
			return fmt.Errorf("say dpctl %s", strings.Join(tableWords(), ", "))
		}
		on, rest := k.Model.NodesOfKind(model.Switch), k.args[1:]
		for named := false; len(rest) > 0; named, rest = true, rest[1:] {
			id, ok := k.Model.NodeByName(rest[0])
			switch {
			case !ok:
			case k.Model.NodeKindOf(id) != model.Switch:
				return fault.New(fault.UnknownNode, fault.Place{}, "%s is a %s, not a switch", rest[0], k.Model.NodeKindOf(id))
			case !named:
				on = nil
			}
			if !ok {
				break
			}
			on = append(on, id)
		}
		for _, word := range rest { // to be told if ovs-ofctl can make nothing of them
			if _, err := k.node(word); err != nil && near == nil && !strings.ContainsAny(word, "=,:") {
				var f fault.Fault
				if errors.As(err, &f) && f.Nearest != "" {
					near = err
				}
			}
		}
		if len(rest) == 0 && slices.Contains(tableWords(), k.args[0]) {
			k.then = func() error { return k.tables(on) }
			return nil
		}
		if !k.Capabilities.Has(backend.Processes) {
			if slices.Contains(tableWords(), k.args[0]) {
				if near != nil {
					return near
				}
				return fault.New(fault.MissingCapability, fault.Place{}, "%q is for ovs-ofctl, and the switches of this world are models: dpctl %s asks them for all they have", strings.Join(rest, " "), k.args[0])
			}
			return fault.New(fault.MissingCapability, fault.Place{}, "dpctl %s is for ovs-ofctl, and the switches of this world are models; there are %s", k.args[0], strings.Join(tableWords(), ", ")).
				Suggest(k.args[0], tableWords())
		}
		argv = append([]string{"ovs-ofctl"}, version(rest)...)
		argv = append(argv, k.args[0], "") // the switch's name
		argv = append(argv, rest...)
		names, err := naming.New(k.Model)
		if err != nil {
			return err
		}
		for _, id := range on {
			tools = append(tools, shell{Console: c, line: l, node: id, name: names.Technical(id)})
		}
		return nil
	}, "dpctl")
	if err != nil {
		return err
	}
	at := slices.Index(argv, "")
	for _, s := range tools {
		fmt.Fprintf(l.Out, "*** %s %s\n", s.name, strings.Repeat("-", 60))
		asked := slices.Clone(argv)
		asked[at] = s.name
		code, err := s.exec(ctx, backend.Exec{Node: s.node, Argv: asked, Stdout: l.Out, Stderr: l.Err})
		if err != nil {
			return err
		}
		if code != 0 && near != nil {
			return near
		}
		if code != 0 {
			return &ExitError{Node: s.name, Program: "ovs-ofctl", Code: code}
		}
	}
	return nil
}

// version is which OpenFlow ovs-ofctl speaks, unless somebody says so.
func version(args []string) []string {
	if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-O") || strings.HasPrefix(a, "--protocols") }) {
		return nil
	}
	return []string{"-O", "OpenFlow13"}
}

// tables asks switches what they have, in the same words in every world. Between two of
// them others are heard.
func (c *call) tables(on []model.NodeID) error {
	var what backend.Selector
	switch c.args[0] {
	case "show":
		return c.console.access.Do(c.ctx, func(*core.World) error { return c.showSwitches(on) })
	case "dump-flows":
		what.Rules = true
	case "dump-groups":
		what.Groups = true
	case "dump-meters":
		what.Meters = true
	case "dump-ports":
		what.Ports = true
	}
	var silent []error // of those that did not answer
	for _, id := range on {
		what.Node = id
		err := c.console.access.Do(c.ctx, func(w *core.World) error {
			if w.Model.Gone(id) {
				return nil
			}
			c.printf("*** %s %s\n", w.Model.NodeName(id), strings.Repeat("-", 60))
			for item, err := range w.Session.Snapshot(c.ctx, what) {
				if err != nil {
					silent = append(silent, err)
					if w.Held() {
						return err // it would be the same with all
					}
					break
				}
				c.item(item)
			}
			return c.ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(silent...)
}

// showSwitches says what switches are: their numbers and their ports.
func (c *call) showSwitches(on []model.NodeID) error {
	names, err := naming.New(c.Model)
	if err != nil {
		return err
	}
	down := c.downLinks()
	for _, id := range on {
		c.printf("*** %s %s\n dpid=%016x\n", c.Model.NodeName(id), strings.Repeat("-", 60), names.DPID(id))
		for _, a := range c.Model.Arcs(id) {
			from, to := c.Model.ArcFrom(a), c.Model.ArcTo(a)
			state := "up"
			if down[a.Link()] {
				state = "down"
			}
			c.printf(" port=%d %s addr=%s %s to %s\n", from.Port, names.Interface(id, from.Port), macText(names.PortMAC(id, from.Port)), state, c.Model.PortName(to))
		}
	}
	return nil
}

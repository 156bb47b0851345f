package descriptors

import (
	"fmt"
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
)

// whatFails are the attributes of which one says what fails.
func whatFails() []attribute {
	return []attribute{
		{name: "link", kind: selector, doc: "links"},
		{name: "node", kind: selector, doc: "nodes: a switch loses its tables, a host its interfaces"},
		{name: "port", kind: ports, doc: "ports, each at its own end: s1:2, s1:*"},
		{name: "control", kind: selector, doc: "switches: their channels to the controller"},
		{name: "controller", kind: choice, choices: []string{"all"}, doc: "all: the controller, for all switches"},
	}
}

func failuresElement() *element {
	distribution := func(name, doc string) attribute {
		return attribute{name: name, kind: choice, choices: model.LifetimeNames(), initial: "exponential", doc: doc}
	}
	return &element{name: "failures",
		doc: "Random failures and repairs, drawn before the run, the same in every world for one seed: everything that is selected fails again and again, each by itself.",
		attrs: append(append([]attribute{{name: "id", kind: id, required: true, doc: "its name"}}, whatFails()...),
			attribute{name: "mtbf", kind: span, required: true, doc: "mean time from a repair, or the start, to the next failure"},
			attribute{name: "mttr", kind: span, required: true, doc: "mean time to repair"},
			distribution("distribution", "of times to the next failure"), distribution("repair", "of times to repair"),
			attribute{name: "shape", kind: number, initial: fmt.Sprint(model.DefaultShape), doc: "of weibull: below 1 most fail early, 1 is exponential, above 1 they age"},
			attribute{name: "from", kind: span, initial: "0s", doc: "everything works at least until then"},
			attribute{name: "until", kind: span, required: true, doc: "nothing fails later; what is down then is still repaired"},
			attribute{name: "most", kind: integer, min: 1, max: 1 << 30, initial: "all", doc: "how many may be down at once: one more waits for its next turn"})}
}

// fails reads what fails; exactly one attribute says it.
func (d *decoder) fails(t *tag) (kind model.ChangeKind, sel model.Selector) {
	given := 0
	for _, a := range []struct {
		name string
		kind model.ChangeKind
	}{{"link", model.LinkDown}, {"node", model.NodeDown}, {"port", model.PortDown}, {"control", model.ControlDown}, {"controller", model.ControllerDown}} {
		if !t.at(a.name).set {
			continue
		}
		given++
		kind, sel = a.kind, model.Selector(t.text(a.name))
	}
	switch {
	case given == 1 && kind == model.ControllerDown && sel != "":
		return kind, ""
	case given == 1 && sel != "":
		return kind, sel
	case given != 1 && !d.w.full():
		d.faults.Addf(fault.MissingAttribute, t.where, "needs one of link, node, port, control and controller")
	}
	return model.LinkDown, "" // for nothing
}

// linkOrControl reads whose delay or loss changes.
func (d *decoder) linkOrControl(t *tag, x *selected) {
	x.sel, x.from = model.Selector(t.text("link")), model.Selector(t.text("from"))
	if t.has("control") {
		if x.from != "" && !d.w.full() {
			d.faults.Addf(fault.MisplacedElement, t.where, "control channels change both ways; from is for links")
		}
		x.nodes, x.sel = true, model.Selector(t.text("control"))
		x.Kind = map[model.ChangeKind]model.ChangeKind{model.LinkDelay: model.ControlDelay, model.LinkLoss: model.ControlLoss}[x.Kind]
	}
	if t.at("link").set == t.at("control").set && !d.w.full() {
		d.faults.Addf(fault.MissingAttribute, t.where, "needs either link or control")
		x.sel = ""
	}
}

// ports resolves the ports of a change.
func (d *decoder) ports(x *selected, net *model.Network) (out []model.Change) {
	list, err := net.SelectPorts(x.sel)
	if err != nil {
		d.faults.Add(fault.New(fault.UnknownNode, d.spotPlace(x.where, x.element, "port"), "%s", clipped(err)))
	}
	for _, e := range list {
		x.Change.Node, x.Change.Port = e.Node, e.Port
		out = append(out, x.Change)
	}
	return out
}

// failures reads <failures>.
func (d *decoder) failures(el *element) {
	t := d.w.open(el)
	f := model.Failures{ID: t.text("id"), MTBF: model.Time(t.int("mtbf")), MTTR: model.Time(t.int("mttr")),
		Lives: model.Lifetime(t.int("distribution")), Repairs: model.Lifetime(t.int("repair")), Shape: model.DefaultShape,
		From: model.Time(t.int("from")), Until: model.Time(t.int("until")), Most: int(t.int("most"))}
	if t.has("shape") {
		f.Shape = t.float("shape")
	}
	if f.Kind, f.Of = d.fails(t); f.Of != "" || f.Kind == model.ControllerDown {
		d.note(t)
		d.net.Failures = append(d.net.Failures, f)
	}
	d.w.leaf(el)
}

// failures writes the random failures.
func (e *encoder) failures() {
	for i := range e.n.Failures {
		f := &e.n.Failures[i]
		of := string(f.Of)
		if f.Kind == model.ControllerDown {
			of = "all"
		}
		lives, repairs, shape, most := "", "", "", ""
		if f.Lives != model.LifetimeExponential {
			lives = f.Lives.String()
		}
		if f.Repairs != model.LifetimeExponential {
			repairs = f.Repairs.String()
		}
		if f.Shape != model.DefaultShape {
			shape = strconv.FormatFloat(f.Shape, 'g', -1, 64)
		}
		if f.Most > 0 {
			most = strconv.Itoa(f.Most)
		}
		e.leaf("failures", "id", f.ID, f.Attribute(), of, "mtbf", f.MTBF.String(), "mttr", f.MTTR.String(), "distribution", lives, "repair", repairs,
			"shape", shape, "from", timeText(f.From), "until", f.Until.String(), "most", most)
	}
}

func portText(n *model.Network, c *model.Change) string {
	return fmt.Sprintf("%s:%d", n.NodeName(c.Node), c.Port)
}

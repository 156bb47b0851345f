package miniedit

import (
	"fmt"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// shaping lists the options of TCLink (mininet/link.py, class TCIntf) that a link's spec
// holds.
func shaping() []string { return []string{"bw", "delay", "jitter", "loss", "max_queue_size"} }

func (r *reader) link(v *value) {
	l := draft.Link{Line: v.line}
	opts := v.get("opts")
	control := false
	for _, end := range []struct {
		key  string
		node *int32
	}{{"src", &l.A}, {"dest", &l.B}} {
		name := v.get(end.key).text()
		i, ok := r.index[name]
		switch {
		case name == "":
			r.wrong(fault.MissingAttribute, v, "a link without %q", end.key)
			return
		case !ok && r.controllers[name]:
			control = true
		case !ok:
			if r.names == nil {
				for i := range min(len(r.n.Nodes), 10_000) {
					r.names = append(r.names, r.n.Nodes[i].ID)
				}
			}
			r.faults.Add(r.fault(fault.UnknownNode, v, "a link to %q, which is no host or switch of the file", draft.Clip(name)).Suggest(name, r.names))
			return
		}
		*end.node = i
	}
	if control {
		r.control++
		return
	}
	if opts != nil && !opts.object {
		r.wrong(fault.Syntax, opts, "the options of a link are not an object")
		return
	}
	used := append(append(shaping(), derived(opts, "")...), "sendim", "port1", "port2")
	r.shape(opts, &l.Spec, nil)
	back := l.Spec
	r.shape(opts.get("params1"), &l.Spec, opts) // what both ends are told wins, as in Mininet's Link
	r.shape(opts.get("params2"), &back, opts)
	if opts.get("bw") != nil || opts.get("params1").get("bw") != nil {
		if l.Spec.Rate > 0 {
			l.RateFrom = "bw"
		}
		if l.Spec.Rate > 1000*1_000_000 {
			r.fast++
		}
	}
	if d := opts.get("delay"); d != nil {
		l.DelayFrom = "delay"
		if bare(d) {
			l.DelayFrom = "delay without a unit: microseconds"
			if r.bare++; r.bare == 1 {
				r.bareLine, r.bareText = d.line, d.text()
			}
		}
	} else if opts.get("params1").get("delay") != nil {
		l.DelayFrom = "delay"
	}
	for i, key := range []string{"params1", "params2"} {
		p := opts.get(key)
		if p == nil {
			continue
		}
		used = append(used, key)
		l.Properties = append(l.Properties, r.keep(p, fmt.Sprintf("miniedit.link.params%d.", i+1), shaping()...)...)
	}
	r.ports(&l, opts)
	r.linkExtras(&l, opts.get("sendim"), &back)
	if back != l.Spec {
		l.Back = &back
	}
	l.Properties = append(l.Properties, r.keep(opts, "miniedit.", used...)...)
	l.Properties = append(l.Properties, r.keep(v, "miniedit.link.", "src", "dest", "opts")...)
	r.n.Links = append(r.n.Links, l)
}

// shape reads the options of TCLink that are there, and not in others.
func (r *reader) shape(opts *value, s *model.LinkSpec, others *value) {
	read := func(name string, f func(v *value, text string) error) {
		v := opts.get(name)
		if v == nil || others.get(name) != nil || v.text() == "" && (string(v.raw) == "null" || string(v.raw) == `""`) {
			return
		}
		if err := f(v, v.text()); err != nil {
			r.wrong(fault.BadNumber, v, "%s: %v", name, err)
		}
	}
	read("bw", func(_ *value, text string) error {
		v, err := draft.Number(text)
		if err == nil {
			s.Rate, err = draft.Rate(v, 1_000_000)
		}
		return err
	})
	read("delay", func(_ *value, text string) (err error) { s.Delay, err = span(text); return err })
	read("jitter", func(_ *value, text string) (err error) { s.Jitter, err = span(text); return err })
	read("loss", func(_ *value, text string) error {
		v, err := draft.Number(strings.TrimSuffix(text, "%"))
		if err == nil && (v < 0 || v > 100) {
			err = fmt.Errorf("%g is outside 0 to 100 percent", v)
		}
		s.Loss = v / 100
		return err
	})
	read("max_queue_size", func(_ *value, text string) error {
		v, err := draft.Count(text, 1<<31-1)
		s.Queue = model.QueueLimit{Packets: int32(v)}
		return err
	})
}

// ports takes port numbers where the model allows them; others stay properties.
func (r *reader) ports(l *draft.Link, opts *value) {
	for i, end := range []struct {
		key  string
		node int32
		into *model.PortNo
	}{{"port1", l.A, &l.APort}, {"port2", l.B, &l.BPort}} {
		*end.into = model.AutoPort
		v := opts.get(end.key)
		if v == nil {
			continue
		}
		num, err := draft.Count(v.text(), 0xfffffeff)
		name := r.n.Nodes[end.node].ID
		if err != nil || num == 0 && r.n.Nodes[end.node].Kind == model.Switch || i == 1 && l.A == l.B ||
			!r.claim(v, "port", fmt.Sprintf("%d of %q", num, name), name) {
			if err != nil || num == 0 {
				r.warn(fault.OutOfRange, v, "%s %s of %q is not a port number; one is chosen", end.key, draft.Clip(string(v.raw)), draft.Clip(name))
			}
			l.Properties = append(l.Properties, model.Property{Name: "miniedit." + end.key, Value: draft.ValueText(v.raw)})
			continue
		}
		*end.into, l.Ports = model.PortNo(num), true
	}
}

// span reads a time as tc does (iproute2, lib/utils.c, get_time): without a unit it is
// microseconds.
func span(text string) (model.Time, error) {
	text = strings.TrimSpace(text)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	unit := model.Microsecond
	switch strings.ToLower(text[len(digits):]) {
	case "s", "sec", "secs":
		unit = model.Second
	case "ms", "msec", "msecs":
		unit = model.Millisecond
	case "us", "usec", "usecs", "":
	case "ns", "nsec", "nsecs":
		unit = model.Nanosecond
	default:
		return 0, fmt.Errorf("%q is not a time as tc reads it, such as 5ms", draft.Clip(text))
	}
	v, err := draft.Number(strings.TrimSpace(digits))
	if err != nil {
		return 0, err
	}
	return draft.Span(v, unit)
}

// bare says whether a delay is a number other than 0 without a unit.
func bare(v *value) bool {
	n, err := draft.Number(strings.TrimSpace(v.text()))
	return err == nil && n != 0
}

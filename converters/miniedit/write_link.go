package miniedit

import (
	"encoding/json"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
)

// link makes an entry of "links".
func (x *writer) link(l model.Link) object {
	opts, own := object{}, object{}
	out := object{"src": x.hostname[l.A.Node], "dest": x.hostname[l.B.Node], "opts": opts}
	rest := x.linkProperties(l, out, opts)
	there, back := options(l.Spec), options(l.Back)
	one, two := x.params(opts, "params1"), x.params(opts, "params2")
	for _, key := range shaping() {
		a, okA := there[key]
		b, okB := back[key]
		switch {
		case okA && okB && string(a) == string(b):
			opts[key] = a
			continue
		case okA:
			one[key] = a
		}
		if okB {
			two[key] = b
		}
	}
	for key, p := range map[string]object{"params1": one, "params2": two} {
		if len(p) > 0 {
			opts[key] = p
		}
	}
	for _, way := range []struct {
		key  string
		spec model.LinkSpec
		text map[string]json.RawMessage
	}{{"there", l.Spec, there}, {"back", l.Back, back}} {
		if more := beyond(way.spec, way.text); len(more) > 0 {
			own[way.key] = more
		}
	}
	if l.Spec.Rate > 1e9 || l.Back.Rate > 1e9 {
		x.fast++
	}
	if l.Spec.Class != "" || l.Back.Class != "" {
		x.classes++
	}
	if x.n.HasLinkName(l.ID) {
		own["id"] = x.n.LinkName(l.ID)
	}
	var made []string
	for _, end := range []struct {
		model.Endpoint
		port, intf string
	}{{l.A, "port1", "intfName1"}, {l.B, "port2", "intfName2"}} {
		if _, kept := opts[end.port]; x.given[end.Node] && !kept {
			opts[end.port] = end.Port
		}
		// Mininet's own name of the interface must be one that Linux takes.
		if name := x.hostname[end.Node] + "-eth" + strconv.Itoa(int(end.Port)); len(name) > 15 {
			if _, kept := opts[end.intf]; !kept {
				opts[end.intf] = x.names.Interface(end.Node, end.Port)
				made = append(made, end.intf)
			}
		}
	}
	if made != nil {
		own["derived"] = made
	}
	if rest != nil {
		own["properties"] = rest
	}
	if len(own) > 0 {
		opts["sendim"] = own
	}
	return out
}

// params are the options of one end that came from MiniEdit.
func (x *writer) params(opts object, key string) object {
	if p, ok := opts[key].(object); ok {
		return p
	}
	return object{}
}

// linkProperties puts a link's properties back, those of one end into an object of its
// own.
func (x *writer) linkProperties(l model.Link, out, opts object) [][2]string {
	ends := map[string]object{}
	var list []model.Property
	for _, p := range l.Properties {
		key, ok := strings.CutPrefix(p.Name, "miniedit.link.params")
		if !ok || len(key) < 3 || key[1] != '.' || key[0] != '1' && key[0] != '2' {
			list = append(list, p)
			continue
		}
		name := "params" + key[:1]
		if ends[name] == nil {
			ends[name] = object{}
			opts[name] = ends[name]
		}
		putOne(ends[name], key[2:], draft.RawValue(p.Value))
	}
	rest := x.put(list, out, opts, func(int) bool { return false })
	for name, o := range ends {
		opts[name] = o
	}
	return rest
}

// options writes one direction as TCLink's options.
func options(s model.LinkSpec) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	if s.Rate > 0 {
		out["bw"] = decimal(float64(s.Rate) / 1e6)
	}
	if s.Delay > 0 || s.Jitter > 0 { // netem wants a delay where there is jitter
		out["delay"] = draft.Quote(times(s.Delay))
	}
	if s.Jitter > 0 {
		out["jitter"] = draft.Quote(times(s.Jitter))
	}
	if s.Loss > 0 {
		out["loss"] = decimal(s.Loss * 100)
	}
	if s.Queue.Packets > 0 {
		out["max_queue_size"] = json.RawMessage(strconv.Itoa(int(s.Queue.Packets)))
	}
	return out
}

func decimal(v float64) json.RawMessage {
	return json.RawMessage(strconv.FormatFloat(v, 'f', -1, 64))
}

// times writes a time with a unit that tc knows.
func times(t model.Time) string {
	for _, u := range []struct {
		name string
		unit model.Time
	}{{"s", model.Second}, {"ms", model.Millisecond}, {"us", model.Microsecond}} {
		if t%u.unit == 0 {
			return strconv.FormatInt(int64(t/u.unit), 10) + u.name
		}
	}
	return strconv.FormatFloat(float64(t)/float64(model.Microsecond), 'f', -1, 64) + "us"
}

// beyond gives what of a direction its options do not say to the last bit.
func beyond(s model.LinkSpec, text map[string]json.RawMessage) object {
	var got model.LinkSpec
	v := &value{object: true}
	for _, key := range shaping() {
		if raw, ok := text[key]; ok {
			v.members = append(v.members, member{key, value{raw: raw}})
		}
	}
	r := &reader{}
	r.shape(v, &got, nil)
	got.Class = s.Class // classes are no part of the file
	out := object{}
	for _, p := range draft.Attributes(s, got) {
		out[p.Name] = p.Value
	}
	return out
}

package generate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// Option is one option as a user wrote it.
type Option struct {
	Name, Value string
	Place       fault.Place // zero when it came from a command line
}

// Request asks for a network.
type Request struct {
	Kind               string
	Options            []Option
	Place              fault.Place
	MaxNodes, MaxLinks int64 // how many may be added; 0: 20 million and 100 million

	// LinkSpec completes what the options say about links (defaults of a descriptor);
	// nil takes them as they are. said names the options that were given.
	LinkSpec func(spec model.LinkSpec, said func(option string) bool) model.LinkSpec
}

// Parse reads the value of "--topo" as Mininet writes it: the kind, and numbers or
// name=value after commas, as "linear,4", "tree,depth=2,fanout=3".
func Parse(topo string) (Request, error) {
	parts := strings.Split(topo, ",")
	r := Request{Kind: strings.TrimSpace(parts[0])}
	k, err := find(r)
	if err != nil {
		return r, err
	}
	var faults fault.List
	for i, p := range parts[1:] {
		p = strings.TrimSpace(p)
		if name, value, ok := strings.Cut(p, "="); ok {
			r.Options = append(r.Options, Option{Name: name, Value: value})
			continue
		}
		if i >= len(k.Args) {
			faults.Addf(fault.GeneratorOption, fault.Place{}, "%q: %s takes %d numbers (%s)", topo, k.Name, len(k.Args), strings.Join(k.Args, ", "))
			break
		}
		r.Options = append(r.Options, Option{Name: k.Args[i], Value: p})
	}
	return r, faults.Err()
}

func find(r Request) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == r.Kind {
			return k, nil
		}
		names = append(names, k.Name)
	}
	var l fault.List
	p := r.Place
	p.Attribute = "kind"
	l.Add(fault.New(fault.GeneratorOption, p, "no generator %q; there are %s", clip(r.Kind), strings.Join(names, ", ")).Suggest(r.Kind, names))
	return Kind{}, &l
}

// Size says how many nodes and links a request would add. Its error is a *fault.List.
func Size(r Request) (nodes, links int64, err error) {
	_, _, nodes, links, err = prepare(r)
	return nodes, links, err
}

// Build adds the network to a builder. Nothing is added when its error, a *fault.List,
// is not nil, except when a name exists already.
func Build(r Request, b *model.Builder) error {
	k, v, nodes, links, err := prepare(r)
	if err != nil {
		return err
	}
	spec := v.spec
	if r.LinkSpec != nil {
		spec = r.LinkSpec(spec, v.said)
	}
	b.Grow(int(nodes), int(links))
	n := &net{b: b, prefix: v.prefix, spec: b.SpecID(spec), place: r.Place}
	k.build(v, n)
	return n.faults.Err()
}

// prepare reads all options and checks the size.
func prepare(r Request) (k Kind, v *values, nodes, links int64, err error) {
	if k, err = find(r); err != nil {
		return k, nil, 0, 0, err
	}
	var faults fault.List
	v = read(k, r, &faults)
	if faults.Total > 0 {
		return k, nil, 0, 0, &faults
	}
	maxNodes, maxLinks := r.MaxNodes, r.MaxLinks
	if maxNodes == 0 {
		maxNodes = 20_000_000
	}
	if maxLinks == 0 {
		maxLinks = 100_000_000
	}
	nodes, links = k.size(v)
	if nodes > maxNodes || links > maxLinks {
		faults.Addf(fault.Limit, r.Place, "%s would add %d nodes and %d links; %d and %d are allowed", k.Name, nodes, links, maxNodes, maxLinks)
	}
	return k, v, nodes, links, faults.Err()
}

// values are the options of a request, read and completed.
type values struct {
	ints   map[string]int64
	given  map[string]bool
	prefix string
	spec   model.LinkSpec
}

func (v *values) int(name string) int64   { return v.ints[name] }
func (v *values) said(option string) bool { return v.given[option] }

func read(k Kind, r Request, faults *fault.List) *values {
	v := &values{ints: map[string]int64{}, given: map[string]bool{}}
	docs := append(append([]OptionDoc{}, k.Options...), Common()...)
	var names []string
	for _, d := range docs {
		if n, err := strconv.ParseInt(d.Initial, 10, 64); err == nil && !d.text {
			v.ints[d.Name] = n
		}
		names = append(names, d.Name)
		if d.Alias != "" {
			names = append(names, d.Alias)
		}
	}
	for _, o := range r.Options {
		d, ok := option(docs, o.Name)
		if !ok {
			faults.Add(fault.New(fault.GeneratorOption, o.Place, "%s has no option %q; it has %s", k.Name, clip(o.Name), strings.Join(names, ", ")).Suggest(o.Name, names))
			continue
		}
		if v.given[d.Name] {
			faults.Addf(fault.GeneratorOption, o.Place, "%s is given twice", d.Name)
			continue
		}
		v.given[d.Name] = true
		if err := v.set(d, o.Value); err != nil {
			faults.Addf(fault.GeneratorOption, o.Place, "%s of %s: %v", d.Name, k.Name, err)
		}
	}
	for _, d := range k.Options {
		if _, ok := v.ints[d.Name]; !ok && d.Initial == "" {
			faults.Addf(fault.GeneratorOption, r.Place, "%s needs the option %s: %s", k.Name, d.Name, d.Doc)
			v.ints[d.Name] = d.min
		}
	}
	return v
}

func option(docs []OptionDoc, name string) (OptionDoc, bool) {
	for _, d := range docs {
		if d.Name == name || d.Alias == name && name != "" {
			return d, true
		}
	}
	return OptionDoc{}, false
}

func (v *values) set(d OptionDoc, s string) (err error) {
	switch d.Name {
	case "prefix":
		v.prefix = s
		if len(s) > 64 {
			return fmt.Errorf("a prefix has at most 64 bytes")
		}
		return model.CheckID(s + "x")
	case "rate":
		v.spec.Rate, err = model.ParseRate(s)
	case "delay":
		v.spec.Delay, err = model.ParseTime(s)
	case "loss":
		v.spec.Loss, err = model.ParseRatio(s)
	case "queue":
		v.spec.Queue, err = model.ParseQueue(s)
	default:
		n, perr := strconv.ParseInt(s, 10, 64)
		switch {
		case perr != nil:
			return fmt.Errorf("%q is not a whole number", clip(s))
		case n < d.min || n > most || d.max > 0 && n > d.max:
			top := d.max
			if top == 0 {
				top = most
			}
			return fmt.Errorf("%d is outside %d..%d", n, d.min, top)
		case d.even && n%2 != 0:
			return fmt.Errorf("%d is odd; it must be even", n)
		}
		v.ints[d.Name] = n
	}
	return err
}

// net is a builder as the kinds see it.
type net struct {
	b      *model.Builder
	prefix string
	spec   model.SpecID
	place  fault.Place
	name   []byte
	faults fault.List
}

func (n *net) declare(kind model.NodeKind, name []byte) model.NodeID {
	id, fresh := n.b.Declare(name, kind)
	if !fresh {
		if n.faults.Full() {
			n.faults.Total++
		} else {
			n.faults.Addf(fault.DuplicateID, n.place, "node %q exists already; a prefix keeps names apart", name)
		}
	}
	return id
}

// node declares prefix + letter + number + more, where more alternates text and numbers.
func (n *net) node(kind model.NodeKind, parts ...any) model.NodeID {
	n.name = append(n.name[:0], n.prefix...)
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			n.name = append(n.name, p...)
		case int64:
			n.name = strconv.AppendInt(n.name, p, 10)
		}
	}
	return n.declare(kind, n.name)
}

func (n *net) host(parts ...any) model.NodeID { return n.node(model.Host, parts...) }
func (n *net) sw(parts ...any) model.NodeID   { return n.node(model.Switch, parts...) }
func (n *net) link(a, b model.NodeID)         { n.linkAt(a, b, model.AutoPort, model.AutoPort) }
func (n *net) linkAt(a, b model.NodeID, p, q model.PortNo) {
	n.b.Link(model.LinkDraft{A: a, B: b, APort: p, BPort: q, Spec: n.spec, Back: n.spec})
}

// mul multiplies without overflow: anything too large is huge.
func mul(a ...int64) int64 {
	out := int64(1)
	for _, x := range a {
		if x != 0 && out > huge/x {
			return huge
		}
		out *= x
	}
	return out
}

func add(a ...int64) int64 {
	out := int64(0)
	for _, x := range a {
		out = min(out+x, huge)
	}
	return out
}

const huge = math.MaxInt64 / 4

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:57], "") + "..."
	}
	return s
}

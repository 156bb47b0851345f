package generate

import (
	"math"
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
	// nil takes them as they are. said names the options that were given: rate, delay,
	// loss, queue. With PerLink it is called for every link, whose ends are declared
	// then; otherwise once for each sort of link, with NoNode for the ends.
	LinkSpec func(a, z model.NodeID, spec model.LinkSpec, said func(option string) bool) model.LinkSpec
	PerLink  bool
}

// Parse reads the value of "--topo" as Mininet writes it: the kind, and values or
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
	l.Add(fault.New(fault.GeneratorOption, p, "no generator %q; there are %s", fault.Clip(r.Kind), strings.Join(names, ", ")).Suggest(r.Kind, names))
	return Kind{}, &l
}

// Size says how many nodes and links a request would add. Nodes are exact, and so are
// links but where their number is drawn or depends on what is drawn (Kind.Bound): there
// it is a bound. Its error is a *fault.List.
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
	b.Grow(int(nodes), int(links))
	n := newNet(b, v, &r)
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
	switches, hosts, trunks := k.size(v)
	nodes, links = add(switches, hosts), add(hosts, mul(trunks, max(v.int("parallel"), 1)+v.int("spare")))
	if nodes > maxNodes || links > maxLinks {
		faults.Addf(fault.Limit, r.Place, "%s would add %d nodes and %d links; %d and %d are allowed", k.Name, nodes, links, maxNodes, maxLinks)
	}
	return k, v, nodes, links, faults.Err()
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

// pairs is how many pairs n things make.
func pairs(n int64) int64 {
	if n%2 == 0 {
		return mul(n/2, n-1)
	}
	return mul(n, (n-1)/2)
}

const huge = math.MaxInt64 / 4

package model

import (
	"slices"
	"strconv"

	"sendim/core/fault"
)

func (e *editor) addLink(x *Edit) *fault.Fault {
	n := e.n
	a, f := e.find(x.A.Node)
	if f != nil {
		return f
	}
	b, f := e.find(x.B.Node)
	if f != nil {
		return f
	}
	if a == b {
		return wrong(fault.SelfLink, "link", "", "%q is linked to itself", x.A.Node)
	}
	for _, spec := range [2]*LinkSpec{&x.Spec, &x.Back} {
		if f := e.checks.specWrong(spec); f != nil {
			f.Place.Element = "link"
			return f
		}
	}
	if x.Link != "" {
		if err := CheckID(x.Link); err != nil {
			return wrong(fault.BadName, "link", "id", "%v", err)
		}
		if _, ok := n.linkByName[x.Link]; ok {
			return wrong(fault.DuplicateID, "link", "id", "there is a link %q already", x.Link)
		}
	}
	aPort, f := e.port(a, x.A.Port)
	if f != nil {
		return f
	}
	bPort, f := e.port(b, x.B.Port)
	if f != nil {
		return f
	}
	id := LinkID(len(n.a))
	n.a, n.b = append(n.a, a), append(n.b, b)
	n.aPort, n.bPort = append(n.aPort, aPort), append(n.bPort, bPort)
	n.spec, n.back = append(n.spec, e.spec(x.Spec)), append(n.back, e.spec(x.Back))
	if len(x.Properties) > 0 {
		if n.linkProps == nil {
			n.linkProps = map[LinkID][]Property{}
		}
		n.linkProps[id] = slices.Clone(x.Properties)
	}
	if x.Link != "" {
		if n.linkName == nil {
			n.linkName, n.linkByName = map[LinkID]string{}, map[string]LinkID{}
		}
		n.linkName[id], n.linkByName[x.Link] = x.Link, id
	} else {
		e.rank(a, b, id)
	}
	e.attach(a, Arc(2*id))
	e.attach(b, Arc(2*id+1))
	return nil
}

func (e *editor) spec(s LinkSpec) uint32 {
	i := slices.Index(e.n.linkSpecs, s)
	if i < 0 {
		i = len(e.n.linkSpecs)
		e.n.linkSpecs = append(e.n.linkSpecs, s)
	}
	return uint32(i)
}

// port gives a node's end of a new link its number.
func (e *editor) port(id NodeID, want PortNo) (PortNo, *fault.Fault) {
	n, arcs := e.n, e.arcsOf(id)
	host := n.kind[id] != Switch
	free := firstPortOf(n.kind[id])
	if host && len(arcs) > 0 {
		free = n.ArcFrom(arcs[0]).Port
	}
	for _, a := range arcs { // they come by rising port
		switch p := n.ArcFrom(a).Port; {
		case p == want:
			return 0, wrong(fault.PortTaken, "link", "", "port %d of %q is used by %s", want, n.NodeName(id), n.LinkName(a.Link()))
		case p == free:
			free++
		}
	}
	switch {
	case want == AutoPort:
		return free, nil
	case want > maxPort || want == 0 && !host:
		return 0, wrong(fault.OutOfRange, "link", "", "port %d of %q: ports of a switch are 1 to %d", want, n.NodeName(id), maxPort)
	case host && len(arcs) > 0 && want < n.ArcFrom(arcs[0]).Port:
		return 0, wrong(fault.PortTaken, "link", "", "port %d of %q would be its first, and it has its addresses at port %d", want, n.NodeName(id), n.ArcFrom(arcs[0]).Port)
	}
	return want, nil
}

// rank fixes the names of all links without one of their own between two nodes, and gives
// a new one the lowest rank that none of them has.
func (e *editor) rank(a, b NodeID, id LinkID) {
	used := e.pin(a, b)
	slices.Sort(used)
	rank := int32(1)
	for _, r := range used {
		if r == rank {
			rank++
		}
	}
	e.n.linkRank[id] = rank
}

// pin fixes the ranks of the parallel links between two nodes, which else are counted.
func (e *editor) pin(a, b NodeID) (used []int32) {
	n := e.n
	if n.linkRank == nil {
		n.linkRank = map[LinkID]int32{}
	}
	for i, id := range e.unnamed(a, b) {
		if _, ok := n.linkRank[id]; !ok { // none is: all are, or none
			n.linkRank[id] = int32(i + 1)
		}
		used = append(used, n.linkRank[id])
	}
	return used
}

func (e *editor) delLink(x *Edit) *fault.Fault {
	id, f := e.findLink(x)
	if f != nil {
		return f
	}
	for _, a := range [2]Arc{Arc(2 * id), Arc(2*id + 1)} {
		if host := e.n.ArcFrom(a).Node; e.n.kind[host] != Switch && e.carriesAddress(a, NoNode) {
			return e.addressed(host, id)
		}
	}
	e.cut(id)
	return nil
}

// findLink finds the link that is meant by name, or by its ends.
func (e *editor) findLink(x *Edit) (LinkID, *fault.Fault) {
	n := e.n
	if x.Link != "" {
		if id := e.linkByName(x.Link); id != NoLink {
			return id, nil
		}
		e.flush()
		var names []string
		for l := range n.Links() {
			if len(names) == 10_000 {
				break
			}
			names = append(names, n.LinkName(l.ID))
		}
		f := fault.New(fault.UnknownLink, fault.Place{Element: "link"}, "there is no link %q", x.Link).Suggest(x.Link, names)
		return NoLink, &f
	}
	a, f := e.find(x.A.Node)
	if f != nil {
		return NoLink, f
	}
	b, f := e.find(x.B.Node)
	if f != nil {
		return NoLink, f
	}
	var found []string
	id := NoLink
	for _, arc := range e.arcsOf(a) {
		from, to := n.ArcFrom(arc), n.ArcTo(arc)
		if to.Node == b && (x.A.Port == AutoPort || x.A.Port == from.Port) && (x.B.Port == AutoPort || x.B.Port == to.Port) {
			id = arc.Link()
			found = append(found, n.PortName(from)+" "+n.PortName(to))
		}
	}
	switch len(found) {
	case 0:
		return NoLink, wrong(fault.UnknownLink, "link", "", "there is no link between %s and %s", x.A, x.B)
	case 1:
		return id, nil
	}
	return NoLink, wrong(fault.UnknownLink, "link", "", "%d links join %s and %s; say which, by their ports: %s", len(found), x.A, x.B, listed(found))
}

// linkByName is LinkByName of the network as it is edited so far.
func (e *editor) linkByName(name string) LinkID {
	n := e.n
	if id, ok := n.linkByName[name]; ok {
		return id
	}
	a, b, rank, ok := derivedName(name)
	if !ok {
		return NoLink
	}
	from, okA := n.NodeByName(a)
	to, okB := n.NodeByName(b)
	if !okA || !okB {
		return NoLink
	}
	for i, id := range e.unnamed(from, to) {
		if fixed, ok := n.linkRank[id]; ok && int(fixed) == rank || !ok && i+1 == rank {
			return id
		}
	}
	return NoLink
}

// unnamed lists the links without a name of their own between two nodes, by id.
func (e *editor) unnamed(a, b NodeID) (ids []LinkID) {
	for _, arc := range e.arcsOf(a) {
		if _, named := e.n.linkName[arc.Link()]; e.n.ArcTo(arc).Node == b && !named {
			ids = append(ids, arc.Link())
		}
	}
	slices.Sort(ids)
	return ids
}

func (l LinkEnd) String() string {
	if l.Port == AutoPort {
		return l.Node
	}
	return l.Node + ":" + strconv.FormatUint(uint64(l.Port), 10)
}

func listed(all []string) string {
	out := ""
	for i, s := range all {
		switch {
		case i == 10:
			return out + ", ..."
		case i > 0:
			out += ", "
		}
		out += s
	}
	return out
}

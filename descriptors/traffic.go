package descriptors

import (
	"io"
	"slices"
	"strings"

	"sendim/converters/flowlist"
	"sendim/core/fault"
	"sendim/core/model"
)

// outside are the lists that were read from files of their own. Their ends are found
// when all nodes are known.
type outside struct {
	flows    []listedFlows
	matrices []listedDemands
	pairs    []listedPairs
}

// numbering says which hosts the numbers of a list stand for.
type numbering struct {
	hosts model.Selector
	first int64
	given bool // hosts was written down
	where fault.Place

	rules  []string // of addresses, as flowlist.ParseRule reads them
	others flowlist.Others
	seed   uint64
}

type listedFlows struct {
	first, end int // in the network's flows
	list       *flowlist.List
	numbering
}

type listedDemands struct {
	first int // in the network's demands
	read  *flowlist.Demands
	numbering
}

type listedPairs struct {
	at   int // in the network's traffic
	read *flowlist.Pairs
	numbering
}

func numberingOf(t *tag) numbering {
	n := numbering{hosts: everyone(t, "hosts"), first: t.int("first"), given: t.has("hosts"), where: t.where}
	n.where.Attribute = "hosts"
	if t.el.attribute("map") {
		for _, rule := range strings.Split(t.text("map"), ";") {
			if rule = strings.TrimSpace(rule); rule != "" {
				n.rules = append(n.rules, rule)
			}
		}
		n.others, n.seed = flowlist.Others(t.text("others")), uint64(t.int("seed"))
	}
	return n
}

// mapping finds the hosts. Lists of names need none.
func (b numbering) mapping(n *model.Network) (flowlist.Mapping, *fault.Fault) {
	hosts, err := n.SelectNodes(b.hosts, model.Host)
	if err != nil && b.given {
		f := fault.New(fault.BadSelector, b.where, "%s", clipped(err))
		return flowlist.Mapping{}, &f
	}
	m := flowlist.Mapping{Hosts: hosts, Of: string(b.hosts), First: b.first, Others: b.others, Seed: b.seed}
	for _, text := range b.rules {
		rule, err := flowlist.ParseRule(n, text)
		if err != nil {
			place := b.where
			if place.Attribute = "map"; place.Element == "" {
				place.Attribute = "--map"
			}
			f := fault.New(fault.BadSelector, place, "%s", clipped(err))
			return flowlist.Mapping{}, &f
		}
		m.Rules = append(m.Rules, rule)
	}
	return m, nil
}

func fractionOf(t *tag, attr string) flowlist.Fraction {
	if !t.has(attr) {
		return flowlist.Fraction{}
	}
	return flowlist.Fraction{Num: t.int(attr), Den: int64(t.at(attr).u)}
}

// listOptions are what <flows> says about reading its file.
func listOptions(t *tag) flowlist.Options {
	return flowlist.Options{Format: flowlist.Format(t.text("format")), Prefix: t.text("prefix"), Origin: t.text("origin") == "first", Start: model.Time(t.int("start")), Until: model.Time(t.int("until")),
		Idle: model.Time(t.int("idle")), Time: fractionOf(t, "time"), Size: fractionOf(t, "size"), Rate: fractionOf(t, "rate"),
		Defaults: model.Flow{Granularity: granularityOf(t), Transport: transportOf(t), Packet: model.Size(t.int("packet")), Chunk: model.Size(t.int("chunk")), Pattern: patternOf(t), Class: t.text("class"), TCP: t.text("tcp")}}
}

// attach opens the file that an element refers to and has it read. It gives false, with
// a fault, when it could not be read or not be understood.
func (d *decoder) attach(t *tag, read func(r io.Reader, o flowlist.Options) error) bool {
	if !t.has("href") {
		return false
	}
	place := t.where
	place.Attribute = "href"
	outer := d.open[len(d.open)-1]
	name, ok := inside(d.root, strings.TrimPrefix(outer, d.prefix), t.text("href"))
	if !ok {
		d.torn = true
		d.faults.Addf(fault.IncludeOutside, place, "%q leaves the project's folder; paths are relative and stay inside", clip(t.text("href")))
		return false
	}
	if len(d.sources) >= d.opts.MaxFiles {
		d.limit(place, "more than %d files", d.opts.MaxFiles)
		return false
	}
	f, err := openRegular(d.fsys, name)
	if err != nil {
		d.torn = true
		d.faults.Addf(fault.IncludeMissing, place, "cannot read %s: %v", name, plain(err))
		return false
	}
	defer f.Close()
	src := &counted{r: f}
	if d.opts.Hash {
		src.start()
	}
	o := flowlist.Options{Name: d.prefix + name, MaxBytes: max(d.opts.MaxBytes-d.bytes, 1)}
	if info, err := f.Stat(); err == nil {
		o.Expect = info.Size()
	}
	d.sources = append(d.sources, Source{File: d.prefix + name})
	d.opened = append(d.opened, openedFile{fsys: d.fsys, file: name, data: true})
	err = read(src, o)
	if l, ok := err.(*fault.List); ok {
		d.torn = true // what refers to a flow of this file would only seem wrong
		d.faults.Merge(l)
	}
	d.bytes += src.n
	at := &d.sources[len(d.sources)-1]
	if d.opts.Hash { // a reader may stop before the end, a checksum may not
		io.Copy(io.Discard, io.LimitReader(src, max(d.opts.MaxBytes-src.n, 0))) //nolint:errcheck // the text was understood without it
	}
	at.Bytes, at.SHA256 = src.n, src.sum()
	return err == nil
}

// flowList reads <flows>.
func (d *decoder) flowList(t *tag) {
	o := listOptions(t)
	b := numberingOf(t)
	n := &d.net
	file := int32(len(d.sources))
	var list *flowlist.List
	ok := d.attach(t, func(r io.Reader, in flowlist.Options) (err error) {
		o.Name, o.MaxBytes, o.Expect, o.MaxFlows = in.Name, in.MaxBytes, in.Expect, max(flowlist.MaxFlows-len(n.Flows), 1)
		list, err = flowlist.Read(r, o)
		return err
	})
	if !ok {
		return
	}
	d.warnings.Merge(&list.Warnings)
	first := len(n.Flows)
	if first == 0 {
		n.Flows = list.Flows
	} else {
		n.Flows = append(n.Flows, list.Flows...)
	}
	list.Flows = nil // until resolve
	spots := d.places.spots["flow"]
	for _, line := range list.Lines {
		spots = append(spots, spot{file: file, line: line})
	}
	d.places.spots["flow"] = spots
	for len(n.toNames) < len(n.Flows) {
		n.toNames = append(n.toNames, model.NoNode)
	}
	n.outside.flows = append(n.outside.flows, listedFlows{first, len(n.Flows), list, b})
}

// sizes reads <sizes>.
func (d *decoder) sizes(el *element, t *tag) {
	d.note(t)
	x := model.Distribution{ID: t.text("id")}
	where, given, fromFile := t.where, t.at("href").set, false
	d.attach(t, func(r io.Reader, o flowlist.Options) error {
		s, err := flowlist.ReadSizes(r, model.Size(t.or("unit", 1)), o)
		if err == nil {
			x.Points, fromFile = s.Points, true
		}
		return err
	})
	inline := 0
	d.w.each(el, func(c *element) {
		t := d.w.open(c)
		if inline++; !given && len(x.Points) < flowlist.MaxPoints {
			x.Points = append(x.Points, model.SizePoint{Size: model.Size(t.int("size")), Share: t.float("share")})
		}
		d.w.leaf(c)
	})
	if given && inline > 0 && !d.w.full() {
		d.faults.Addf(fault.FlowConflict, where, "has a file and points of its own; one of them is enough")
	}
	if given && !fromFile { // reported
		return
	}
	d.net.Distributions = append(d.net.Distributions, x)
}

// demands reads <demands>: its own, or matrices over time from a file.
func (d *decoder) demands(el *element, t *tag) {
	n := &d.net
	m := model.DemandMatrix{Start: model.Time(t.int("start")), Until: model.Time(t.int("until")), Granularity: granularityOf(t), Transport: transportOf(t), Pattern: patternOf(t)}
	where, pos, every, until := t.where, d.spot(t), model.Time(t.int("every")), t.has("until")
	if given := t.at("href").set; !given {
		for _, attr := range [...]string{"hosts", "first", "origin", "every", "time", "rate"} {
			if t.at(attr).set {
				d.w.misplaced(t, attr, "means something only with href")
			}
		}
		if !t.at("until").set && !d.w.full() {
			missing := where
			missing.Attribute = "until"
			d.faults.Addf(fault.MissingAttribute, missing, "the attribute is required without href: when they end")
		}
		d.note(t)
		d.w.each(el, func(c *element) {
			t := d.w.open(c)
			m.Demands = append(m.Demands, model.Demand{From: d.refer(t, "from"), To: d.refer(t, "to"), Rate: model.Rate(t.int("rate"))})
			d.w.leaf(c)
		})
		n.Demands = append(n.Demands, m)
		return
	}
	b := numberingOf(t)
	by, earliest := [2]flowlist.Fraction{fractionOf(t, "time"), fractionOf(t, "rate")}, t.text("origin") == "first"
	var read *flowlist.Demands
	ok := d.attach(t, func(r io.Reader, o flowlist.Options) (err error) {
		o.Time, o.Rate, o.Origin = by[0], by[1], earliest
		read, err = flowlist.ReadDemands(r, o)
		return err
	})
	inline := 0
	d.w.each(el, func(c *element) {
		inline++
		d.w.open(c)
		d.w.leaf(c)
	})
	if inline > 0 && !d.w.full() {
		d.faults.Addf(fault.FlowConflict, where, "has a file and demands of its own; write two <demands>")
	}
	if !ok {
		return
	}
	d.warnings.Merge(&read.Warnings)
	first := len(n.Demands)
	if missing := d.spans(read, m, every, until, where); missing != "" {
		if !d.w.full() {
			place := where
			place.Attribute = "until"
			d.faults.Addf(fault.MissingAttribute, place, "%s", missing)
		}
		return
	}
	for range n.Demands[first:] {
		d.places.spots["demands"] = append(d.places.spots["demands"], pos)
	}
	n.outside.matrices = append(n.outside.matrices, listedDemands{first, read, b})
}

// spans gives each matrix of a file its interval: until the next one; the last one lasts
// as long as every says, until the end that is given, or as long as the one before. What
// begins after the end is left out.
func (d *decoder) spans(read *flowlist.Demands, m model.DemandMatrix, every model.Time, until bool, where fault.Place) (missing string) {
	start, end := m.Start, m.Until
	last := len(read.Matrices) - 1
	if every == 0 && last > 0 {
		every = read.Matrices[last].At - read.Matrices[last-1].At
	}
	if every == 0 && !until {
		return "one matrix lasts until a time that must be given: until, or every"
	}
	kept := 0
	for i, x := range read.Matrices {
		m.Start = start + x.At
		switch {
		case i < last:
			m.Until = start + read.Matrices[i+1].At
		case every > 0:
			m.Until = m.Start + every
		default:
			m.Until = end
		}
		if until && m.Start >= end {
			break
		}
		if until {
			m.Until = min(m.Until, end)
		}
		d.net.Demands = append(d.net.Demands, m)
		kept++
	}
	if dropped := len(read.Matrices) - kept; dropped > 0 {
		d.warnings.Addf(fault.Unused, where, "%d of %d matrices begin after the end and are left out", dropped, len(read.Matrices))
	}
	read.Matrices = read.Matrices[:kept]
	return ""
}

// traffic reads <traffic>.
func (d *decoder) traffic(el *element, t *tag) {
	d.note(t)
	x := model.Traffic{ID: t.text("id"), Kind: t.text("kind"), Sizes: t.text("sizes"), Load: t.float("load"), Of: t.text("of"),
		From: everyone(t, "from"), To: everyone(t, "to"), Start: model.Time(t.int("start")), Until: model.Time(t.int("until")), Rate: model.Rate(t.int("rate")),
		Granularity: granularityOf(t), Transport: transportOf(t), Chunk: model.Size(t.int("chunk")), Packet: model.Size(t.int("packet")), Pattern: patternOf(t), Stride: int(t.int("stride")), Class: t.text("class"), TCP: t.text("tcp")}
	where, given, paired := t.where, t.at("href").set, x.Kind == "pairs"
	var read *flowlist.Pairs
	if paired {
		x.From, x.To = "", ""
		for _, attr := range [...]string{"from", "to"} {
			if t.at(attr).set {
				d.w.misplaced(t, attr, "the pairs say who talks to whom")
			}
		}
		b := numberingOf(t)
		if d.attach(t, func(r io.Reader, o flowlist.Options) (err error) {
			read, err = flowlist.ReadPairs(r, o)
			return err
		}) {
			d.warnings.Merge(&read.Warnings)
			d.net.outside.pairs = append(d.net.outside.pairs, listedPairs{len(d.net.Traffic), read, b})
		}
	} else {
		for _, attr := range [...]string{"href", "hosts", "first"} {
			if t.at(attr).set {
				d.w.misplaced(t, attr, `means something only with kind="pairs"`)
			}
		}
	}
	inline := 0
	d.w.each(el, func(c *element) {
		t := d.w.open(c)
		inline++
		x.Pairs = append(x.Pairs, model.Pair{From: d.refer(t, "from"), To: d.refer(t, "to"), Weight: t.float("share")})
		d.w.leaf(c)
	})
	if inline > 0 && (given || !paired) && !d.w.full() {
		d.faults.Addf(fault.FlowConflict, where, `holds pairs; they belong into kind="pairs" without href`)
	}
	d.net.Traffic = append(d.net.Traffic, x)
}

// sizesKnown reports traffic whose sizes are neither a size nor a distribution.
func (n *rest) sizesKnown(d *decoder) {
	names := knownSizes()
	for i := range n.Distributions {
		names = append(names, n.Distributions[i].ID)
	}
	for i := range n.Traffic {
		s := n.Traffic[i].Sizes
		if _, err := model.ParseSize(s); s == "" || err == nil || slices.Contains(names, s) || slices.Contains(knownSizes(), strings.ToLower(s)) {
			continue
		}
		d.faults.Add(fault.New(fault.UnknownReference, d.spotPlace(d.places.spots["traffic"][i], "traffic", "sizes"),
			"%q is neither a size such as 64KB nor a distribution; there are %s", clip(s), join(names[:min(len(names), 20)], "", "")).Suggest(s, names))
	}
}

// resolve gives the lists their nodes; the services are known by now.
func (o *outside) resolve(d *decoder, net *model.Network) {
	find := func(b numbering, resolve func(*model.Network, flowlist.Mapping) *fault.List) {
		m, bad := b.mapping(net)
		found := resolve(net, m)
		if bad != nil {
			d.faults.Add(*bad) // that no number is known follows
			return
		}
		d.faults.Merge(found)
	}
	for _, x := range o.flows {
		x.list.Flows = slices.Clip(d.net.Flows[x.first:x.end])
		find(x.numbering, x.list.Resolve)
		d.warnings.Merge(&x.list.Remarks)
	}
	for _, x := range slices.Backward(o.flows) {
		o.shorten(d, &x)
	}
	net.Flows = d.net.Flows
	for _, x := range o.matrices {
		find(x.numbering, x.read.Resolve)
		for i, m := range x.read.Matrices {
			d.net.Demands[x.first+i].Demands = m.Demands
		}
	}
	for _, x := range o.pairs {
		find(x.numbering, x.read.Resolve)
		t := &d.net.Traffic[x.at]
		t.Pairs = x.read.Pairs
		for i := range t.Pairs {
			t.Pairs[i].Weight /= x.read.Sum
		}
	}
}

// shorten takes out flows that a list has left out when its ends were found.
func (o *outside) shorten(d *decoder, x *listedFlows) {
	kept := x.first + len(x.list.Flows)
	if kept == x.end {
		return
	}
	d.net.Flows = slices.Delete(d.net.Flows, kept, x.end)
	spots := d.places.spots["flow"]
	for i, line := range x.list.Lines {
		spots[x.first+i].line = line
	}
	d.places.spots["flow"] = slices.Delete(spots, kept, x.end)
}

// skip gives the end of the list that begins at a flow, or 0.
func (o *outside) skip(i int) int {
	for _, x := range o.flows {
		if i == x.first {
			return x.end
		}
	}
	return 0
}

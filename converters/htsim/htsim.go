// Package htsim reads the fat-tree parameters of the simulator htsim (csg-htsim,
// fat_tree_topology: two tiers are a leaf-spine, three have pods and a core) and builds the
// network that htsim builds of them: the same hosts under the same switches in the same
// order, so that host numbers in its connection matrices mean the same hosts. It serves
// the importer.
package htsim

import (
	"fmt"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// maxHosts bounds what a file of a few lines may ask for.
const maxHosts = 1 << 17

// Is says whether a file looks like htsim's.
func Is(f draft.File) bool {
	seen := map[string]bool{}
	for l := range draft.Lines(string(f.Data[:min(len(f.Data), 4096)])) {
		if fields := words(l.Text); len(fields) == 2 {
			seen[strings.ToLower(fields[0])] = true
		}
	}
	return seen["nodes"] && seen["tiers"] && seen["podsize"]
}

// tier is one level: 0 top of rack, 1 aggregation, 2 core. Its links are those downwards.
type tier struct {
	seen               bool
	speed              int64 // Gbit/s
	up, down           int64 // ports
	bundle             int64 // parallel links
	oversub            int64
	latency, switching int64 // ns
	qdown, qup         int64 // what may wait at its switches, in a unit that the file does not say
	line               int32
}

// Read reads one file.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.BadChoice, fault.Place{File: files[1].Name}, "an htsim topology is one file")
	}
	f := files[0]
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	var faults fault.List
	head := map[string]int64{}
	tiers := [3]tier{{bundle: 1, oversub: 1}, {bundle: 1, oversub: 1}, {bundle: 1, oversub: 1}}
	at := -1
	for l := range draft.Lines(text) {
		fields := words(l.Text)
		if len(fields) == 0 {
			continue
		}
		if faults.Full() {
			break
		}
		if len(fields) != 2 {
			faults.Addf(fault.Syntax, f.Place(l.No), "%q: a line has a name and a number", draft.Clip(l.Text))
			continue
		}
		v, err := draft.Count(fields[1], 1<<30)
		if err != nil {
			faults.Addf(fault.BadNumber, f.Place(l.No), "%s: %v", draft.Clip(fields[0]), err)
			continue
		}
		name := strings.ToLower(fields[0])
		switch {
		case name == "tier":
			if v > 2 {
				faults.Addf(fault.OutOfRange, f.Place(l.No), "there are tiers 0 to 2, not %d", v)
				break
			}
			at = int(v)
			tiers[at].seen, tiers[at].line = true, l.No
		case at < 0 && (name == "nodes" || name == "tiers" || name == "podsize"):
			head[name] = v
		case at < 0:
			faults.Add(fault.New(fault.UnknownAttribute, f.Place(l.No), "the head has Nodes, Tiers and Podsize, not %q", draft.Clip(fields[0])).Suggest(name, []string{"nodes", "tiers", "podsize"}))
		default:
			field := tiers[at].field(name)
			if field == nil {
				faults.Add(fault.New(fault.UnknownAttribute, f.Place(l.No), "a tier has no %q", draft.Clip(fields[0])).Suggest(name, fieldNames()))
				break
			}
			*field = v
		}
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	return build(f, head, tiers)
}

// words are those of a line, without the remark behind them.
func words(line string) []string {
	line, _, _ = strings.Cut(line, "#")
	return strings.Fields(line)
}

func fieldNames() []string {
	return []string{"downlink_speed_gbps", "radix_up", "radix_down", "oversubscribed", "bundle", "switch_latency_ns", "downlink_latency_ns", "queue_down", "queue_up"}
}

func (t *tier) field(name string) *int64 {
	switch name {
	case "downlink_speed_gbps":
		return &t.speed
	case "radix_up":
		return &t.up
	case "radix_down":
		return &t.down
	case "oversubscribed":
		return &t.oversub
	case "bundle":
		return &t.bundle
	case "switch_latency_ns":
		return &t.switching
	case "downlink_latency_ns":
		return &t.latency
	case "queue_down":
		return &t.qdown
	case "queue_up":
		return &t.qup
	}
	return nil
}

// build follows htsim's set_custom_params and init_network.
func build(f draft.File, head map[string]int64, tiers [3]tier) (*draft.Network, error) {
	var faults fault.List
	hosts, levels, podsize := head["nodes"], head["tiers"], head["podsize"]
	bad := func(line int32, format string, args ...any) {
		faults.Addf(fault.OutOfRange, f.Place(line), format, args...)
	}
	switch {
	case levels != 2 && levels != 3:
		bad(0, "Tiers is %d; htsim has 2 and 3", levels)
	case hosts < 1 || hosts > maxHosts:
		bad(0, "Nodes is %d; 1 to %d are allowed", hosts, maxHosts)
	case podsize < 1 || hosts%podsize != 0:
		bad(0, "Nodes, %d, is not a multiple of Podsize, %d", hosts, podsize)
	}
	for i := range tiers[:min(max(levels, 0), 3)] {
		t := &tiers[i]
		switch {
		case !t.seen:
			bad(0, "there is no Tier %d", i)
		case t.speed < 1 || t.down < 1 || t.bundle < 1 || t.oversub < 1:
			bad(t.line, "Tier %d needs Downlink_speed_Gbps, Radix_Down, Bundle and Oversubscribed above 0", i)
		case t.down%t.bundle != 0:
			bad(t.line, "Tier %d: Radix_Down, %d, is not a multiple of Bundle, %d", i, t.down, t.bundle)
		}
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	tor, agg, core := tiers[0], tiers[1], tiers[2]
	pods := hosts / podsize
	if levels == 2 {
		pods = 1
	}
	perTor := tor.down / tor.bundle
	torUplinks := hosts * tor.speed / (agg.speed * tor.oversub)
	switch {
	case hosts%perTor != 0 || podsize%perTor != 0:
		bad(tor.line, "Podsize, %d, is not a multiple of the %d hosts of a top-of-rack switch", podsize, perTor)
	case torUplinks%(pods*agg.down) != 0 || torUplinks == 0:
		bad(agg.line, "%d links up from the top-of-rack switches do not fill switches of Radix_Down %d in %d pods", torUplinks, agg.down, pods)
	}
	if faults.Total > 0 {
		return nil, &faults
	}
	tors, aggs := hosts/perTor, torUplinks/agg.down
	torsPerPod, aggsPerPod := tors/pods, aggs/pods
	cores, perAgg := int64(0), int64(0)
	if levels == 3 {
		aggUplinks := torUplinks * agg.speed / (core.speed * agg.oversub)
		if aggUplinks%core.down != 0 || agg.up%core.bundle != 0 {
			bad(core.line, "%d links up to the core do not fill switches of Radix_Down %d in bundles of %d", aggUplinks, core.down, core.bundle)
			return nil, &faults
		}
		cores, perAgg = aggUplinks/core.down, agg.up/core.bundle
		if cores == 0 || aggsPerPod-1+aggsPerPod*(perAgg-1) >= cores {
			bad(agg.line, "Radix_Up %d of the aggregation leads to more than the %d core switches", agg.up, cores)
			return nil, &faults
		}
	}
	if links := hosts*tor.bundle + tors*aggsPerPod*agg.bundle + aggs*perAgg*core.bundle; links > 32*maxHosts {
		bad(0, "%d links; %d are allowed", links, 32*maxHosts)
		return nil, &faults
	}
	w := &wires{n: &draft.Network{File: f.Name, Format: fmt.Sprintf("htsim fat-tree of %d tiers", levels)}}
	host, low, up, top := w.nodes(model.Host, "h", hosts), w.nodes(model.Switch, "tor", tors), w.nodes(model.Switch, "agg", aggs), w.nodes(model.Switch, "core", cores)
	for i := range hosts {
		w.link(low+i/perTor, host+i, tor, 0)
	}
	for i := range tors {
		for j := range aggsPerPod {
			w.link(up+i/torsPerPod*aggsPerPod+j, low+i, agg, tor.qup)
		}
	}
	for i := range aggs {
		for l := range perAgg {
			w.link(top+i%aggsPerPod+aggsPerPod*l, up+i, core, agg.qup)
		}
	}
	if tor.qdown+tor.qup+agg.qdown+agg.qup+core.qdown > 0 {
		w.n.Notes = append(w.n.Notes, "sizes of queues, whose unit the file does not say, are kept as properties of the links")
	}
	if s := tor.switching + agg.switching + core.switching; s > 0 {
		w.n.Notes = append(w.n.Notes, "the latency of a switch is added to the links below it")
	}
	return w.n, nil
}

type wires struct{ n *draft.Network }

func (w *wires) nodes(kind model.NodeKind, name string, count int64) (first int64) {
	first = int64(len(w.n.Nodes))
	for i := range count {
		id := fmt.Sprintf("%s%d", name, i)
		node := draft.Node{ID: id, Kind: kind}
		if kind == model.Switch {
			node.Labels = []string{name}
		}
		w.n.Nodes = append(w.n.Nodes, node)
	}
	return first
}

func (w *wires) link(upper, lower int64, t tier, qup int64) {
	spec := model.LinkSpec{Rate: model.Rate(t.speed) * 1e9, Delay: model.Time(t.latency+t.switching) * model.Nanosecond}
	var props []model.Property
	for _, q := range []struct {
		name string
		size int64
	}{{"htsim.queue_down", t.qdown}, {"htsim.queue_up", qup}} {
		if q.size > 0 {
			props = append(props, model.Property{Name: q.name, Value: strconv.FormatInt(q.size, 10)})
		}
	}
	for range t.bundle {
		w.n.Links = append(w.n.Links, draft.Link{A: int32(upper), B: int32(lower), Spec: spec, Properties: props,
			RateFrom: "Downlink_speed_Gbps", DelayFrom: "Downlink_Latency_ns", Line: t.line})
	}
}

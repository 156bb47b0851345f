package job

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors"
)

// MostTables is how many flow tables OpenFlow 1.3 numbers (0 to 254).
const MostTables = 255

// wants is what a model asks of a world: for each capability, what asks for it first
// and how many do.
type wants struct {
	order []backend.Capability
	first map[backend.Capability]fault.Place
	what  map[backend.Capability]string
	count map[backend.Capability]int
}

func (w *wants) add(c backend.Capability, place func() fault.Place, what func() string) {
	if w.count[c]++; w.count[c] == 1 {
		w.order = append(w.order, c)
		w.first[c], w.what[c] = place(), what()
	}
}

// asked lists what a job's model wants. virtual says that the world follows flows at
// the granularity asked for; others are free.
func asked(j *Job, virtual bool) *wants {
	n := j.Model
	w := &wants{first: map[backend.Capability]fault.Place{}, what: map[backend.Capability]string{}, count: map[backend.Capability]int{}}
	for l := range model.LinkID(n.LinkCount()) {
		if n.LinkGone(l) {
			continue
		}
		place := func() fault.Place {
			if j.Places == nil {
				return fault.Place{Element: "link"}
			}
			return j.Places.LinkPlace(l)
		}
		what := func() string { return "link " + n.LinkName(l) }
		for _, arc := range [2]model.Arc{model.Arc(2 * l), model.Arc(2*l + 1)} {
			s := n.ArcSpec(arc)
			for _, want := range [...]struct {
				asks bool
				cap  backend.Capability
			}{{s.Rate > 0, backend.LinkRate}, {s.Delay > 0, backend.LinkDelay}, {s.Jitter > 0, backend.LinkJitter}, {s.Loss > 0, backend.LinkLoss},
				{s.Queue != (model.QueueLimit{}) && s.Queue != model.DefaultQueue, backend.LinkQueue}, {s.Discipline != "", backend.Discipline}} {
				if want.asks && (arc&1 == 0 || *s != *n.ArcSpec(arc - 1)) {
					w.add(want.cap, place, what)
				}
			}
		}
	}
	object := func(element string, i int) func() fault.Place {
		return func() fault.Place {
			if j.Places == nil {
				return fault.Place{Element: element}
			}
			return j.Places.ObjectPlace(element, i)
		}
	}
	queued := map[string]bool{} // classes that queues would treat differently
	for _, c := range n.Classes {
		queued[c.ID] = c.Min > 0 || c.Max > 0 || c.Priority != 0
	}
	for i, f := range n.Flows {
		if queued[f.Class] {
			w.add(backend.Queues, object("flow", i), func() string { return "the class of flow " + f.ID })
		}
		if f.TCP != "" {
			w.add(backend.TCPOptions, object("flow", i), func() string { return "flow " + f.ID })
		}
		if virtual && f.Granularity == model.GranularityChunk || f.Chunks != "" {
			w.add(backend.ChunkFlows, object("flow", i), func() string { return "flow " + f.ID })
		}
	}
	for i, t := range n.TCPs {
		if t.ID == model.DefaultTCP {
			w.add(backend.TCPOptions, object("tcp", i), func() string { return "the default TCP" })
		}
	}
	for i, t := range n.Traffic {
		if queued[t.Class] {
			w.add(backend.Queues, object("traffic", i), func() string { return "the class of traffic " + t.ID })
		}
		if t.TCP != "" {
			w.add(backend.TCPOptions, object("traffic", i), func() string { return "traffic " + t.ID })
		}
		if virtual && t.Granularity == model.GranularityChunk {
			w.add(backend.ChunkFlows, object("traffic", i), func() string { return "traffic " + t.ID })
		}
	}
	for i, p := range n.Processes {
		if !virtual || p.As == "" {
			w.add(backend.Processes, object("process", i), func() string { return "the program " + strconv.Quote(p.Command) })
		}
	}
	for i, step := range n.Scenario {
		for _, c := range step.Changes {
			if c.Kind == model.ControlDelay || c.Kind == model.ControlLoss {
				w.add(backend.ControlLatency, object("at", i), func() string { return "a change of the control channel of " + n.NodeName(c.Node) })
			}
		}
	}
	for i, x := range n.Watches {
		if x.Capture {
			w.add(backend.Captures, object("trace", i), func() string { return "a <trace>" })
		}
	}
	for _, id := range n.NodesOfKind(model.External) {
		place := func() fault.Place {
			if j.Places == nil {
				return fault.Place{Element: "node"}
			}
			return j.Places.NodePlace(id)
		}
		w.add(backend.ExternalNode, place, func() string { return "node " + n.NodeName(id) })
	}
	return w
}

// checkWorld compares what the model asks with what the world can do, before anything
// is built. What is missing is a fault with its place or, where the deployment allows
// it, something the run goes without.
func checkWorld(j *Job, caps *backend.Capabilities, world string) (without []backend.Capability, err error) {
	w := asked(j, caps.Has(backend.VirtualTime))
	var faults fault.List
	for _, c := range w.order {
		if caps.Has(c) {
			continue
		}
		reason := caps.Missing[c]
		if reason == "" {
			reason = "this world does not have it"
		}
		more := ""
		if n := w.count[c]; n > 1 {
			more = fmt.Sprintf(" and %d more", n-1)
		}
		optional := slices.Contains([]backend.Capability{backend.LinkRate, backend.LinkDelay, backend.LinkJitter, backend.LinkLoss, backend.LinkQueue, backend.Discipline, backend.TCPOptions, backend.ControlLatency}, c)
		// Classes are for apps as well, which may hold users to them where queues do not:
		// nobody has to allow that a world has none of its own.
		if j.Deployment.Degrade == deployment.Allow && optional || c == backend.Queues {
			without = append(without, c)
			j.Warnings = append(j.Warnings, fmt.Sprintf("%s goes without %s, which %s%s asks for: %s", world, c, w.what[c], more, reason))
			continue
		}
		hint := ""
		if optional {
			hint = `; degrade="allow" in the deployment descriptor, or --degrade, goes on without it`
		}
		faults.Addf(fault.MissingCapability, w.first[c], "%s cannot do %s, which %s%s asks for: %s%s", world, c, w.what[c], more, reason, hint)
	}
	if top := caps.HighestRate; top > 0 {
		over := 0
		for l := range model.LinkID(j.Model.LinkCount()) {
			if j.Model.ArcSpec(model.Arc(2*l)).Rate > top || j.Model.ArcSpec(model.Arc(2*l+1)).Rate > top {
				over++
			}
		}
		if over > 0 {
			j.Warnings = append(j.Warnings, fmt.Sprintf("%d links ask for more than the %s that %s can be trusted with on this machine; <scale rate=\"1/10\">, or --scale 1/10, makes the network smaller in every world alike", over, top, world))
		}
	}
	return without, faults.Err()
}

// manifests asks every app of a job for its manifest. The error names apps that cannot
// be found or started.
func manifests(ctx context.Context, j *Job, launch backend.Launcher) ([]app.Manifest, error) {
	out := make([]app.Manifest, 0, len(j.Deployment.Applications))
	var faults fault.List
	for _, a := range j.Deployment.Applications {
		if j.Deployment.Environment == deployment.Production && a.SHA256 == "" && !strings.HasPrefix(a.Plugin, "builtin:") {
			faults.Addf(fault.ChecksumMissing, appPlace(j, a.Name, "sha256"), "production asks for the checksum of every application")
		}
		instance, err := launch(ctx, a)
		if err != nil {
			f, ok := asFault(err)
			if !ok {
				return nil, fmt.Errorf("start application %q: %w", a.Name, err)
			}
			if f.Place.File == "" && f.Place.Line == 0 {
				f.Place = appPlace(j, a.Name, "plugin")
			}
			faults.Add(f)
			out = append(out, app.Manifest{}) // nothing is known about it
			continue
		}
		out = append(out, instance.Manifest())
		if err := instance.Close(); err != nil {
			return nil, fmt.Errorf("end application %q: %w", a.Name, err)
		}
	}
	return out, faults.Err()
}

// asFault finds the first fault in an error.
func asFault(err error) (fault.Fault, bool) {
	var f fault.Fault
	return f, errors.As(err, &f)
}

func appPlace(j *Job, name, attribute string) fault.Place {
	place := fault.Place{File: j.Descriptor, Element: "application " + strconv.Quote(name), Attribute: attribute}
	if j.Descriptor != "" {
		place.Line, place.Column = descriptors.ApplicationPlace(j.Descriptor, name, attribute)
	}
	return place
}

// checkApps holds a job's applications against their manifests and, when caps is not
// nil, against the world.
func checkApps(j *Job, manifests []app.Manifest, caps *backend.Capabilities, world string) error {
	var faults fault.List
	tables := 0
	for i, a := range j.Deployment.Applications {
		m := manifests[i]
		if m.Name == "" {
			continue // its absence is a fault already
		}
		tables += max(1, m.Tables)
		checkParams(j, a, m, &faults)
		if m.Chains && i == len(j.Deployment.Applications)-1 {
			faults.Addf(fault.BadChoice, appPlace(j, a.Name, ""), "hands packets on to the next application, and none follows it")
		}
		if caps == nil {
			continue
		}
		granted := caps.Grant()
		for _, need := range m.Needs {
			if !slices.Contains(granted, need) {
				reason := caps.Missing[backend.Capability(need)]
				if reason == "" {
					reason = "this world does not have it"
				}
				faults.Addf(fault.MissingCapability, appPlace(j, a.Name, ""), "needs %s, which %s cannot do: %s", need, world, reason)
			}
		}
	}
	if tables > MostTables {
		faults.Addf(fault.OutOfRange, fault.Place{File: j.Descriptor, Element: "application"}, "the applications use %d tables; a switch has %d", tables, MostTables)
	}
	return faults.Err()
}

func checkParams(j *Job, a deployment.Application, m app.Manifest, faults *fault.List) {
	known := map[string]app.Parameter{}
	var names []string
	for _, p := range m.Parameters {
		known[p.Name] = p
		names = append(names, p.Name)
	}
	given := map[string]bool{}
	for _, p := range a.Params {
		place := appPlace(j, a.Name, p.Name)
		spec, ok := known[p.Name]
		if !ok {
			text := "has no parameters"
			if len(names) > 0 {
				text = "its parameters are " + strings.Join(names, ", ")
			}
			faults.Add(fault.New(fault.UnknownParameter, place, "%s has no parameter %q; %s", a.Plugin, p.Name, text).Suggest(p.Name, names))
			continue
		}
		if given[p.Name] {
			faults.Addf(fault.BadParameter, place, "is given twice")
		}
		given[p.Name] = true
		if err := checkValue(spec, p.Value); err != nil {
			faults.Add(fault.New(fault.BadParameter, place, "%v", err).Suggest(p.Value, spec.Choices))
		}
	}
	for _, p := range m.Parameters {
		if p.Required && !given[p.Name] {
			faults.Addf(fault.BadParameter, appPlace(j, a.Name, p.Name), "must be given: %s", p.Doc)
		}
	}
}

func checkValue(p app.Parameter, value string) (err error) {
	switch p.Type {
	case app.Int:
		if _, err = strconv.ParseInt(value, 10, 64); err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
	case app.Float:
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%q is not a finite number", value)
		}
	case app.Bool:
		if value != "true" && value != "false" {
			return fmt.Errorf("%q is neither true nor false", value)
		}
	case app.Duration:
		_, err = model.ParseTime(value)
	case app.RateType:
		_, err = model.ParseRate(value)
	case app.Choice:
		if !slices.Contains(p.Choices, value) {
			return fmt.Errorf("%q is not one of %s", value, strings.Join(p.Choices, ", "))
		}
	}
	if text := p.Outside(value); err == nil && text != "" {
		err = errors.New(text)
	}
	return err
}

// Findings is what a check found out on the way.
type Findings struct {
	Manifests    []app.Manifest // in the order of the applications
	Capabilities backend.Capabilities
	Without      []backend.Capability // what the model asks for and the run goes without
}

// Check says everything that is wrong with a job before anything is built: its
// applications, and what the model asks of the world. A nil backend leaves the world
// out. What the run goes without is added to the job's warnings.
func Check(ctx context.Context, j *Job, b backend.Backend, launch backend.Launcher) (Findings, error) {
	var found Findings
	var faults fault.List
	var err error
	found.Manifests, err = manifests(ctx, j, launch)
	if err := gather(&faults, err); err != nil {
		return found, err
	}
	var caps *backend.Capabilities
	world := ""
	if b != nil {
		world = b.Name()
		found.Capabilities, err = b.Capabilities(ctx, backend.Spec{Deployment: j.Deployment, Model: j.Model, Seed: j.Deployment.Seed(), Launch: launch})
		if err := gather(&faults, err); err != nil {
			return found, fmt.Errorf("ask what %s can do: %w", world, err)
		}
		if err != nil {
			return found, faults.Err()
		}
		caps = &found.Capabilities
		found.Without, err = checkWorld(j, caps, world)
		if err := gather(&faults, err); err != nil {
			return found, err
		}
	}
	if err := gather(&faults, checkApps(j, found.Manifests, caps, world)); err != nil {
		return found, err
	}
	if faults.Total == 0 {
		for _, w := range unheeded(j.Model, found.Manifests) {
			if !slices.Contains(j.Warnings, w) { // a job may be held against several worlds
				j.Warnings = append(j.Warnings, w)
			}
		}
	}
	return found, faults.Err()
}

// gather merges an error into a list if it is made of faults and gives it back if not.
func gather(l *fault.List, err error) error {
	var more *fault.List
	var one fault.Fault
	switch {
	case err == nil:
	case errors.As(err, &more):
		l.Merge(more)
	case errors.As(err, &one):
		l.Add(one)
	default:
		return err
	}
	return nil
}

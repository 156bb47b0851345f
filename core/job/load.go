package job

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors"
	"sendim/descriptors/generate"
)

// Input is what a user gave: a deployment descriptor, or system descriptors, or the
// shape of a network; and what wins over the descriptor.
type Input struct {
	Descriptor string   // deployment descriptor, or ""
	Systems    []string // system descriptors; they win over those the deployment names
	Topology   string   // as "linear,4"; wins over both
	Flows      []string // lists of flows, as descriptors.ReplaceFlows reads them; carried instead of the network's own traffic
	Maps       []string // which hosts the addresses of those lists stand for, as 10.1.0.0/16=dc-h*
	On         string   // name of a world; wins over the descriptor's realization
	Seed       *uint64
	Until      *model.Time
	Workers    *int                     // of a simulation, 0: as many as gain by it; wins over the descriptor's
	Apps       []deployment.Application // replace the descriptor's, unless empty
	Default    deployment.Application   // the app when nobody names one
	Params     []AppParam               // win over the descriptor's
	Tests      []model.Test             // added to the model's
	Watches    []model.Watch            // added to the model's
	Interval   model.Time               // of series; wins over the descriptor's unless 0
	Degrade    bool                     // go on without what the world cannot do
	Scale      *deployment.Scale        // wins over the descriptor's
	StaticARP  bool                     // hosts know each other's addresses, whatever the descriptor says
}

// AppParam sets one parameter; App "" means the only app.
type AppParam struct{ App, Name, Value string }

// Job is what a run is made of: read, completed and scaled.
type Job struct {
	Deployment *deployment.Deployment
	Descriptor string
	Model      *model.Network // scaled
	Sources    []descriptors.Source
	Places     model.Locator // nil when the network came from no file
	Warnings   []string
}

// Load reads an input. Its error holds every fault of the files.
func Load(in Input) (*Job, error) {
	j := &Job{Descriptor: in.Descriptor, Deployment: &deployment.Deployment{Realization: deployment.Simulation, Environment: deployment.Development}}
	var faults fault.List
	if in.Descriptor != "" {
		d, warnings, err := descriptors.LoadDeployment(in.Descriptor)
		j.warn(warnings)
		if err != nil {
			return nil, err
		}
		j.Deployment = beside(in.Descriptor, d)
	}
	if err := j.network(in); err != nil {
		return nil, err
	}
	replayed, err := j.flows(in)
	if err != nil {
		return nil, err
	}
	j.override(in, &faults)
	if in.StaticARP {
		n := *j.Model
		n.StaticARP = true
		j.Model = &n
	}
	before := j.Model.Flows
	var notes []string
	j.Model, notes = scaled(j.Model, j.Deployment.Scale)
	// What a run carried has been scaled once.
	copy(j.Model.Flows[len(before)-replayed:], before[len(before)-replayed:])
	j.Warnings = append(j.Warnings, notes...)
	return j, faults.Err()
}

// beside makes the apps that a descriptor names by a path relative to it, as it does
// with its system descriptors: where sendim is called from changes nothing.
func beside(descriptor string, d *deployment.Deployment) *deployment.Deployment {
	out := *d
	out.Applications = slices.Clone(d.Applications)
	for i := range out.Applications {
		a := &out.Applications[i]
		if !strings.ContainsRune(a.Plugin, '/') || strings.HasPrefix(a.Plugin, "builtin:") || filepath.IsAbs(a.Plugin) {
			continue
		}
		path := filepath.Join(filepath.Dir(descriptor), a.Plugin)
		if !strings.ContainsRune(path, '/') {
			path = "./" + path // a path still, and not a name
		}
		a.Plugin = path
	}
	return &out
}

func (j *Job) warn(l *fault.List) {
	if l == nil {
		return
	}
	for _, f := range l.Faults {
		j.Warnings = append(j.Warnings, f.Error())
	}
}

func (j *Job) network(in Input) error {
	if in.Topology != "" {
		r, err := generate.Parse(in.Topology)
		if err != nil {
			return err
		}
		b := model.NewBuilder(r.Kind)
		if err := generate.Build(r, b); err != nil {
			return err
		}
		n, faults := b.Build(nil)
		j.Model = n
		return faults.Err()
	}
	files := in.Systems
	o := descriptors.Options{Hash: true}
	var sys *descriptors.System
	var warnings *fault.List
	var err error
	switch {
	case len(files) > 0:
		sys, warnings, err = descriptors.Load(o, files...)
	case in.Descriptor != "" && len(j.Deployment.Systems) > 0:
		sys, warnings, err = descriptors.LoadSystems(o, in.Descriptor, j.Deployment)
	default:
		return fault.New(fault.FileMissing, fault.Place{File: in.Descriptor}, "there is no network to run: name a deployment descriptor, a system descriptor (-t) or a shape (--topo linear,4)")
	}
	j.warn(warnings)
	if err != nil {
		return err
	}
	j.Model, j.Sources, j.Places = sys.Model, sys.Sources, sys.Places
	return nil
}

// flows lets lists of flows replace the network's own traffic. The last ones, so many as
// are given back, are those of runs.
func (j *Job) flows(in Input) (replayed int, err error) {
	if len(in.Flows) == 0 {
		return 0, nil
	}
	r, warnings, err := descriptors.ReplaceFlows(descriptors.Options{Hash: true, AddressRules: in.Maps}, j.Model, j.Places, in.Flows...)
	j.warn(warnings)
	if err != nil {
		return 0, err
	}
	j.Model, j.Places, j.Sources = r.Model, r.Places, append(slices.Clone(j.Sources), r.Sources...)
	return r.Replayed, nil
}

// override lets the command line win. The descriptor's values are copied first: a Job
// may be loaded again from the same deployment.
func (j *Job) override(in Input, faults *fault.List) {
	d := *j.Deployment
	j.Deployment = &d
	if in.On != "" {
		d.Prefer = "" // whoever names a world leaves no choice
	}
	if in.On != "" && in.On != WorldOf(&d) {
		until, seed := d.Until(), d.Seed()
		d.Realization, d.Emulation.Emulator = deployment.Emulation, in.On
		if in.On == string(deployment.Simulation) || in.On == string(deployment.Physical) {
			d.Realization, d.Emulation.Emulator = deployment.Realization(in.On), ""
		}
		in.Until, in.Seed = either(in.Until, until), either(in.Seed, seed)
	}
	for _, file := range []*string{&d.Control.CA, &d.Control.Cert, &d.Control.Key} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(in.Descriptor), *file)
		}
	}
	if in.Scale != nil {
		d.Scale = *in.Scale
	}
	if in.Degrade {
		d.Degrade = deployment.Allow
	}
	if in.Until != nil {
		d.Simulation.Until, d.Emulation.Until, d.Physical.Until = *in.Until, *in.Until, *in.Until
	}
	if in.Seed != nil {
		d.Simulation.Seed, d.Emulation.Seed, d.Physical.Seed = *in.Seed, *in.Seed, *in.Seed
	}
	if in.Workers != nil {
		d.Simulation.Workers = *in.Workers
	}
	d.Applications = slices.Clone(d.Applications)
	if len(in.Apps) > 0 {
		d.Applications = slices.Clone(in.Apps)
	} else if len(d.Applications) == 0 && in.Descriptor == "" && in.Default.Plugin != "" {
		d.Applications = []deployment.Application{in.Default}
	}
	for _, p := range in.Params {
		j.setParam(p, faults)
	}
	j.watch(in, faults)
	if len(in.Tests) > 0 {
		n := *j.Model
		n.Tests = append(slices.Clone(n.Tests), in.Tests...)
		j.Model = &n
	}
}

func either[T any](v *T, other T) *T {
	if v != nil {
		return v
	}
	return &other
}

// SetParams sets parameters of a job's apps.
func (j *Job) SetParams(params []AppParam) error {
	var faults fault.List
	for _, p := range params {
		j.setParam(p, &faults)
	}
	return faults.Err()
}

func (j *Job) setParam(p AppParam, faults *fault.List) {
	apps := j.Deployment.Applications
	var names []string
	for i := range apps {
		names = append(names, apps[i].Name)
		if apps[i].Name != p.App && !(p.App == "" && len(apps) == 1) {
			continue
		}
		params := slices.DeleteFunc(slices.Clone(apps[i].Params), func(q deployment.Param) bool { return q.Name == p.Name })
		apps[i].Params = append(params, deployment.Param{Name: p.Name, Value: p.Value})
		return
	}
	f := fault.New(fault.UnknownApp, fault.Place{Attribute: "--param"}, "there is no application %q; the run has %s", p.App, strings.Join(names, ", "))
	faults.Add(f.Suggest(p.App, names))
}

// WorldOf is the name of the backend that a deployment asks for.
func WorldOf(d *deployment.Deployment) string {
	switch {
	case d.Realization != deployment.Emulation:
		return string(d.Realization)
	case d.Emulation.Emulator == "":
		return "mininet"
	}
	return d.Emulation.Emulator
}

// Pick finds the backend that a deployment asks for.
func Pick(d *deployment.Deployment, file string, backends []backend.Backend) (backend.Backend, error) {
	want := WorldOf(d)
	var names []string
	for _, b := range backends {
		if b.Name() == want {
			return b, nil
		}
		names = append(names, b.Name())
	}
	if want == "" {
		return nil, fault.New(fault.RealizationMissing, fault.Place{File: file, Element: "deployment", Attribute: "realization"}, "says no kind of world; there are %s", strings.Join(names, ", "))
	}
	f := fault.New(fault.NotYet, fault.Place{File: file}, "the world %q is not available in this version; there are %s", want, strings.Join(names, ", "))
	return nil, f.Suggest(want, names)
}

// Title is what a job is called: the deployment's name or the network's.
func (j *Job) Title() string {
	if j.Deployment.Name != "" {
		return j.Deployment.Name
	}
	if j.Model.Name != "" {
		return j.Model.Name
	}
	return fmt.Sprintf("%d-nodes", j.Model.NodeCount())
}

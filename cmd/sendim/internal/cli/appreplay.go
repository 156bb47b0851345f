package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
	"sendim/plugins/apptest"
)

// replay tells the app what a recorded run's diary holds. The error says why the run
// cannot be replayed.
func (e *examination) replay(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "trace.jsonl")
	}
	f, err := os.Open(file)
	if err != nil {
		return fault.New(fault.FileMissing, fault.Place{File: file}, "cannot read the trace: %v", pathless(err))
	}
	defer f.Close()
	rec, err := e.recording(filepath.Dir(file))
	if err != nil {
		return err
	}
	rec.Entries = trace.Read(f)
	out, err := e.subject.Replay(rec)
	if err == nil && out.Difference != "" {
		err = errors.New(strings.Join(append([]string{out.Difference}, out.Remarks...), "\n"))
	}
	note := fmt.Sprintf("%d events, %d commands as then", out.Events, out.Commands)
	if len(out.Remarks) > 0 {
		note += "; " + strings.Join(out.Remarks, "; ")
	}
	e.add("trace "+filepath.Base(filepath.Dir(file)), note, err)
	return nil
}

// recording makes of a run's folder what a replay needs beside the diary: the network is
// read again from the descriptors that the run was made of, which must not have changed.
func (c *cli) recording(dir string) (apptest.Recording, error) {
	var m report.Manifest
	var rec apptest.Recording
	file := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return rec, fault.New(fault.FileMissing, fault.Place{File: file}, "says what the run was, and cannot be read: %v", pathless(err))
	}
	in, err := c.commanded(m.Command)
	if err != nil {
		return rec, fmt.Errorf("%s: %w", file, err)
	}
	j, err := job.Load(in)
	if err != nil {
		return rec, fmt.Errorf("the network of the run cannot be read again (a trace is replayed in the folder that the run was started in): %w", err)
	}
	for _, was := range m.Sources {
		for _, is := range j.Sources {
			if is.File == was.File && is.SHA256 != was.SHA256 {
				return rec, fault.New(fault.ChecksumWrong, fault.Place{File: was.File}, "has changed since the run: a trace means something on its own network only")
			}
		}
	}
	if n := j.Model; n.NodeCount() != m.Nodes || n.LinkCount() != m.LinkCount {
		return rec, fault.New(fault.BadChoice, fault.Place{File: file}, "the network had %d nodes and %d links in the run and has %d and %d now: its descriptors have changed",
			m.Nodes, m.LinkCount, n.NodeCount(), n.LinkCount())
	}
	rec = apptest.Recording{Model: j.Model, Seed: m.Seed, Params: map[string]map[string]string{}, Delays: delays(j, m.Backend)}
	for _, a := range m.Applications {
		rec.Params[a.Name] = a.Params
	}
	for _, n := range []app.Need{app.NeedMeters, app.NeedGroups, app.NeedSelect, app.NeedFastFailover, app.NeedPortRate, app.NeedQueues} {
		if slices.Contains(m.Capabilities, string(n)) {
			rec.Granted = append(rec.Granted, n)
		}
	}
	return rec, nil
}

// commanded reads from the command line of a run which network it had.
func (c *cli) commanded(command []string) (in job.Input, err error) {
	root := c.root()
	cmd, args, err := root.Find(command)
	if err == nil && cmd.Name() != "run" {
		err = fmt.Errorf("the run was not made by sendim run but by %q", strings.Join(command, " "))
	}
	if err == nil {
		err = cmd.ParseFlags(args)
	}
	if err != nil {
		return in, err
	}
	f := cmd.Flags()
	in.Systems, _ = f.GetStringArray("topology") // run has the three flags
	in.Topology, _ = f.GetString("topo")
	in.On, _ = f.GetString("on")
	if rest := f.Args(); len(rest) > 0 {
		if in.Descriptor = rest[0]; isSystem(rest[0]) {
			in.Descriptor, in.Systems = "", append([]string{rest[0]}, in.Systems...)
		}
	}
	in.Default, _ = c.defaultApp()
	return in, nil
}

// delays are those of the run's control channels: modelled in a simulation, the wire's
// elsewhere, of which the runtime knows no more than that there are some.
func delays(j *job.Job, world string) control.Delays {
	if world != string(deployment.Simulation) {
		return func(model.NodeID) (up, down model.Time) { return 1, 1 }
	}
	usual, own := j.Deployment.ControlDelay(), map[model.NodeID]model.Time{}
	for _, d := range j.Deployment.Control.Delays {
		nodes, err := j.Model.SelectNodes(d.Nodes, model.Switch)
		if err != nil {
			continue // it named nobody in the run either
		}
		for _, n := range nodes {
			own[n] = d.Delay
		}
	}
	return func(sw model.NodeID) (up, down model.Time) {
		if d, ok := own[sw]; ok {
			return d, d
		}
		return usual, usual
	}
}

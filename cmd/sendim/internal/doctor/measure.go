package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/cost"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/descriptors/generate"
	"sendim/integrators/netns"
	learningswitch "sendim/plugins/learning-switch"
)

// shape is a network that is brought up to see what it takes.
type shape struct {
	topology string
	flows    int // that wait in it, each between two hosts of its own
}

// shapes tell hosts, switches, ports and agents apart, and take seconds in all. Small ones
// alone do not: what a host takes more is lost in what the same network takes another time.
func shapes() []shape {
	return []shape{{"linear,2", 0}, {"single,100", 0}, {"linear,24", 0}, {"full-mesh,12", 0}, {"linear,24", 12}, {"linear,100", 0}}
}

// Measure brings small networks up in a world, one after the other, and fits figures to
// what they took. say hears what it is at. Nothing is left behind.
func Measure(ctx context.Context, b backend.Backend, say func(string)) (*cost.Figures, error) {
	dir, err := os.MkdirTemp("", "sendim-doctor-")
	if err != nil {
		return nil, fmt.Errorf("measure what %s costs: %w", b.Name(), err)
	}
	defer os.RemoveAll(dir)
	var samples []cost.Sample
	all := shapes()
	for i, one := range all {
		say(fmt.Sprintf("bringing up %s in %s (%d of %d)", one.topology, b.Name(), i+1, len(all)))
		s, err := bringUp(ctx, b, one, filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			return nil, fmt.Errorf("measure what %s costs: %s: %w", b.Name(), one.topology, err)
		}
		samples = append(samples, s)
	}
	figures := cost.Fit(samples, time.Now().UTC().Truncate(time.Second))
	if one, size, ok := large(b.Name(), figures); ok {
		say(fmt.Sprintf("bringing up %s in %s, to see what size adds", one.topology, b.Name()))
		s, err := bringUp(ctx, b, one, filepath.Join(dir, "large"))
		if err != nil {
			return nil, fmt.Errorf("measure what %s costs: %s, of %d nodes: %w", b.Name(), one.topology, size.Hosts+size.Switches, err)
		}
		figures = cost.Fit(append(samples, s), figures.Measured)
	}
	return figures, nil
}

// patience is what a large network may take to come up, in seconds.
const patience = 5

// large is a network in which everything takes noticeably longer than in a small one, if
// there is room for it and it comes up soon: it does where an emulator is quick.
func large(world string, figures *cost.Figures) (one shape, size cost.Size, ok bool) {
	book := &cost.Book{Worlds: map[string]*cost.Figures{world: figures}}
	for _, k := range []int{400, 250} {
		size := cost.Size{Hosts: k, Switches: k, Links: 2*k - 1, Ports: 3*k - 2}
		if bill := book.Account(world, size, cost.Machine()); bill.Err() == nil && bill.Needs.Seconds <= patience {
			return shape{topology: fmt.Sprintf("linear,%d", k)}, size, true
		}
	}
	return shape{}, cost.Size{}, false
}

func bringUp(ctx context.Context, b backend.Backend, one shape, dir string) (s cost.Sample, err error) {
	r, err := generate.Parse(one.topology)
	if err != nil {
		return s, err
	}
	nb := model.NewBuilder(r.Kind)
	if err := generate.Build(r, nb); err != nil {
		return s, err
	}
	n, faults := nb.Build(nil)
	if err := faults.Err(); err != nil {
		return s, err
	}
	for i := range one.flows {
		hosts := n.NodesOfKind(model.Host)
		n.Flows = append(n.Flows, model.Flow{ID: fmt.Sprintf("f%d", i), From: hosts[2*i], To: hosts[2*i+1], Start: model.Time(1000) * model.Second,
			Duration: model.Second, Rate: 1e6, Transport: model.UDP, Granularity: model.GranularityFlow})
	}
	s.Size = cost.SizeOf(n, n.Flows)
	d := &deployment.Deployment{Realization: deployment.Emulation, Applications: []deployment.Application{{Name: "learning-switch", Plugin: "builtin:learning-switch"}}}
	label := fmt.Sprintf("doctor-%d-%s", os.Getpid(), filepath.Base(dir))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return s, err
	}
	own := descriptorsOpen()
	began := time.Now()
	session, err := b.Open(ctx, backend.Spec{Run: label, Dir: dir, Deployment: d, Model: n,
		Launch: func(context.Context, deployment.Application) (app.Instance, error) {
			return app.Local(learningswitch.New()), nil
		}}, trace.Discard{})
	if err != nil {
		return s, err
	}
	defer func() {
		if cerr := session.Close(); err == nil {
			err = cerr
		}
	}()
	if err := session.Apply(ctx, change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		return s, err
	}
	s.Seconds = time.Since(began).Seconds()
	left, err := netns.Leftovers(label)
	if err != nil {
		return s, err
	}
	for _, p := range left {
		census(p.PID, &s.Usage)
	}
	s.Memory += perNamespace * float64(s.Hosts)
	s.Own = max(0, descriptorsOpen()-own)
	return s, nil
}

// perNamespace is what the kernel keeps for a network namespace with a few interfaces, in
// bytes. It is in no process's account; the free memory of a machine that hosts come and
// go on moves by about this for each.
const perNamespace = 1 << 20

// descriptorsOpen is how many files this process has open.
func descriptorsOpen() float64 {
	list, _ := os.ReadDir("/proc/self/fd")
	return float64(len(list))
}

// census adds what a process holds. One that ends meanwhile holds nothing.
func census(pid int, u *cost.Usage) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	status, _ := os.ReadFile(filepath.Join(dir, "status"))
	for line := range strings.Lines(string(status)) {
		if name, value, _ := strings.Cut(line, ":"); name == "Threads" {
			v, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			u.Processes += v
		}
	}
	// The proportional share: what many processes map together counts once.
	rollup, _ := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	for line := range strings.Lines(string(rollup)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "Pss:" {
			v, _ := strconv.ParseFloat(f[1], 64)
			u.Memory += v * 1024
		}
	}
	files, _ := os.ReadDir(filepath.Join(dir, "fd"))
	u.Files = max(u.Files, float64(len(files)))
	for _, f := range files {
		if to, err := os.Readlink(filepath.Join(dir, "fd", f.Name())); err == nil && strings.HasSuffix(to, "/ptmx") {
			u.Terminals++
		}
	}
}

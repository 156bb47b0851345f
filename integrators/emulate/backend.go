package emulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// python is the interpreter that Debian's Mininet is installed for; another on PATH
// would not find it.
const python = "/usr/bin/python3"

// The highest rates a link can be trusted to carry, in bit/s: what was measured through
// Open vSwitch in user space on two cores, and a careful figure for the kernel's.
const (
	userRate   model.Rate = 800e6
	kernelRate model.Rate = 5e9
)

// Backend is the emulation, by Mininet or without it. It may be shared.
type Backend struct {
	// Native builds the network without Mininet: the same, several times faster.
	Native bool

	// Self is the program that serves netns.Subcommand and traffic.AgentCommand; empty
	// means this program.
	Self string
}

var _ backend.Backend = Backend{}

// Name is "mininet" or "native".
func (b Backend) Name() string {
	if b.Native {
		return "native"
	}
	return "mininet"
}

func (b Backend) self() (string, error) {
	if b.Self != "" {
		return b.Self, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return path, nil
}

// able says why nothing can be emulated here, nil if it can. The error is a fault, or a
// list of them, with the commands that help.
func (b Backend) able() error {
	faults := &fault.List{}
	if runtime.GOOS != "linux" {
		faults.Addf(fault.MissingCapability, fault.Place{}, "emulation needs Linux")
		return faults.Err()
	}
	if os.Geteuid() != 0 {
		faults.Addf(fault.MissingCapability, fault.Place{}, "emulation needs root: sudo %s", strings.Join(os.Args, " "))
	}
	var packages []string
	programs := []string{"ovs-vswitchd", "ovs-vsctl", "ovsdb-server", "ovsdb-tool", "ovs-ofctl", "tc"}
	if !b.Native {
		programs = append(programs, "mnexec", python, "ip", "ethtool", "ifconfig")
	}
	for _, m := range shell.Missing(programs...) {
		name := m.Package
		if m.Program == "ifconfig" {
			name = "net-tools"
		}
		if name == "" {
			name = m.Program
		}
		if !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	if len(packages) > 0 {
		faults.Addf(fault.MissingCapability, fault.Place{}, "emulation needs programs that are not here: apt-get install --no-install-recommends %s", strings.Join(packages, " "))
	}
	return faults.Err()
}

// Capabilities probes this machine; it takes some 0.2 s.
func (b Backend) Capabilities(ctx context.Context, _ backend.Spec) (backend.Capabilities, error) {
	if err := b.able(); err != nil {
		return backend.Capabilities{}, err
	}
	features, err := netns.Probe()
	if err != nil {
		return backend.Capabilities{}, fmt.Errorf("probing this machine: %w", err)
	}
	datapath, err := ovs.DatapathFor(features)
	if err != nil {
		return backend.Capabilities{}, err
	}
	c := backend.Capabilities{
		Can:   []backend.Capability{backend.Groups, backend.SelectGroups, backend.FastFailover, backend.LiveChange, backend.Meters, backend.Pause, backend.Processes},
		Facts: map[string]string{"datapath": string(datapath), "cores": fmt.Sprint(runtime.NumCPU())},
		Missing: map[backend.Capability]string{
			backend.Queues:         "set_queue has no effect in Open vSwitch's user space; limit a class by a meter",
			backend.VirtualTime:    "emulated time is real",
			backend.ChunkFlows:     "real hosts send packets; give the flow a size instead of chunks",
			backend.ExternalNode:   "an emulated network is shut off from the outside",
			backend.ControlLatency: "the control channels of an emulated network take the time that they take; they can be cut",
			backend.Discipline:     "queues of emulated links drop what finds them full and do nothing else; simulate",
			backend.TCPOptions:     "real hosts use the TCP of this machine's kernel as it is; simulate",
		},
	}
	if !b.Native {
		version, err := shell.Local().Run(ctx, shell.Cmd{Argv: []string{python, "-c", "from mininet.net import VERSION; print(VERSION)"}})
		if ctx.Err() != nil {
			return backend.Capabilities{}, context.Cause(ctx)
		}
		if err != nil {
			return backend.Capabilities{}, fault.New(fault.MissingCapability, fault.Place{}, "%s has no Mininet: apt-get install --no-install-recommends mininet, or take the native emulator", python)
		}
		c.Facts["mininet"] = strings.TrimSpace(string(version.Stdout))
	}
	offer := func(there bool, why string, what ...backend.Capability) {
		for _, w := range what {
			if there {
				c.Can = append(c.Can, w)
			} else {
				c.Missing[w] = why
			}
		}
	}
	offer(features.HTB, "this kernel has no HTB (CONFIG_NET_SCH_HTB): modprobe sch_htb", backend.LinkRate, backend.LinkQueue, backend.PortRate)
	offer(features.Netem, "this kernel has no netem (CONFIG_NET_SCH_NETEM): modprobe sch_netem", backend.LinkDelay, backend.LinkJitter, backend.LinkLoss)
	offer(len(shell.Missing("tcpdump")) == 0, "tcpdump is missing: apt-get install tcpdump", backend.Captures)
	slices.Sort(c.Can)
	c.HighestRate = userRate
	if datapath == ovs.System {
		c.HighestRate = kernelRate
	}
	if v, err := shell.Local().Run(ctx, shell.Cmd{Argv: []string{"ovs-vsctl", "--version"}}); err == nil {
		first, _, _ := strings.Cut(string(v.Stdout), "\n")
		c.Facts["openvswitch"] = first[strings.LastIndexByte(first, ' ')+1:]
	}
	return c, nil
}

// Open starts the sandbox and its Open vSwitch. Nothing of the model exists yet.
func (b Backend) Open(ctx context.Context, spec backend.Spec, sink trace.Sink) (backend.Session, error) {
	caps, err := b.Capabilities(ctx, spec)
	if err != nil {
		return nil, err
	}
	self, err := b.self()
	if err != nil {
		return nil, err
	}
	if sink == nil {
		sink = trace.Discard{}
	}
	s := &Session{spec: spec, sink: sink, self: self, native: b.Native, caps: caps, idle: make(chan struct{})}
	close(s.idle)
	if spec.Model != nil {
		names, err := naming.New(spec.Model)
		if err != nil {
			return nil, err
		}
		if err := s.fits(spec.Model, names, spec.Model.Flows); err != nil {
			return nil, err
		}
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	if s.dir = spec.Dir; s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "sendim-"); err != nil {
			return nil, fmt.Errorf("making a directory for the run: %w", err)
		}
		s.temporary = true
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil { // inside, the working directory is another
		return nil, fmt.Errorf("finding the run's directory: %w", err)
	}
	if s.place, err = openPlace(ctx, s); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

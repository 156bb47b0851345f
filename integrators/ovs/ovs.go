package ovs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// Datapath is where packets are switched: the value of a bridge's
// datapath_type.
type Datapath string

const (
	// Netdev is the datapath in user space.
	Netdev Datapath = "netdev"
	// System is the kernel's.
	System Datapath = "system"
)

// ErrNoDatapath says that neither datapath works here. Open vSwitch itself
// would accept every bridge and carry no packet.
var ErrNoDatapath = errors.New("no datapath for Open vSwitch: the kernel has none, and this user may not open /dev/net/tun for the one in user space (run as root, or chmod 666 /dev/net/tun)")

// DatapathFor is the better datapath of those the kernel offers, or
// ErrNoDatapath.
func DatapathFor(f netns.Features) (Datapath, error) {
	switch {
	case f.SwitchDatapath:
		return System, nil
	case f.Tap:
		return Netdev, nil
	}
	return "", ErrNoDatapath
}

// rundir is where the run's directory stands inside the sandbox.
const rundir = "/run/openvswitch"

// schema is where the Debian package keeps the database's schema.
const schema = "/usr/share/openvswitch/vswitch.ovsschema"

// Options may be left zero.
type Options struct {
	// Datapath spares the probe; empty means the better one of the kernel's.
	Datapath Datapath
	// Tools runs ovs-vsctl and its siblings, outside the sandbox; nil means
	// shell.Local().
	Tools shell.Runner
	// Config is what other_config of the database's root holds (ovs-vswitchd.conf.db(5))
	// before ovs-vswitchd reads it first.
	Config map[string]string
	// Nice is the niceness of ovs-vswitchd, as far as this user may choose it.
	Nice int
	// Later leaves ovs-vswitchd to Prepare and Begin. What asks it something before waits for
	// it.
	Later bool
}

// Instance is a running Open vSwitch. Its methods may be called from any
// goroutine.
type Instance struct {
	sandbox  *netns.Sandbox
	tools    shell.Runner
	dir      string
	datapath Datapath
	nice     int
	version  string

	mu       sync.Mutex // of what a death changes
	server   shell.Process
	vswitchd shell.Process
	whole    chan struct{} // closed while nobody who died is missing
	epoch    int           // deaths that were got over
	guard    atomic.Pointer[Guard]
	deaths   []Death // of late; of watch alone, as is
	revived  int
	pulse    pulse

	begun    chan struct{} // closed when ovs-vswitchd was started; nil where that was at once
	stopping atomic.Bool
	life     context.Context // ends when a daemon does; its cause says which
	end      context.CancelCauseFunc
	done     chan struct{}
}

// errStopped is why an instance ends that was told to.
var errStopped = errors.New("Open vSwitch was stopped")

// Start brings up an Open vSwitch in the sandbox, one to a sandbox, and
// returns when it answers. ctx bounds the starting only. A *shell.MissingError
// names a program, and its package, that is not there.
func Start(ctx context.Context, sandbox *netns.Sandbox, o Options) (*Instance, error) {
	v := &Instance{
		sandbox: sandbox, tools: o.Tools, datapath: o.Datapath, nice: o.Nice,
		dir:  filepath.Join(sandbox.RunDir(), netns.SwitchDir),
		done: make(chan struct{}), whole: make(chan struct{}),
	}
	v.pulse.v, v.pulse.of = v, map[string]*vital{}
	close(v.whole)
	if v.tools == nil {
		v.tools = shell.Local()
	}
	v.life, v.end = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := v.start(ctx, o); err != nil {
		v.end(err)
		for _, p := range []shell.Process{v.vswitchd, v.server} {
			if p != nil {
				<-p.Done()
			}
		}
		return nil, fmt.Errorf("starting Open vSwitch for run %q: %w", sandbox.Label(), err)
	}
	return v, nil
}

func (v *Instance) start(ctx context.Context, o Options) error {
	if v.datapath == "" {
		f, err := v.sandbox.Probe(ctx)
		if err != nil {
			return err
		}
		if v.datapath, err = DatapathFor(f); err != nil {
			return err
		}
	}
	version := make(chan error, 1)
	go func() { version <- v.askVersion(ctx) }()
	db := filepath.Join(v.dir, "conf.db")
	if _, err := os.Stat(db); err == nil {
		return fmt.Errorf("%s is there already: one Open vSwitch to a run's directory", db)
	}
	if _, err := v.tools.Run(ctx, shell.Cmd{Argv: []string{"ovsdb-tool", "create", db, schema}}); err != nil {
		return err
	}
	var err error
	if v.server, err = v.daemonOf(ServerDaemon); err != nil {
		return err
	}
	if err := v.await(ctx, v.server, v.path("db.sock")); err != nil {
		return err
	}
	settings := []string{"init", "--", "set", "Open_vSwitch", ".",
		"external_ids:sendim-run=" + quote(v.sandbox.Label()), "external_ids:system-id=" + quote(v.sandbox.Label())}
	for _, key := range slices.Sorted(maps.Keys(o.Config)) {
		settings = append(settings, "other_config:"+key+"="+quote(o.Config[key]))
	}
	if o.Later {
		v.begun = make(chan struct{})
		go v.attend()
		if _, err := v.Vsctl(ctx, append([]string{"--no-wait"}, settings...)...); err != nil {
			return err
		}
		return <-version
	}
	if v.vswitchd, err = v.daemonOf(SwitchDaemon); err != nil {
		return err
	}
	go v.watch()
	// Without --no-wait ovs-vsctl returns when ovs-vswitchd has taken notice.
	if _, err := v.Vsctl(ctx, settings...); err != nil {
		return err
	}
	return <-version
}

// askVersion asks the program: "ovs-vswitchd (Open vSwitch) 3.1.0", perhaps with more
// lines.
func (v *Instance) askVersion(ctx context.Context) error {
	res, err := v.tools.Run(ctx, shell.Cmd{Argv: []string{"ovs-vswitchd", "--version"}})
	first, _, _ := strings.Cut(string(res.Stdout), "\n")
	v.version = first[strings.LastIndexByte(first, ' ')+1:]
	return err
}

// daemonOf starts one of the two.
func (v *Instance) daemonOf(name string) (shell.Process, error) {
	if name == ServerDaemon {
		return v.daemon(name, rundir+"/conf.db", "--remote=punix:"+rundir+"/db.sock")
	}
	return v.daemon(name, "unix:"+rundir+"/db.sock")
}

// before is the command that a daemon is started by.
func (v *Instance) before(name string) []string {
	if name == SwitchDaemon && v.nice != 0 {
		return shell.Favoured(v.nice, name)
	}
	return []string{name}
}

// daemon starts one daemon in the foreground, as a child of the sandbox's
// process 1, so that its end is seen.
func (v *Instance) daemon(name string, args ...string) (shell.Process, error) {
	log, err := os.OpenFile(filepath.Join(v.dir, name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return shell.Elsewhere(v.sandbox.Command, v.sandbox.Enter()...).Start(v.life, shell.Cmd{
		Argv: append(v.before(name), append(args, "--pidfile", "--no-chdir",
			"--log-file="+rundir+"/"+name+".log", "-vconsole:emer", "-vsyslog:off")...),
		Env:    []string{"OVS_RUNDIR=" + rundir, "OVS_LOGDIR=" + rundir, "OVS_DBDIR=" + rundir},
		Stdin:  strings.NewReader(""),
		Stdout: log, Stderr: log,
	})
}

// await waits until somebody listens on a socket that p makes.
func (v *Instance) await(ctx context.Context, p shell.Process, path string) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("unix", path); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-p.Done():
			return v.obituary(ServerDaemon, p.Wait())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// obituary quotes the end of a dead daemon's log.
func (v *Instance) obituary(name string, err error) error {
	if err == nil {
		err = errors.New("it left with exit status 0")
	}
	for _, suffix := range []string{".out", ".log"} {
		text, _ := os.ReadFile(filepath.Join(v.dir, name+suffix))
		if len(text) > 1024 {
			text = text[len(text)-1024:]
		}
		if len(text) > 0 {
			err = fmt.Errorf("%w\n  %s ends:\n%s", err, name+suffix, text)
		}
	}
	return fmt.Errorf("%s ended: %w", name, err)
}

// Done is closed when the daemons have ended for good; Err then says why.
func (v *Instance) Done() <-chan struct{} { return v.done }

// Err is nil while both daemons live or are revived, and after Stop. When a daemon ended
// by itself it quotes the end of its log; when the sandbox ended it wraps
// netns.ErrGone.
func (v *Instance) Err() error {
	select {
	case <-v.done:
	default:
		return nil
	}
	if err := context.Cause(v.life); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

// Stop ends the daemons in order, killing each after grace. Closing the
// sandbox instead ends them at once.
func (v *Instance) Stop(grace time.Duration) error {
	v.stopping.Store(true)
	for {
		server, vswitchd := v.daemons()
		var err error
		if vswitchd != nil {
			err = vswitchd.Stop(grace)
		}
		err = errors.Join(err, server.Stop(grace))
		if s, w := v.daemons(); s == server && w == vswitchd { // and none was just being started again
			<-v.done
			return err
		}
	}
}

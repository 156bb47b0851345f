package ovs

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"sendim/integrators/shell"
)

// maxSocketPath is what fits the kernel's address of a unix socket, with its
// final zero.
const maxSocketPath = 107

// Version is that of ovs-vswitchd, for example "3.1.0".
func (v *Instance) Version() string { return v.version }

// Datapath is the datapath_type that bridges should have.
func (v *Instance) Datapath() Datapath { return v.datapath }

// Database is the OVSDB endpoint as seen from outside, "unix:" and a path
// short enough for any client.
func (v *Instance) Database() string { return "unix:" + v.path("db.sock") }

// endpoint is Database as the library reads it, which takes it for a URL: a path with a "#"
// in it would end there.
func (v *Instance) endpoint() string {
	return (&url.URL{Scheme: "unix", Path: v.path("db.sock")}).String()
}

// BridgeSocket is the endpoint at which a bridge speaks OpenFlow to local
// tools, as seen from outside.
func (v *Instance) BridgeSocket(bridge string) string { return "unix:" + v.path(bridge+".mgmt") }

// path is where a file of the instance is reached from outside. A run's
// directory may lie too deep for the address of a socket; then the way leads
// through the root directory of the sandbox's process 1.
func (v *Instance) path(name string) string {
	if direct := filepath.Join(v.dir, name); len(direct) <= maxSocketPath {
		return direct
	}
	return filepath.Join("/proc", strconv.Itoa(v.sandbox.PID()), "root", rundir, name)
}

// Vsctl runs ovs-vsctl on the instance's database and returns its output
// without the final newline. It waits until ovs-vswitchd has done what was
// asked, unless "--no-wait" comes first. Several commands separated by "--"
// are one transaction.
func (v *Instance) Vsctl(ctx context.Context, args ...string) (string, error) {
	return v.tool(ctx, func() []string { return append([]string{"ovs-vsctl", "--db=" + v.Database()}, args...) })
}

// Appctl asks ovs-vswitchd to do or tell something.
func (v *Instance) Appctl(ctx context.Context, args ...string) (string, error) {
	return v.tool(ctx, func() []string { return append([]string{"ovs-appctl", "-t", v.control()}, args...) })
}

// control is where ovs-vswitchd takes orders.
func (v *Instance) control() string {
	pid := 0
	if _, vswitchd := v.daemons(); vswitchd != nil {
		pid = vswitchd.PID()
	}
	return v.path(fmt.Sprintf("ovs-vswitchd.%d.ctl", pid))
}

// tool runs a tool for as long as the daemons live: one that waits for a dead
// daemon would wait for ever. Where daemons are guarded it waits for them to be back, and
// is run once more when the death of one came in between.
func (v *Instance) tool(ctx context.Context, argv func() []string) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	release := context.AfterFunc(v.life, func() { cancel(context.Cause(v.life)) })
	defer release()
	for {
		epoch, err := v.ready(ctx)
		if err != nil {
			return "", err
		}
		text, err := v.use(ctx, argv()...)
		if err == nil || ctx.Err() != nil || !v.interrupted(ctx, epoch) {
			return text, err
		}
	}
}

// use runs a tool, whether the daemons are there or not.
func (v *Instance) use(ctx context.Context, argv ...string) (string, error) {
	res, err := v.tools.Run(ctx, shell.Cmd{Argv: argv})
	return strings.TrimSuffix(string(res.Stdout), "\n"), err
}

// quote makes one OVSDB string of s, whatever is in it.
func quote(s string) string { return strconv.Quote(s) }

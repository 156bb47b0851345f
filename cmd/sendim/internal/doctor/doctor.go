// Package doctor finds out what this machine can do for each world, what is missing,
// and the command that brings it. It tries things out rather than trusting versions,
// and leaves nothing behind.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"sendim/cmd/sendim/internal/cli"
	"sendim/core/backend"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
)

const (
	ok      = "ok"
	missing = "missing"
	limited = "limited"
)

// Examine lists what the machine can do.
func Examine(ctx context.Context) []cli.Finding {
	out := []cli.Finding{
		{What: "simulation", State: ok, Detail: "needs nothing from the machine"},
		{What: "cores", State: ok, Detail: strconv.Itoa(runtime.NumCPU())},
		memory(),
	}
	if os.Geteuid() == 0 {
		out = append(out, cli.Finding{What: "root", State: ok, Detail: "networks can be emulated"})
	} else {
		out = append(out, cli.Finding{What: "root", State: missing, Detail: "emulation needs root; the simulation does not", Fix: "sudo sendim run ... --on mininet"})
	}
	for _, t := range []struct{ what, program, pkg string }{
		{"python", "python3", "python3"}, {"mininet", "mn", "mininet"}, {"open vswitch", "ovs-vswitchd", "openvswitch-switch"}, {"ovsdb", "ovsdb-server", "openvswitch-switch"},
		{"tc", "tc", "iproute2"}, {"ethtool", "ethtool", "ethtool"}, {"iperf3", "iperf3", "iperf3"},
	} {
		out = append(out, tool(ctx, t.what, t.program, t.pkg))
	}
	out = append(out, native(ctx))
	out = append(out, kernel()...)
	return append(out, pressure())
}

// native asks the emulation that does without Mininet what it lacks.
func native(ctx context.Context) cli.Finding {
	f := cli.Finding{What: "native emulation", State: ok, Detail: "the same network without Mininet, several times faster: --on native"}
	if _, err := (emulate.Backend{Native: true}).Capabilities(ctx, backend.Spec{}); err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n")
		f = cli.Finding{What: f.What, State: missing, Detail: what, Fix: "sudo sendim doctor"}
		if os.Geteuid() == 0 {
			f.Fix = "sudo apt-get install openvswitch-switch iproute2"
		}
	}
	return f
}

func memory() cli.Finding {
	f := cli.Finding{What: "memory", State: limited, Detail: "unknown"}
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return f
	}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return cli.Finding{What: "memory", State: ok, Detail: fmt.Sprintf("%.1f GiB", float64(kb)/(1<<20))}
			}
		}
	}
	return f
}

// tool looks for a program, also where only root's PATH leads, and asks its version.
func tool(ctx context.Context, what, program, pkg string) cli.Finding {
	path, err := exec.LookPath(program)
	for _, dir := range []string{"/usr/sbin/", "/sbin/", "/usr/local/sbin/"} {
		if err == nil {
			break
		}
		path, err = exec.LookPath(dir + program)
	}
	if err != nil {
		return cli.Finding{What: what, State: missing, Detail: program + " is not installed", Fix: "sudo apt-get install " + pkg}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	flag := "--version"
	if program == "tc" {
		flag = "-V"
	}
	text, err := exec.CommandContext(ctx, path, flag).CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if err != nil || line == "" {
		line = path
	}
	return cli.Finding{What: what, State: ok, Detail: line}
}

func kernel() []cli.Finding {
	f, err := netns.Probe()
	var denied *netns.NotPermittedError
	if errors.As(err, &denied) {
		return []cli.Finding{{What: "kernel", State: limited, Detail: "what links can do is found out as root only", Fix: "sudo sendim doctor"}}
	}
	if err != nil {
		return []cli.Finding{{What: "kernel", State: limited, Detail: err.Error()}}
	}
	var out []cli.Finding
	for _, k := range []struct {
		what, yes, no, fix string
		has                bool
	}{
		{"link rates", "tc htb shapes links", "no tc htb: links cannot be shaped", "sudo modprobe sch_htb", f.HTB},
		{"link delay", "tc netem delays and loses packets", "no tc netem: link delay, jitter and loss cannot be emulated; degrade=\"allow\" goes without", "sudo modprobe sch_netem", f.Netem},
		{"veth", "pairs of interfaces", "no veth: hosts cannot be connected", "sudo modprobe veth", f.Veth},
		{"tap", "/dev/net/tun opens", "no tap: Open vSwitch has no bridges in user space", "sudo modprobe tun", f.Tap},
		{"kernel datapath", "Open vSwitch forwards in the kernel", "Open vSwitch forwards in user space, about 0.8 Gbit/s; <scale> makes networks smaller", "sudo modprobe openvswitch", f.SwitchDatapath},
	} {
		v := cli.Finding{What: k.what, State: ok, Detail: k.yes}
		if !k.has {
			v = cli.Finding{What: k.what, State: limited, Detail: k.no, Fix: k.fix}
		}
		out = append(out, v)
	}
	return out
}

func pressure() cli.Finding {
	if _, err := os.ReadFile("/proc/pressure/cpu"); err != nil {
		return cli.Finding{What: "cpu pressure", State: limited, Detail: "/proc/pressure/cpu is not there; runs are judged by load and steal alone", Fix: "boot with psi=1"}
	}
	return cli.Finding{What: "cpu pressure", State: ok, Detail: "waiting for a core is measured while emulated runs last"}
}

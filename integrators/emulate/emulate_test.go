package emulate_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"sendim/core/backend/backendtest"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/shell"
	"sendim/integrators/traffic"
)

// TestMain lets the test binary be its own helper, agent, and parent to kill.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case netns.Subcommand:
			os.Exit(netns.SandboxMain(os.Args[2:]))
		case traffic.AgentCommand:
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
			defer stop()
			os.Exit(traffic.AgentProcess(ctx, os.Args[2:]...))
		case "doomed-parent":
			os.Exit(doomedParent(os.Args[2], os.Args[3], os.Args[4]))
		}
	}
	goleak.VerifyTestMain(m)
}

// lab skips a test where nothing can be emulated, or fails it where everything must be
// there.
func lab(t testing.TB, programs ...string) {
	t.Helper()
	labtest.Needs(t, append(programs, "mnexec", "ovs-vswitchd", "tc", "ethtool", "ifconfig", "/usr/bin/python3")...)
}

func TestTheEmulationSitsTheExam(t *testing.T) {
	lab(t)
	backendtest.Run(t, emulate.Backend{})
}

// nsenter runs a script in the namespaces of a process.
func nsenter(pid, script string) (string, error) {
	res, err := shell.Local().Run(context.Background(), shell.Cmd{Argv: []string{"nsenter", "-t", pid, "-n", "sh", "-ec", script}})
	return string(res.Stdout), err
}

package main

import (
	"context"

	"sendim/cmd/sendim/internal/cli"
	"sendim/core/backend"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
	"sendim/integrators/traffic"
	"sendim/sim"
)

// backends lists the worlds there are. self is the path of this program: the emulation
// starts it again inside its sandbox.
func backends(self string) []backend.Backend {
	return []backend.Backend{
		sim.Backend{},
		emulate.Backend{Self: self},
		emulate.Backend{Self: self, Native: true},
	}
}

// hidden lists the subcommands by which the program starts itself.
func hidden() []cli.Hidden {
	return []cli.Hidden{
		{Name: netns.Subcommand, Main: func(_ context.Context, args []string) int { return netns.SandboxMain(args) }},
		{Name: traffic.AgentCommand, Main: func(ctx context.Context, args []string) int { return traffic.AgentProcess(ctx, args...) }},
	}
}

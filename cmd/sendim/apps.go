package main

import (
	"context"
	"io"
	"time"

	"sendim/cmd/sendim/internal/cli"
	"sendim/core/app"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/plugins/apprpc"
	learningswitch "sendim/plugins/learning-switch"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/plugins/throttle"
)

// builtins lists the applications that are linked in, as "builtin:NAME".
func builtins() []cli.Builtin {
	return []cli.Builtin{
		{Name: "learning-switch", Make: learningswitch.New},
		{Name: "load-balancer", Make: loadbalancer.New},
		{Name: "shortest-path", Make: shortestpath.New},
		{Name: "throttle", Make: throttle.New},
	}
}

// findApp gives the path of an app's binary: beside this program, then along PATH.
func findApp(name string) (string, error) { return apprpc.Find(name) }

// foundApps lists the apps that findApp finds.
func foundApps() []cli.Binary {
	var out []cli.Binary
	for _, b := range apprpc.Found() {
		out = append(out, cli.Binary(b))
	}
	return out
}

// startApp starts an app's binary as a process of its own.
func startApp(ctx context.Context, path string, a deployment.Application, log io.Writer) (app.Instance, error) {
	launch := apprpc.Launch
	if a.OnLoss == "restart" {
		launch = apprpc.LaunchLasting
	}
	return launch(ctx, apprpc.Options{Path: path, SHA256: a.SHA256, Stderr: log,
		MemoryLimit: uint64(a.Memory), MaxCommands: int(a.Commands), Silence: time.Duration(a.Silence / model.Nanosecond)})
}

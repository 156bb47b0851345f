package main

import (
	"context"
	"io"

	"sendim/cmd/sendim/internal/cli"
	"sendim/core/app"
	"sendim/core/fault"
	learningswitch "sendim/plugins/learning-switch"
	shortestpath "sendim/plugins/shortest-path"
)

// builtins lists the applications that are linked in, as "builtin:NAME".
func builtins() []cli.Builtin {
	return []cli.Builtin{
		{Name: "learning-switch", Make: learningswitch.New},
		{Name: "shortest-path", Make: shortestpath.New},
	}
}

func findApp(name string) (string, error) {
	return "", fault.New(fault.UnknownApp, fault.Place{}, "there is no application %q", name)
}

func startApp(ctx context.Context, path, sha256 string, log io.Writer) (app.Instance, error) {
	return nil, fault.New(fault.UnknownApp, fault.Place{}, "there is no application %q", path)
}

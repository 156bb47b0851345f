package apprpc

import (
	"context"
	"os"
	"testing"
	"time"

	"sendim/core/app"
)

func ctxBackground() context.Context { return context.Background() }

func timer(name string) app.Event {
	return app.Event{Kind: app.KindTimer, Timer: &app.Timer{Name: name}}
}

func launchTest(kind string, change func(*Options)) (app.Instance, error) {
	o := Options{Path: "/proc/self/exe", Env: []string{"APPRPC_TEST_APP=" + kind}, Silence: 5 * time.Second, Handshake: 20 * time.Second}
	if exe, err := os.Executable(); err == nil {
		o.Path = exe
	}
	if change != nil {
		change(&o)
	}
	return Launch(context.Background(), o)
}

func TestSmoke(t *testing.T) {
	i, err := launchTest("echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(i.Manifest())
	err = i.Handle(context.Background(), []app.Event{timer("a"), timer("rules:10000"), timer("print:x")}, func(n int, c []app.Command) { t.Log(n, len(c), c[0]) })
	if err != nil {
		t.Fatal(err)
	}
	t.Log(i.Save(context.Background()))
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/plugins/apprpc"
)

// badApp is an app that goes wrong: at its start as the environment says, or a second
// into the run, as its parameter says. Until then it is a hub, and a good one.
func badApp() {
	switch os.Getenv("BAD_START") {
	case "exit":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(3)
	case "garbage":
		fmt.Println("Welcome to the bad app!")
		time.Sleep(time.Hour)
	case "version":
		fmt.Println("1|7|unix|/none|grpc|")
		time.Sleep(time.Hour)
	}
	apprpc.Serve(&bad{})
}

type bad struct{ how string }

func (*bad) Manifest() app.Manifest {
	return app.Manifest{Name: "bad", Version: "0.0.1", Tables: 1, Services: []app.Service{app.ServiceFlood},
		Parameters: []app.Parameter{{Name: "how", Type: app.Choice, Choices: []string{"panic", "hang", "flood", "eat", "exit", "once", "never"}, Default: "panic", Doc: "what goes wrong"}}}
}

func (b *bad) React(e *app.Event, out *app.Commands) {
	switch e.Kind {
	case app.KindStart:
		b.how = e.Start.Parameters["how"]
	case app.KindTopology:
		for _, s := range e.Topology.Switches {
			out.Install(s.ID, flow.Rule{Priority: 1, Apply: []flow.Action{flow.FloodTree()}})
		}
		out.After("now", model.Second)
	case app.KindTimer:
		b.goWrong(out)
	}
}

func (b *bad) goWrong(out *app.Commands) {
	switch b.how {
	case "never":
	case "once": // killed, unless an earlier life was
		if f, err := os.OpenFile(os.Getenv("BAD_ONCE"), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			_ = f.Close()
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Hour)
		}
	case "panic":
		var nobody *bad
		nobody.how = "x"
	case "hang":
		for {
			time.Sleep(time.Second)
		}
	case "flood":
		for i := range 1_000_001 {
			out.Report("flood", float64(i))
		}
	case "eat":
		var kept [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
			if len(kept) > 64<<10 {
				return
			}
		}
	case "exit":
		os.Exit(7)
	}
}

package prompt

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	jobs "sendim/core/job"
	learningswitch "sendim/plugins/learning-switch"
	"sendim/sim"
)

// living gives the console of a simulated network of two switches and two hosts, of which
// nothing is recorded, as long as the test lasts.
func living(t testing.TB) *Console {
	def := deployment.Application{Name: "learning-switch", Plugin: "builtin:learning-switch"}
	j, err := jobs.Load(jobs.Input{Topology: "linear,2,rate=10Mbps", Default: def})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	begun, ended := make(chan *core.Live, 1), make(chan error, 1)
	go func() {
		_, err := core.Run(ctx, core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}}, Launch: func(context.Context, deployment.Application) (app.Instance, error) {
			return app.Local(learningswitch.New()), nil
		}}, core.Hooks{Live: func(l *core.Live) { begun <- l }, Interact: func(ctx context.Context, _ *core.Live) error { <-ctx.Done(); return nil }})
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case l := <-begun:
		return New(l)
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return nil
}

func TestALineOnANodeIsAFaultWhereItSaysNothing(t *testing.T) {
	c := living(t)
	for line, want := range map[string]string{
		"h1":             "say what h1 is to do",
		"h1 # nothing":   "",
		"h1 'ping":       "a quote is not closed",
		"h1 ping":        "say whom to ping",
		"h1 ping -c":     "ping -c needs a value",
		"h1 ping -c x":   "a number from 1 to 1000000, not x",
		"h1 ping -Q h2":  "is not known here",
		"s1 ping h2":     "s1 is a switch, not a host",
		"h1 ping s1":     "s1 is a switch, not a host",
		"h1 ls":          "it can ping",
		"":               "",
		"   # a comment": "",
		"xterm h1":       "is a word of a prompt, not of a run",
		"?nonsense":      `there is no command "nonsense"`,
		"?":              "",
		"exit":           "leave the prompt",
	} {
		err := c.Execute(t.Context(), line, io.Discard)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestALineThatTakesLongCanBeInterrupted(t *testing.T) {
	c := living(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	if err := c.Execute(ctx, "h1 ping -c 1000000 -i 0.001 h2", &out); err == nil && !strings.Contains(out.String(), "1000000 received") {
		t.Errorf("it ends with %q", out.String())
	}
	if err := c.Execute(t.Context(), "pingall", io.Discard); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// FuzzConsole says anything to a living network: nothing panics, and it lives on.
func FuzzConsole(f *testing.F) {
	c := living(f)
	for _, s := range []string{"help", "nodes", "net", "links", "ports", "intfs", "dump", "pingall 1", "pingpairfull", "iperf h1 h2", "iperfudp 5M h1 h2", "link s1 s2 down", "link s1--s2 up", "link set s1:2 s2 --rate 5Mbps delay=1ms",
		"link set s2--s1 loss=1%", "link add h1 s2 rate=1Mbps", "link del h1 s2", "node add h9 host ip=10.0.0.9/8", "node del h9", "switch s1 stop", "switch s1 start", "wait 1s", "dpctl dump-flows s1", "dpctl show", "flows p*", "status",
		"time", "run 1ms", "step 3", "advance 1ms", "until 1s", "until packet-in", "seek 0s", "pause", "resume", "h1 ping -c2 -i 0.01 -W 1s -s 100 h2", "h1 ping 10.0.0.2", "capture", "?link", "h1 # x", "s1 'x", "xterm"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 200 || strings.Contains(line, "capture ") || strings.Contains(line, "checkpoint") || strings.Contains(line, "restore") {
			return // these make files, or take long
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = c.Execute(ctx, line, io.Discard)
		if _, err := c.Complete(t.Context(), line); err != nil {
			t.Errorf("completing %q: %v", line, err)
		}
		if _, err := c.Status(t.Context()); err != nil {
			t.Fatalf("after %q: %v", line, err)
		}
	})
}

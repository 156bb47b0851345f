package apprpc

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"sendim/core/app"
)

// mustLast starts a lasting test app, and checks at the end that nothing of it is left.
func mustLast(t testing.TB, kind string, most int, change func(*Options)) *lasting {
	t.Helper()
	noLeaks(t)
	l := &lasting{launch: func(context.Context) (app.Instance, error) { return launchTest(kind, change) }, most: most}
	var err error
	if l.now, err = l.launch(context.Background()); err != nil {
		t.Fatal(err)
	}
	l.life, l.end = context.WithCancel(context.Background())
	l.manifest = l.now.Manifest()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *lasting) pid() int { return l.living().(*instance).proc.cmd.Process.Pid }

// without takes the lines about restarts out of answers.
func without(in []answer) (out []answer, restarts []string) {
	for _, a := range in {
		var commands []app.Command
		for _, c := range a.commands {
			if c.Log != nil && c.Log.Level == app.LevelRestarted {
				restarts = append(restarts, c.Log.Text)
			} else {
				commands = append(commands, c)
			}
		}
		if len(commands) > 0 {
			out = append(out, answer{a.event, commands})
		}
	}
	return out, restarts
}

// Whenever an app is killed, between events or amid many, what it answers in all its lives is
// what it would have answered in one, and so is the state that it saves.
func TestAnAppThatIsKilledAnswersAsIfItHadNotBeen(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		most int
	}{"one with a state": {"echo", 300}, "one without": {"plain", 100000}} {
		kind := c.kind
		t.Run(name, func(t *testing.T) {
			l := mustLast(t, kind, c.most, nil)
			twin := app.Local(&echo{})
			lots := rand.New(rand.NewPCG(1, 2))
			restarts := 0
			for round := range 12 {
				var events []app.Event
				for range 1 + lots.IntN(400) {
					if lots.IntN(3) > 0 {
						events = append(events, packetIn(lots.IntN(1000), make([]byte, 100)))
					} else {
						events = append(events, app.Event{Kind: app.KindSwitch, Switch: &app.SwitchChange{}}) // has no answer
					}
				}
				if round%2 == 0 {
					events = append(events, timer("sleep:100ms"))
				}
				events = append(events, packetIn(7, nil))
				l.losses, l.idle = nil, 0
				killed := make(chan struct{})
				go func() {
					defer close(killed)
					if round%4 != 3 {
						time.Sleep(time.Duration(round*7) * time.Millisecond)
						_ = syscall.Kill(l.pid(), syscall.SIGKILL)
					}
				}()
				got, err := handle(l, events...)
				<-killed
				if err != nil {
					t.Fatal(err)
				}
				got, said := without(got)
				restarts += len(said)
				want, _ := handle(twin, events...)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("round %d: %d answers, want %d", round, len(got), len(want))
				}
			}
			state, err := l.Save(t.Context())
			want, _ := twin.Save(t.Context())
			if kind == "plain" {
				want = nil
			}
			if err != nil || string(state) != string(want) {
				t.Errorf("saved is %q (%v), want %q", state, err, want)
			}
			if restarts < 4 || l.forgot {
				t.Errorf("it was started again %d times", restarts)
			}
			if kind == "echo" && l.state == nil {
				t.Error("it was never asked for its state")
			}
		})
	}
}

func TestAnAppThatHangsIsStartedAgain(t *testing.T) {
	l := mustLast(t, "echo", 1000, func(o *Options) { o.Silence = 2 * time.Second }) // which no app takes that does not hang
	if _, err := handle(l, packetIn(1, nil)); err != nil {
		t.Fatal(err)
	}
	stopped := l.pid()
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	got, err := handle(l, packetIn(2, nil), packetIn(3, nil))
	got, said := without(got)
	if err != nil || len(got) != 2 || len(said) != 1 || !strings.Contains(said[0], "was silent for 2s") || !strings.Contains(said[0], "1 events were told again") {
		t.Errorf("%d answers, %q, %v", len(got), said, err)
	}
	gone(t, stopped)
}

func TestAnAppThatIsLostAgainAndAgainIsLostForGood(t *testing.T) {
	for name, c := range map[string]struct {
		event app.Event
		want  string
		quick bool // its silence is soon enough
	}{
		"it panics at an event":      {timer("panic:x"), "it was lost 4 times within 30s, and is not started again", false},
		"it ends at an event":        {timer("exit:3"), "crashed: exit status 3; it was lost 4 times", false},
		"it hangs at an event":       {timer("sleep:1h"), "was silent for 1s; it was lost 4 times", true},
		"it answers with a nonsense": {timer("wrong"), "it was lost 4 times", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := mustLast(t, "echo", 1000, func(o *Options) {
				if c.quick {
					o.Silence = time.Second
				}
			})
			got, err := handle(l, packetIn(1, nil), c.event, packetIn(2, nil))
			lost(t, err, c.want)
			if got, _ := without(got); len(got) > 1 {
				t.Errorf("%d answers", len(got))
			}
			if _, err := handle(l, packetIn(3, nil)); err == nil {
				t.Error("it goes on")
			}
		})
	}
}

func TestAnAppThatCannotBeStartedAgainIsLostForGood(t *testing.T) {
	l := mustLast(t, "echo", 1000, nil)
	l.launch = func(context.Context) (app.Instance, error) { return nil, errors.New("the program is gone") }
	_ = syscall.Kill(l.pid(), syscall.SIGKILL)
	_, err := handle(l, packetIn(1, nil))
	lost(t, err, "it could not be started again: the program is gone")
}

func TestAnAppWithoutAStateCannotBeToldEverythingAgain(t *testing.T) {
	l := mustLast(t, "plain", 10, nil)
	topology := app.Event{Kind: app.KindTopology, Topology: &app.Topology{Last: true, Hosts: make([]app.HostInfo, 50)}}
	if _, err := handle(l, topology); err != nil {
		t.Fatal(err)
	}
	got, err := handle(l, packetIn(0, nil))
	if err != nil || len(got) != 1 || len(got[0].commands) == 0 || got[0].commands[0].Log == nil || got[0].commands[0].Log.Level != app.LevelWarned ||
		!strings.Contains(got[0].commands[0].Log.Text, "can from now on not be started again, should it be lost: it has been told more than 40 events") {
		t.Errorf("it is not said that the bound was reached: %+v, %v", got, err)
	}
	_ = syscall.Kill(l.pid(), syscall.SIGKILL)
	again, err := handle(l, packetIn(1, nil))
	lost(t, err, "it was told too much to be told once more, and saves no state")
	if len(again) > 0 {
		t.Errorf("it is said again: %+v", again)
	}
}

func TestClosingEndsAnAppThatIsBeingStartedAgain(t *testing.T) {
	l := mustLast(t, "echo", 1000, nil)
	started := make(chan struct{})
	l.launch = func(ctx context.Context) (app.Instance, error) {
		close(started)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_ = syscall.Kill(l.pid(), syscall.SIGKILL)
	ended := make(chan error, 1)
	go func() { _, err := handle(l, packetIn(1, nil)); ended <- err }()
	<-started
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	lost(t, <-ended, "killed")
}

// Who calls off an app has not lost it.
func TestAnAppThatIsAbandonedIsNotStartedAgain(t *testing.T) {
	l := mustLast(t, "echo", 1000, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := l.Handle(ctx, []app.Event{timer("sleep:10s")}, func(int, []app.Command) {})
	if !errors.Is(err, context.DeadlineExceeded) || len(l.losses) != 0 {
		t.Error(err, l.losses)
	}
}

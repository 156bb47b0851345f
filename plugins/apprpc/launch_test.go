package apprpc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/core/app"
	"sendim/core/fault"
	"sendim/core/flow"
	"sendim/core/packet"
)

func ctxBackground() context.Context { return context.Background() }

func timer(name string) app.Event {
	return app.Event{Kind: app.KindTimer, Timer: &app.Timer{Name: name}}
}

func packetIn(n int, frame []byte) app.Event {
	return app.Event{Kind: app.KindPacketIn, PacketIn: &app.PacketIn{Port: app.Port{Switch: 3, Port: 2}, Frame: frame, Length: len(frame),
		Header: packet.Header{EthDst: 0x010203040506, EthSrc: packet.MAC(n), EthType: packet.EthTypeIPv4, IPSrc: 0x0a000001, IPDst: packet.IPv4(n),
			Proto: packet.ProtoUDP, TTL: 64, L4Src: 1000, L4Dst: 2000}}}
}

// launchTest starts the test binary as an app.
func launchTest(kind string, change func(*Options)) (app.Instance, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o := Options{Path: exe, Env: []string{"APPRPC_TEST_APP=" + kind}}
	if change != nil {
		change(&o)
	}
	return Launch(context.Background(), o)
}

// mustLaunch starts a test app, and checks at the end that nothing of it is left.
func mustLaunch(t testing.TB, kind string, change func(*Options)) *instance {
	t.Helper()
	noLeaks(t)
	a, err := launchTest(kind, change)
	if err != nil {
		t.Fatal(err)
	}
	i := a.(*instance)
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
		if alive(i.proc.cmd.Process.Pid) {
			t.Errorf("process %d lives on", i.proc.cmd.Process.Pid)
		}
	})
	return i
}

// noLeaks checks at the end that no goroutine and no socket is left.
func noLeaks(t testing.TB) {
	t.Helper()
	dir, err := os.MkdirTemp("", "apprpc") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	there := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, there)
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func gone(t *testing.T, pid int) {
	t.Helper()
	for range 6000 {
		// An orphan whose new parent does not reap it has ended as well.
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
}

type answer struct {
	event    int
	commands []app.Command
}

func handle(i app.Instance, events ...app.Event) (out []answer, err error) {
	err = i.Handle(context.Background(), events, func(event int, commands []app.Command) {
		out = append(out, answer{event, commands})
	})
	return out, err
}

func lost(t *testing.T, err error, want string) *Lost {
	t.Helper()
	var l *Lost
	if !errors.As(err, &l) {
		t.Fatalf("%v is not *Lost", err)
	}
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), l.Path) {
		t.Errorf("the error is\n%q, without\n%q", err, want)
	}
	return l
}

func TestAnAppInAProcessAnswersLikeOneInOurs(t *testing.T) {
	var events []app.Event
	for n := range 6_000 {
		events = append(events, packetIn(n, []byte(strings.Repeat("x", n%1500))))
		if n%1000 == 7 { // the last takes more than one message
			events = append(events, timer(fmt.Sprintf("rules:%d", n)), timer("a line"))
		}
	}
	wanted := map[int][]app.Command{}
	if err := app.Local(&echo{}).Handle(context.Background(), events, func(e int, c []app.Command) { wanted[e] = append(wanted[e], c...) }); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 7, 4096, len(events)} {
		t.Run(fmt.Sprintf("in batches of %d", size), func(t *testing.T) {
			i := mustLaunch(t, "echo", nil)
			n := len(events)
			if size < 10 {
				n = 200 // enough of them
			}
			last := -1
			for from := 0; from < n; from += size {
				list := events[from:min(n, from+size)]
				err := i.Handle(context.Background(), list, func(e int, c []app.Command) {
					if from+e <= last {
						t.Fatalf("event %d is answered after %d", from+e, last)
					}
					last = from + e
					if len(c) != len(wanted[last]) {
						t.Fatalf("%d commands for event %d, not %d", len(c), last, len(wanted[last]))
					}
					for j := range c {
						if fmt.Sprint(text1(c[j])) != fmt.Sprint(text1(wanted[last][j])) {
							t.Fatalf("%v, not %v", text1(c[j]), text1(wanted[last][j]))
						}
					}
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if last != n-1 && len(wanted[n-1]) > 0 {
				t.Errorf("the last answer is to %d of %d", last, n)
			}
		})
	}
}

func text1(c app.Command) []any {
	out := []any{c.Kind, c.ID, c.Switch, c.Ack}
	switch {
	case c.Rule != nil:
		out = append(out, c.Rule.Command, c.Rule.Rule.String())
	case c.PacketOut != nil:
		out = append(out, c.PacketOut.InPort, flow.ActionsText(c.PacketOut.Actions), string(c.PacketOut.Frame))
	case c.Log != nil:
		out = append(out, *c.Log)
	}
	return out
}

func TestTheManifestArrives(t *testing.T) {
	i := mustLaunch(t, "echo", nil)
	if got, want := fmt.Sprint(i.Manifest()), fmt.Sprint((&echo{}).Manifest()); got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

func TestStateGoesFromOneAppToTheNext(t *testing.T) {
	i := mustLaunch(t, "echo", nil)
	if _, err := handle(i, timer("a"), timer("b")); err != nil {
		t.Fatal(err)
	}
	state, err := i.Save(context.Background())
	if own, issued := app.UnpackState(state); err != nil || string(own) != "2" || issued != 2 {
		t.Fatalf("%q, %v", state, err)
	}
	j := mustLaunch(t, "echo", nil)
	if err := j.Restore(context.Background(), []byte("12")); err != nil {
		t.Fatal(err)
	}
	if err := j.Restore(context.Background(), []byte("many")); err == nil || !strings.Contains(err.Error(), "application echo cannot restore its state: expected integer") {
		t.Error(err)
	}
	if _, err := handle(j, timer("one more")); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Save(context.Background()); err == nil || err.Error() != "application echo cannot save its state: thirteen cannot be saved" {
		t.Error(err)
	}
	if _, err := handle(j, timer("lives on")); err != nil {
		t.Error(err)
	}
}

func TestAnAppWithoutStateSavesNone(t *testing.T) {
	i := mustLaunch(t, "plain", nil)
	if state, err := i.Save(context.Background()); err != nil || len(state) > 0 {
		t.Errorf("%q, %v", state, err)
	}
	if err := i.Restore(context.Background(), []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestWhatAnAppWritesGoesToTheLog(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	i := mustLaunch(t, "echo", func(o *Options) { o.Stderr = locked{&mu, &log} })
	if _, err := handle(i, timer("print:me"), timer("garbage"), timer("after")); err != nil {
		t.Fatal(err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	got := log.String()
	if !strings.HasPrefix(got, "to standard output: me\nto standard error: me\n1|1|tcp|garbage|grpc|1|1|tcp") || !strings.HasSuffix(got, "garbage|grpc|\n") {
		t.Errorf("%d bytes: %.200q", len(got), got)
	}
}

type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func TestALostAppSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []app.Event
		change func(*Options)
		want   string
	}{
		{"a panic", []app.Event{timer("a"), timer("panic:x")}, nil,
			"is lost: panicked at event 1 (timer): assignment to entry in nil map (apps_test.go:"},
		{"an exit", []app.Event{timer("exit:3")}, nil, `is lost: crashed: exit status 3; it last wrote "I have had enough"`},
		{"a crash that cannot be recovered from", []app.Event{timer("overflow")}, nil, `is lost: crashed: exit status 2; it last wrote "fatal error: stack overflow"`},
		{"a hang", []app.Event{timer("sleep:1h")}, func(o *Options) { o.Silence = 300 * time.Millisecond },
			"is lost: was silent for 300ms at an event of the kind timer"},
		{"a hang in a batch", []app.Event{timer("a"), timer("sleep:500ms"), timer("sleep:1h")}, func(o *Options) { o.Silence = 2 * time.Second },
			"is lost: was silent for 2s (it last answered event 1 of 3)"},
		{"too many commands", []app.Event{timer("rules:20000")}, func(o *Options) { o.MaxCommands = 10_000 },
			"is lost: answered one event with more than 10000 commands"},
		{"too many bytes", []app.Event{timer("rules:20000")}, func(o *Options) { o.MaxBytes = 100_000 },
			"is lost: answered one event with more than 100000 bytes of commands"},
		{"a command without its part", []app.Event{timer("wrong")}, nil,
			"is lost: answered event 0 (timer) wrongly: command 1 is of the kind rule but has no such part"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := mustLaunch(t, "echo", c.change)
			_, err := handle(i, c.events...)
			l := lost(t, err, c.want)
			if l.App != "echo" {
				t.Errorf("App is %q", l.App)
			}
			gone(t, i.proc.cmd.Process.Pid)
			if _, again := handle(i, timer("a")); again != err {
				t.Errorf("afterwards: %v", again)
			}
			if _, err := i.Save(context.Background()); !errors.As(err, &l) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestAnAppThatBreaksTheProtocolIsLost(t *testing.T) {
	for what, want := range map[string]string{
		"batch":     "broke the protocol: it answers batch 2 and not 1",
		"backwards": "broke the protocol: it answers event 0 of 2 out of turn",
		"beyond":    "broke the protocol: it answers event 2 of 2 out of turn",
		"unknown":   "broke the protocol: command 7 has no part that is known",
		"endless":   "answered one event with more than 1000 commands",
		"end":       "broke the connection: EOF",
		"refuse":    "broke the connection: not me",
		"failure":   "gave up without a reason",
	} {
		t.Run(what, func(t *testing.T) {
			i := mustLaunch(t, "rude", func(o *Options) { o.MaxCommands = 1000 })
			_, err := handle(i, timer(what), timer("more"))
			lost(t, err, want)
		})
	}
}

func TestAnAnswerInPiecesIsEmittedWhole(t *testing.T) {
	i := mustLaunch(t, "rude", nil)
	out, err := handle(i, timer("split"), timer("more"))
	if err != nil || len(out) != 2 || out[0].event != 0 || len(out[0].commands) != 3 || out[1].event != 1 || len(out[1].commands) != 2 {
		t.Errorf("%v, %v", out, err)
	}
	if state, err := i.Save(context.Background()); err != nil || state != nil {
		t.Errorf("%q, %v", state, err)
	}
}

func TestAPanicLeavesItsStackInTheLog(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	i := mustLaunch(t, "echo", func(o *Options) { o.Stderr = locked{&mu, &log} })
	_, err := handle(i, timer("panic:x"))
	l := lost(t, err, "panicked")
	if !strings.Contains(strings.Join(l.Stderr, "\n"), "panic: assignment to entry in nil map") {
		t.Errorf("the last lines are %q", l.Stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "(*echo).timer") {
		t.Errorf("the log holds %q", log.String())
	}
}

func TestALongBatchIsNoSilence(t *testing.T) {
	// Events shorter, and all of them together longer than the silence that is borne.
	i := mustLaunch(t, "echo", func(o *Options) { o.Silence = time.Second })
	var events []app.Event
	for range 30 {
		events = append(events, timer("sleep:50ms"))
	}
	if out, err := handle(i, events...); err != nil || len(out) != 30 {
		t.Errorf("%d answers, %v", len(out), err)
	}
}

func TestASlowCallerIsNotTheAppsFault(t *testing.T) {
	i := mustLaunch(t, "echo", func(o *Options) { o.Silence = time.Second })
	err := i.Handle(context.Background(), []app.Event{timer("a"), timer("sleep:60ms"), timer("b")}, func(int, []app.Command) { time.Sleep(1200 * time.Millisecond) })
	if err != nil {
		t.Error(err)
	}
}

func TestAnAbandonedBatchLosesTheApp(t *testing.T) {
	i := mustLaunch(t, "echo", nil)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := i.Handle(ctx, []app.Event{timer("sleep:1h")}, func(int, []app.Command) {})
	lost(t, err, "was abandoned in the middle of a batch")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the cause is not there")
	}
}

func TestCloseInTheMiddleOfABatchEndsIt(t *testing.T) {
	i := mustLaunch(t, "echo", func(o *Options) { o.Grace = 100 * time.Millisecond })
	go func() { time.Sleep(100 * time.Millisecond); _ = i.Close() }()
	_, err := handle(i, timer("sleep:1h"))
	lost(t, err, "was closed in the middle of a batch")
}

func TestAStoppedAppIsClosedAllTheSame(t *testing.T) {
	i := mustLaunch(t, "echo", func(o *Options) { o.Grace = 200 * time.Millisecond })
	if err := syscall.Kill(i.proc.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_ = i.Close()
}

func TestWhatAnAppStartedEndsWithIt(t *testing.T) {
	i := mustLaunch(t, "echo", nil)
	out, err := handle(i, timer("child"))
	if err != nil {
		t.Fatal(err)
	}
	child := int(out[0].commands[0].Metric.Value)
	if !alive(child) {
		t.Fatal("there is no child")
	}
	_ = i.Close()
	gone(t, child)
}

func TestMemoryIsBounded(t *testing.T) {
	if underRace {
		t.Skip("the race detector's own memory is not bounded")
	}
	i := mustLaunch(t, "echo", func(o *Options) { o.MemoryLimit = 512 << 20 })
	if out, err := handle(i, timer("eat:64")); err != nil || len(out) != 1 {
		t.Fatal(err)
	}
	_, err := handle(i, timer("eat:2048"))
	lost(t, err, " MiB of memory and may hold 512 MiB")
	if strings.Contains(err.Error(), "last wrote") {
		t.Error(err)
	}
}

func TestMemoryIsBoundedWhetherOrNotItIsSaid(t *testing.T) {
	if o := (Options{}).withDefaults(); o.MemoryLimit != machineMemory()/2 {
		t.Errorf("the limit is %d of %d bytes", o.MemoryLimit, machineMemory())
	}
}

func TestAnEventThatCannotBeEncodedIsTheCallersFault(t *testing.T) {
	i := mustLaunch(t, "echo", nil)
	if _, err := handle(i, app.Event{Kind: app.KindHost}); err == nil || err.Error() != "application echo: event 0: an event is of the kind host but has no such part" {
		t.Error(err)
	}
	if _, err := handle(i, timer("lives on")); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoAppIsRefusedInOneLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	quick := func(o *Options) { o.Handshake, o.Grace = 700*time.Millisecond, 300*time.Millisecond }
	steady := func(o *Options) { o.Handshake, o.Grace = 3*time.Second, 300*time.Millisecond } // until they have begun
	for _, c := range []struct {
		name, kind string
		change     func(*Options)
		want       string
	}{
		{"no file", "", func(o *Options) { o.Path = "/no/such/app" }, "application /no/such/app: no such file or directory"},
		{"a directory", "", func(o *Options) { o.Path = dir }, "is a directory"},
		{"a file that is not executable", "", func(o *Options) { o.Path = write("text", "hello", 0o644) }, "is not executable"},
		{"a file that is no program", "", func(o *Options) { o.Path = write("noise", "\x7fELF nonsense", 0o755) }, "is no program for this machine: exec format error"},
		{"a script without its interpreter", "", func(o *Options) { o.Path = write("script", "#!/no/such/shell\n", 0o755) }, "cannot be started: its first line names /no/such/shell, which is not there"},
		{"another program", "", func(o *Options) { o.Path = "/bin/true" }, "ended without saying hello (exit status 0)"},
		{"a program that fails", "no-plugin", nil, `ended without saying hello (exit status 3): is it an application for SENDIM?; it wrote "usage: something else"`},
		{"a program that panics", "early-panic", nil, `it wrote "panic: no configuration"`},
		{"a program that waits", "mute", quick, "did not say hello within 700ms"},
		{"a program that closes its output", "closed", steady, "closed its standard output without saying hello"},
		{"words before the handshake", "loud", nil, `wrote "hello, I am an app" to its standard output before the handshake`},
		{"another version", "other-version", nil, "speaks version 7 of the protocol, and this sendim version 1"},
		{"a hello and no more", "deaf", steady, "does not give its manifest"},
		{"no name", "nameless", nil, "has a manifest without a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			noLeaks(t)
			_, err := launchTest(c.kind, c.change)
			if err == nil {
				t.Fatal("it is launched")
			}
			if s := err.Error(); !strings.Contains(s, c.want) || strings.Contains(s, "\n") || !strings.HasPrefix(s, "application /") {
				t.Errorf("%q, without %q", s, c.want)
			}
		})
	}
}

func TestALaunchCanBeGivenUp(t *testing.T) {
	noLeaks(t)
	exe, _ := os.Executable()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := Launch(ctx, Options{Path: exe, Env: []string{"APPRPC_TEST_APP=mute"}})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "application "+exe+": given up before it had started") {
		t.Error(err)
	}
}

func TestTheChecksumIsChecked(t *testing.T) {
	exe, _ := os.Executable()
	content, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	right := hex.EncodeToString(sum[:])
	mustLaunch(t, "echo", func(o *Options) { o.SHA256 = strings.ToUpper(right) })
	for _, wrong := range []string{strings.Repeat("00", 32), right[2:], "no checksum"} {
		_, err := launchTest("echo", func(o *Options) { o.SHA256 = wrong })
		var f fault.Fault
		if !errors.As(err, &f) || f.Code != fault.ChecksumWrong || f.Place.File != exe {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestALongTemporaryDirectoryIsNoObstacle(t *testing.T) {
	i := mustLaunch(t, "echo", func(*Options) {
		dir := filepath.Join(t.TempDir(), strings.Repeat("long", 20))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", dir)
	})
	if _, err := handle(i, timer("a")); err != nil {
		t.Error(err)
	}
}

func TestFindLooksBesideAndInPath(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(first, "sendim-app-throttle"), filepath.Join(second, "sendim-app-throttle"), filepath.Join(second, "sendim-app-router")} {
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(first, "sendim-app-notes"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", second)
	for name, want := range map[string]string{"throttle": filepath.Join(first, "sendim-app-throttle"), "router": filepath.Join(second, "sendim-app-router"),
		second + "/sendim-app-router": second + "/sendim-app-router"} {
		if got, err := Find(name, first); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for name, nearest := range map[string]string{"throtle": "throttle", "notes": "", "": "", "sendim-app-router": "", "./router": ""} {
		_, err := Find(name, first)
		var f fault.Fault
		if !errors.As(err, &f) || f.Code != fault.UnknownApp || f.Nearest != nearest {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := fmt.Sprint(Found(first)); got != fmt.Sprint([]Binary{{"router", filepath.Join(second, "sendim-app-router")}, {"throttle", filepath.Join(first, "sendim-app-throttle")}}) {
		t.Error(got)
	}
}

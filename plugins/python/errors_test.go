package python_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/core/app"
	"sendim/integrators/labtest"
	"sendim/plugins/apprpc"
)

// script writes a file of an app; each further pair is another file beside it.
func script(t *testing.T, text string, others ...string) string {
	t.Helper()
	dir := t.TempDir()
	if !strings.HasPrefix(text, "#!") {
		text = "#!" + interpreter + "\n" + text
	}
	files := append([]string{"app.py", text}, others...)
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "app.py")
}

func TestWhyAnAppDoesNotStartIsOneLine(t *testing.T) {
	labtest.NeedsPython(t)
	const body = "from sendim import *\nclass A(App):\n    name = \"a\"\nserve(A)\n"
	for _, c := range []struct {
		name, text string
		want       string
		others     []string
	}{
		{"a fault outside the class", "from sendim import *\n\nboom()\n", `it wrote "NameError: name 'boom' is not defined (app.py:4, in <module>)"`, nil},
		{"a fault of syntax", "from sendim import *\nclass A(\n", `"SyntaxError: '(' was never closed (app.py:3)"`, nil},
		{"a mistyped handler", "from sendim import *\nclass A(App):\n    def on_packetin(self, e, out): pass\n", `A.on_packetin: there is no such event; did you mean on_packet_in? (app.py:3, in <module>)`, nil},
		{"a default that does not fit", "from sendim import *\nclass A(App):\n    wait = Duration(\"5\")\n", `'5' has no unit of a time; write it like 5ms (app.py:4, in A)`, nil},
		{"no serve", "from sendim import *\n", "ended without saying hello (exit status 0)", nil},
		{"no grpcio", body, `lacks grpc: apt install python3-grpcio (for /usr/bin/python3; for another one: pip install grpcio protobuf)"`,
			[]string{"grpc.py", "raise ModuleNotFoundError(\"No module named 'grpc'\", name='grpc')"}},
		{"no protobuf", body, `lacks google.protobuf: apt install python3-protobuf`,
			[]string{"google/__init__.py", ""}},
		{"a program in between", "#!/bin/sh\nexec " + interpreter + " \"$(dirname \"$0\")/real.py\"\n", "start the file itself, whose first line must name Python",
			[]string{"real.py", body, "sendim/__init__.py", ""}},
		{"another version", "print('1|2|unix|/x|grpc|', flush=True)\nimport time\ntime.sleep(9)\n", "speaks version 2 of the protocol, and this sendim version 1", nil},
		{"a port that all can reach", "print('1|1|tcp|127.0.0.1:4444|grpc|', flush=True)\nimport time\ntime.sleep(9)\n", "listens at tcp 127.0.0.1:4444 and not in its own directory", nil},
		{"no name", "from sendim import *\nclass A(App): pass\nserve(A)\n", "manifest without a name", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var files []string
			for i := 0; i < len(c.others); i += 2 {
				if !strings.Contains(c.others[i], "/") {
					files = append(files, c.others[i], c.others[i+1])
				}
			}
			path := script(t, c.text, files...)
			for i := 0; i < len(c.others); i += 2 {
				if folder, _, nested := strings.Cut(c.others[i], "/"); nested {
					if folder == "sendim" { // a copy beside the app
						if err := os.CopyFS(filepath.Join(filepath.Dir(path), "sendim"), os.DirFS("sendim")); err != nil {
							t.Fatal(err)
						}
						continue
					}
					if err := os.MkdirAll(filepath.Join(filepath.Dir(path), folder), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(filepath.Dir(path), c.others[i]), []byte(c.others[i+1]), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			var log bytes.Buffer
			i, err := apprpc.Launch(t.Context(), apprpc.Options{Path: path, Stderr: &log})
			if err == nil {
				i.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// lose gives an app one event that it does not survive.
func lose(t *testing.T, text string, change ...func(*apprpc.Options)) (reason, log string) {
	t.Helper()
	var said bytes.Buffer
	change = append(change, func(o *apprpc.Options) { o.Stderr = &said })
	i := launch(t, script(t, text), change...)
	err := i.Handle(context.Background(), []app.Event{packetIn(0)}, func(int, []app.Command) {})
	var lost *apprpc.Lost
	if !errors.As(err, &lost) {
		t.Fatalf("%v is not the loss of the app", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %v", err)
	}
	if err := i.Close(); err != nil {
		t.Error(err)
	}
	return err.Error(), said.String()
}

const head = "from sendim import *\nimport os, sys, time\nclass A(App):\n    name = \"a\"\n    def on_packet_in(self, p, out):\n        "

func TestAnExceptionNamesAppFileAndLineAndItsTraceGoesToTheLog(t *testing.T) {
	for code, want := range map[string]string{
		"{}[5]":                                  "raised KeyError: 5 (app.py:7, in on_packet_in) at event 0 (packet-in)",
		"out.install(1, Rule(match(eth_dts=1)))": "there is no field 'eth_dts'; did you mean 'eth_dst'? (app.py:7, in on_packet_in)",
		"out.install(1, Rule(priority=70000))":   "priority, idle and hard have 16 bits, table 8 and cookie 32 (app.py:7, in on_packet_in)",
		"out.install(1, Rule(match(), 4))":       "4 is no list of actions such as [output(1), DEC_TTL] (app.py:7, in on_packet_in)",
		"out.install(1, Rule({1: 2}))":           "is no match; make one with match(eth_dst=..., in_port=...) (app.py:7, in on_packet_in)",
		"p.eth_sorc":                             "object has no attribute 'eth_sorc'",
		"sys.exit('enough')":                     "raised SystemExit: enough (app.py:7",
		"raise ValueError('two\\nlines')":        "ValueError: two lines (app.py:7",
		"self.on_packet_in(p, out)":              "raised RecursionError: maximum recursion depth exceeded",
	} {
		reason, log := lose(t, head+code+"\nserve(A)\n")
		if !strings.Contains(reason, want) || !strings.Contains(reason, "application a (") {
			t.Errorf("%s: %s\nwant %s", code, reason, want)
		}
		if !strings.Contains(log, "Traceback") || !strings.Contains(log, "app.py\", line 7, in on_packet_in") || strings.Contains(log, "runner.py") {
			t.Errorf("%s: the log has\n%s", code, log)
		}
	}
}

func TestAnAppThatHangsCrashesOrEatsMemoryIsLost(t *testing.T) {
	quick := func(o *apprpc.Options) { o.Silence = 300 * time.Millisecond }
	if reason, _ := lose(t, head+"time.sleep(60)\nserve(A)\n", quick); !strings.Contains(reason, "was silent for 300ms") {
		t.Error(reason)
	}
	if reason, _ := lose(t, head+"os.abort()\nserve(A)\n"); !strings.Contains(reason, "crashed: signal: aborted") {
		t.Error(reason)
	}
	if reason, _ := lose(t, head+"x = bytearray(1 << 30)\nserve(A)\n", func(o *apprpc.Options) { o.MemoryLimit = 512 << 20 }); !strings.Contains(reason, "MemoryError (app.py:7") && !strings.Contains(reason, "512 MiB") {
		t.Error(reason)
	}
	if reason, _ := lose(t, head+"for i in range(100000): out.log('info', 'x')\nserve(A)\n", func(o *apprpc.Options) { o.MaxCommands = 1000 }); !strings.Contains(reason, "more than 1000 commands") {
		t.Error(reason)
	}
}

func TestWhatAnAppPrintsReachesTheLogAndNotTheHandshake(t *testing.T) {
	var log bytes.Buffer
	i := launch(t, script(t, "print('before import')\n"+head+`print("in react"); os.system("echo of a child"); os.write(1, b"raw\n")
        out.log("info", str(len(sys.stdin.read())))
print("before serve")
serve(A)
`), func(o *apprpc.Options) { o.Stderr = &log })
	if got := answers(t, i, packetIn(0)); len(got[0]) != 1 || got[0][0].Log.Text != "0" {
		t.Errorf("%+v, the log: %+v", got, got[0][0].Log)
	}
	if err := i.Close(); err != nil {
		t.Error(err)
	}
	for _, line := range []string{"before import", "before serve", "in react", "of a child", "raw"} {
		if !strings.Contains(log.String(), line+"\n") {
			t.Errorf("%q is not in the log:\n%s", line, log.String())
		}
	}
}

func TestAnAppIsSlowButSpeaksBetweenEvents(t *testing.T) {
	i := launch(t, script(t, head+"time.sleep(0.2)\nserve(A)\n"), func(o *apprpc.Options) { o.Silence = 2 * time.Second })
	events := make([]app.Event, 12)
	for n := range events {
		events[n] = packetIn(n)
	}
	answers(t, i, events...)
}

func TestTwoRunsIterateSetsOfTextAlike(t *testing.T) {
	path := script(t, head+"out.log('info', ' '.join({'a', 'b', 'c', 'd', 'e', 'f'}))\nserve(A)\n")
	var first string
	for range 3 {
		got := answers(t, launch(t, path), packetIn(0))[0][0].Log.Text
		if first != "" && got != first {
			t.Errorf("%s, earlier %s", got, first)
		}
		first = got
	}
}

func TestAnAppEndsWhenItsHostIsGone(t *testing.T) {
	labtest.NeedsPython(t)
	dir, err := os.MkdirTemp("", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	in, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	nothing, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	p, err := os.StartProcess(interpreter, []string{interpreter, "testdata/echo.py"}, &os.ProcAttr{Files: []*os.File{in, nothing, os.Stderr},
		Env: append(os.Environ(), "PYTHONPATH=.", "SENDIM_APP=1dc6a4c2-sendim-app", "PLUGIN_UNIX_SOCKET_DIR="+dir)})
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	labtest.Await(t, "it listens", func() bool {
		there, _ := filepath.Glob(filepath.Join(dir, "app*"))
		return len(there) > 0
	})
	if err := p.Signal(os.Interrupt); err != nil { // the parent's business: it lives on
		t.Error(err)
	}
	time.Sleep(50 * time.Millisecond) // so that it most likely has taken it; either way it must end well
	ours.Close()
	late := time.AfterFunc(time.Minute, func() { _ = p.Kill() })
	state, err := p.Wait()
	late.Stop()
	if err != nil || state.ExitCode() != 0 {
		t.Errorf("%v, %v", state, err)
	}
}

func TestNothingIsLeftOfAnAppThatWasClosedOrKilled(t *testing.T) {
	labtest.NeedsPython(t)
	dir, err := os.MkdirTemp("", "app") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t.Setenv("TMPDIR", dir)
	for _, code := range []string{"pass", "os.kill(os.getpid(), 9)", "time.sleep(60)"} {
		path := script(t, head+code+"\nserve(A)\n")
		i, err := apprpc.Launch(t.Context(), apprpc.Options{Path: path, Silence: 200 * time.Millisecond, Grace: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if there, _ := filepath.Glob(filepath.Join(dir, "*", "python", "sendim", "__init__.py")); len(there) != 1 {
			t.Errorf("the package is in %v", there)
		}
		_ = i.Handle(context.Background(), []app.Event{packetIn(0)}, func(int, []app.Command) {}) // its loss is told elsewhere
		if err := i.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "plugin*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", code, left)
		}
	}
}

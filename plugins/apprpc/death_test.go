package apprpc

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The host is the test binary run once more, which launches an app and is then killed.
func TestAnAppDiesWithItsHost(t *testing.T) {
	for name, env := range map[string]string{"an idle one": "X=", "a hanging one": "APPRPC_TEST_HANG=1"} {
		t.Run(name, func(t *testing.T) {
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			host := exec.Command(exe)
			host.Env = append(os.Environ(), "APPRPC_TEST_APP=host", env, "TMPDIR="+t.TempDir())
			host.Stderr = os.Stderr
			stdin, err := host.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			stdout, err := host.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := host.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			app, bad := strconv.Atoi(strings.TrimSpace(line))
			if err != nil || bad != nil || !alive(app) {
				_ = host.Process.Kill()
				t.Fatalf("the host says %q, %v", line, err)
			}
			time.Sleep(100 * time.Millisecond)
			if !alive(app) {
				t.Error("the app has not waited")
			}
			_ = host.Process.Kill()
			_ = host.Wait()
			gone(t, app)
		})
	}
}

// Without the kernel's help, too: the end of standard input is enough.
func TestAnAppEndsWithItsStandardInput(t *testing.T) {
	for name, what := range map[string]string{"an idle one": "", "a hanging one": "sleep:1h"} {
		t.Run(name, func(t *testing.T) {
			i := mustLaunch(t, "echo", nil)
			if what != "" {
				go func() { _, _ = handle(i, timer(what)) }()
				time.Sleep(50 * time.Millisecond)
			}
			_ = i.proc.stdin.Close()
			gone(t, i.proc.cmd.Process.Pid)
		})
	}
}

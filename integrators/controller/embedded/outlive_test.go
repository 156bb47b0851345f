package embedded_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sendim/core/trace"
	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// mortalController is the subcommand of the test binary that is a controller in a process of
// its own, at the listener that it is given as its first file after the streams.
const mortalController = "mortal-controller"

// beMortal serves two switches until it is killed, and says when it has begun how many
// modifications it has sent.
func beMortal(of string) int {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	t := &testing.T{}
	b := run(t, nil, 2, listener, driven(t, chain(t), "fixed", &fixed{}))
	b.wait(t, 2)
	b.startApps(t)
	sent := 0
	b.diary.mu.Lock()
	for _, e := range b.diary.list {
		if e.Kind == trace.RuleMod || e.Kind == trace.GroupMod || e.Kind == trace.MeterMod {
			sent++
		}
	}
	b.diary.mu.Unlock()
	fmt.Println("sent", sent, of)
	select {}
}

// A controller is killed in the middle of traffic, and another one as it begins: switches go
// on as they are, no packet is lost, and the next one has nothing to say to them.
func TestSwitchesThatOutliveTheirControllerLoseNoPacket(t *testing.T) {
	m := newMortal(t)
	listener, err := m.sandbox.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*netns.Listener).Listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m.bench = &bench{addr: listener.Addr().String()}
	begin := func() (*exec.Cmd, *bufio.Reader) {
		t.Helper()
		cmd := exec.Command(os.Args[0], mortalController, "OpenFlow 1.3")
		cmd.ExtraFiles, cmd.Stderr = []*os.File{file}, os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd, bufio.NewReader(out)
	}
	m.hosts()
	first, said := begin()
	if line, _ := said.ReadString('\n'); line != "sent 46 OpenFlow 1.3\n" {
		t.Fatalf("the first controller says %q", line)
	}
	received := make(chan string, 1)
	go func() {
		res, err := m.run.Run(t.Context(), shell.Cmd{Argv: []string{"ip", "netns", "exec", "h1", "ping", "-q", "-W", "2", "-i", "0.002", "-c", "1500", "10.0.0.2"}})
		received <- fmt.Sprint(string(res.Stdout), err)
	}()
	kill := func(c *exec.Cmd) {
		t.Helper()
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
	}
	time.Sleep(300 * time.Millisecond)
	kill(first)
	for _, after := range []time.Duration{20, 60, 120} { // while switches are asked what they hold, or before
		next, _ := begin()
		time.Sleep(after * time.Millisecond)
		kill(next)
	}
	_, said = begin()
	if line, _ := said.ReadString('\n'); line != "sent 0 OpenFlow 1.3\n" {
		t.Errorf("the last controller says %q", line)
	}
	if text := <-received; !strings.Contains(text, "1500 received") {
		t.Errorf("packets were lost: %s", text)
	}
}

package emulate_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
	"sendim/integrators/traffic"
)

func TestATrafficAgentThatIsKilledFailsItsFlowAndNoOther(t *testing.T) {
	inBothAtOnce(t, aTrafficAgentThatIsKilledFailsItsFlowAndNoOther)
}

func aTrafficAgentThatIsKilledFailsItsFlowAndNoOther(t *testing.T, b emulate.Backend) {
	lab(t)
	n := wire(t, "s1 s2", "h1 s1", "h2 s2", "h3 s1")
	n.Flows = []model.Flow{
		{ID: "hit", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Hour, Rate: 1e6, Transport: model.UDP},
		{ID: "other", From: node(t, n, "h3"), To: node(t, n, "h2"), Duration: 2 * model.Second, Rate: 1e6, Transport: model.UDP},
	}
	l := open(t, b, n, apps("shortest-path"))
	if _, err := l.Run(t.Context(), model.Second/2); err != nil {
		t.Fatal(err)
	}
	// The agent of h1 is the one that sends to h2 beside another host's: of its network
	// namespace.
	victim := agentOf(t, label(t, b), "10.0.0.1")
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context(), model.Forever); err != nil {
		t.Fatal(err)
	}
	l.do(backend.Action{Flow: &model.Flow{ID: "later", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Second, Rate: 1e6, Transport: model.UDP}})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ended := map[string]*trace.FlowResult{}
	for _, e := range l.diary.kind(trace.FlowEnd) {
		ended[e.Result.ID] = e.Result
	}
	for id, failed := range map[string]bool{"hit": true, "other": false, "later": false} {
		switch r := ended[id]; {
		case r == nil:
			t.Errorf("nothing is said of %s", id)
		case failed && !strings.Contains(r.Error, "h1"):
			t.Errorf("%s: %+v", id, r)
		case !failed && (r.Error != "" || r.Received < r.Sent/2):
			t.Errorf("%s: %+v", id, r)
		}
	}
}

// agentOf gives the agent in the host with an address.
func agentOf(t *testing.T, run, address string) int {
	t.Helper()
	left, err := netns.Leftovers(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range left {
		if argv := strings.Fields(p.Command); len(argv) < 2 || argv[1] != traffic.AgentCommand { // nor those that start one
			continue
		}
		if text, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/net/fib_trie"); strings.Contains(string(text), address+"\n") {
			return p.PID
		}
	}
	t.Fatalf("no agent at %s among %v", address, left)
	return 0
}

// What a run stands on and cannot be replaced ends it, by name, and nothing is left.
func TestARunEndsWithWhatItStandsOn(t *testing.T) { inBothAtOnce(t, aRunEndsWithWhatItStandsOn) }

func aRunEndsWithWhatItStandsOn(t *testing.T, b emulate.Backend) {
	lab(t)
	victims := map[string]string{"process 1": "the sandbox is gone"}
	if b.Name() == "mininet" {
		victims["Mininet"] = "Mininet ended"
	}
	for victim, want := range victims {
		n := wire(t, "s1 s2", "h1 s1", "h2 s2")
		n.Flows = []model.Flow{{ID: "f", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: model.Hour, Rate: 1e6, Transport: model.UDP}}
		l := open(t, b, n, apps("shortest-path"))
		run := label(t, b)
		if _, err := l.Run(t.Context(), model.Second/2); err != nil {
			t.Fatal(err)
		}
		left, err := netns.Leftovers(run)
		if err != nil {
			t.Fatal(err)
		}
		pid := 0
		for _, p := range left {
			if victim == "process 1" && strings.Contains(p.Command, netns.Subcommand) || victim == "Mininet" && strings.Contains(p.Command, "net.py") && !strings.HasPrefix(p.Command, "nsenter") {
				pid = p.PID
				break
			}
		}
		if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
			t.Fatalf("%s is not among %v", victim, left)
		}
		if _, err = l.Run(t.Context(), model.Forever); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s was killed: %v", victim, err)
		}
		if _, err := l.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: node(t, n, "h1"), To: node(t, n, "h2"), Count: 1}}); err == nil {
			t.Error("it goes on")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		gone(t, run)
	}
}

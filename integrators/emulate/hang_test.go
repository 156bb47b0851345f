package emulate_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
)

// gaps is for how long switches were away as far as it is told.
func (l *living) gaps() (sum model.Time) {
	for _, e := range l.diary.kind(trace.MachineLoad) {
		sum += e.Load.Gap
	}
	return sum
}

func TestADaemonThatIsStoppedForAWhileIsToldOf(t *testing.T) {
	inBoth(t, aDaemonThatIsStoppedForAWhileIsToldOf)
}

func aDaemonThatIsStoppedForAWhileIsToldOf(t *testing.T, b emulate.Backend) {
	lab(t)
	l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), apps("shortest-path"))
	for _, daemon := range []string{"ovsdb-server", "ovs-vswitchd"} {
		pid := process(t, label(t, b), daemon)
		labtest.Await(t, "a stop is told of", func() bool { // one that is too short for who is kept from looking is not
			for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
				if err := syscall.Kill(pid, sig); err != nil {
					t.Fatal(err)
				}
				time.Sleep(500 * time.Millisecond)
			}
			return len(l.diary.find(func(e *trace.Entry) bool {
				return e.Kind == trace.Warning && strings.HasPrefix(e.Text, daemon+" was stopped by a signal, and went on after ")
			})) > 0
		})
		if gap := l.gaps(); (gap > 0) != (daemon == "ovs-vswitchd") {
			t.Errorf("while %s stood still, switches were away for %v", daemon, gap)
		}
	}
	if got := l.ping("h1", "h2"); got != 2 {
		t.Errorf("%d of 2 echoes", got)
	}
	if lost := l.diary.kind(trace.DaemonLost); len(lost) > 0 {
		t.Errorf("taken for dead: %+v", lost)
	}
}

// Ten seconds are borne, as of an app.
func TestADaemonThatHangsIsEndedAndStartedAgain(t *testing.T) {
	lab(t)
	b := emulate.Backend{Native: true}
	n := wire(t, "s1 s2 10Mbps", "h1 s1", "h2 s2")
	n.Flows = []model.Flow{{ID: "tcp", From: node(t, n, "h1"), To: node(t, n, "h2"), Duration: 18 * model.Second, Transport: model.TCP}}
	l := open(t, b, n, apps("shortest-path"))
	if _, err := l.Run(t.Context(), model.Second); err != nil {
		t.Fatal(err)
	}
	rules := l.holds()
	if err := syscall.Kill(process(t, label(t, b), "ovs-vswitchd"), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	l.until("it is back", func() bool { return len(l.diary.kind(trace.DaemonBack)) > 0 })
	if lost := l.diary.kind(trace.DaemonLost); len(lost) != 1 || !strings.Contains(lost[0].Text, "it was stopped by a signal and did nothing for 10") || !strings.Contains(lost[0].Text, "; it was seen at work last 10") {
		t.Errorf("said is %+v", lost)
	}
	if after := l.holds(); after != rules {
		t.Errorf("switches hold\n%s\nand not\n%s", after, rules)
	}
	if gap := l.gaps(); gap < 10*model.Second {
		t.Errorf("switches were away for %v", gap)
	}
	if _, err := l.Run(t.Context(), model.Forever); err != nil {
		t.Fatal(err)
	}
	if f := l.diary.kind(trace.FlowEnd)[0].Result; f.Error != "" || f.Bytes < 1e6 {
		t.Errorf("the transfer ended as %+v", f)
	}
}

package containerlab

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"sendim/converters/draft"
)

// commands gives the lines of one kind of comment, as the head of the file says.
func commands(lab, kind string) string {
	var out strings.Builder
	for line := range strings.Lines(lab) {
		if c, ok := strings.CutPrefix(line, "#"+kind+": "); ok {
			out.WriteString(c)
		}
	}
	return out.String()
}

func TestWhatAForeignNodeSendsIsShapedByContainerlabsTool(t *testing.T) {
	const text = "name: l\ntopology:\n  nodes:\n    \"a'; reboot #\\n\": {kind: srl}\n    b: {kind: linux}\n  links:\n    - endpoints: [\"a'; reboot #\\n:ethernet-1/1\", \"b:eth1\"]\n"
	d := read(t, text)
	d.Links[0].Spec.Rate, d.Links[0].Spec.Delay, d.Links[0].Spec.Jitter, d.Links[0].Spec.Loss = 1e7, 5e9, 1e9, 0.01
	var out bytes.Buffer
	if _, err := Write(&out, build(t, d, draft.Options{}), Options{}); err != nil {
		t.Fatal(err)
	}
	const netem = " --delay 5000us --jitter 1000us --loss 1 --rate 10000\n"
	want := `containerlab tools netem set -n 'clab-l-a'\''; reboot # ' -i ethernet-1/1` + netem + "containerlab tools netem set -n clab-l-b -i eth1" + netem
	got := commands(out.String(), "after")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if sh, err := exec.LookPath("sh"); err == nil {
		check := exec.Command(sh, "-n")
		check.Stdin = strings.NewReader(got)
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	}
}

func TestQueuesHoldWhatIsUnderWayToo(t *testing.T) {
	d := read(t, "name: l\ntopology:\n  nodes: {a: {kind: linux}, b: {kind: linux}}\n  links: [{endpoints: [\"a:eth1\", \"b:eth1\"]}]\n")
	d.Links[0].Spec.Rate, d.Links[0].Spec.Delay, d.Links[0].Spec.Queue.Packets = 1e9, 100e9, 50
	n := build(t, d, draft.Options{})
	l := n.Link(0)
	if got := limit(&l.Spec); got != 50+8257 { // 1 Gbit/s for 100 ms are 12.5 MB
		t.Errorf("the limit is %d packets", got)
	}
	if got, want := netem(&l.Spec), " delay 100000us rate 1000000000bit limit 8307"; got != want {
		t.Errorf("%q", got)
	}
}

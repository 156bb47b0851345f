package sim_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/labtest"
)

// tshark runs the dissector on a capture, or skips by name where there is none.
func tshark(t *testing.T, file []byte, args ...string) string {
	t.Helper()
	program := labtest.Program(t, "tshark")
	name := filepath.Join(t.TempDir(), "port.pcap")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"-n", "-r", name, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v: %s", args, err, errs.String())
	}
	return string(out)
}

// TestTsharkFindsNothingWrongWithCaptures has traffic of every kind, rewritten on its way
// and lost, at ports of hosts and of a switch.
func TestTsharkFindsNothingWrongWithCaptures(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2", "s1-h3"}, model.LinkSpec{Rate: 8e6, Delay: model.Millisecond, Loss: 0.02, Queue: model.QueueLimit{Packets: 20}})
	n.Services = []model.Service{{ID: "web", IP: uint32(packet.IPv4(0x0a090909)), Proto: model.TCP, Port: 80, Members: []model.Member{{Node: 3, Weight: 1}}}}
	n.Classes = []model.Class{{ID: "gold", Min: 1e6, Priority: 1}}
	n.Flows = []model.Flow{
		{ID: "tcp", From: 0, To: model.NoNode, Service: "web", Size: 400_000, Transport: model.TCP, Class: "gold"},
		{ID: "other", From: 2, To: 0, Size: 300_000, Transport: model.TCP},
		{ID: "udp", From: 0, To: model.NoNode, Service: "web", Size: 9580, Rate: 1e6, Transport: model.UDP, Packet: 1000},
		{ID: "small", From: 3, To: 2, Size: 77, Rate: 1e6, Transport: model.UDP, Packet: 100},
	}
	b := start(t, n, &balancer{}, newDiary())
	files := map[string]*bytes.Buffer{}
	for _, a := range []model.Arc{0, 1, 4} {
		at, file := n.ArcTo(a), &bytes.Buffer{}
		files[n.PortName(at)] = file
		b.do(backend.Action{Capture: &backend.Capture{At: at, Writer: file}})
	}
	b.ping("h1", "h2", 5)
	b.run(model.Forever)
	b.close()
	for port, file := range files {
		report := tshark(t, file.Bytes(), "-q", "-z", "expert")
		for _, bad := range []string{"Errors (", "Malformed", "hecksum"} {
			if strings.Contains(report, bad) {
				t.Errorf("%s:\n%s", port, report)
			}
		}
		if bad := tshark(t, file.Bytes(), "-Y", "_ws.malformed || ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0 || _ws.short"); bad != "" {
			t.Errorf("%s: tshark does not like\n%s", port, bad)
		}
	}
	// The dissector sees the same transfer as the simulator.
	if out := tshark(t, files["h3:0"].Bytes(), "-Y", "tcp.flags.syn==1 && tcp.flags.ack==0 && ip.dst==10.0.0.3", "-T", "fields", "-e", "tcp.options.mss_val", "-e", "ip.dsfield.dscp"); !strings.HasPrefix(out, "1448\t3") {
		t.Errorf("the first SYN at h3: %q", out)
	}
}

func TestACaptureIsOfOneDirectionOrShort(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{}), &router{}, newDiary())
	defer b.close()
	at := model.Endpoint{Node: b.node("s1"), Port: 1}
	var both, in, out, short, first bytes.Buffer
	for _, c := range []backend.Capture{{Writer: &first, Count: 1}, {Writer: &both}, {Writer: &in, Direction: model.Inward}, {Writer: &out, Direction: model.Outward}, {Writer: &short, Snap: 20}} {
		c.At = at
		b.do(backend.Action{Capture: &c})
	}
	b.ping("h1", "h2", 1)
	got := fmt.Sprint(first.Len()-24, both.Len()-24, in.Len()-24, out.Len()-24, short.Len()-24)
	// ARP request and echo come in, their answers go out.
	if want := fmt.Sprint(16+42, 4*16+2*42+2*98, 2*16+42+98, 2*16+42+98, 4*(16+20)); got != want {
		t.Errorf("captured %s, want %s", got, want)
	}
}

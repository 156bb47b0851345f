package python_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/labtest"
	"sendim/plugins/apprpc"
)

// packetIn is a packet of 100 bytes from one of 1024 stations to another, which is behind
// another port.
func packetIn(n int) app.Event {
	src, dst := n%1024, (n*7+3)%1024
	const first = packet.MAC(0x020000000000)
	return app.Event{Kind: app.KindPacketIn, PacketIn: &app.PacketIn{Port: app.Port{Switch: 3, Port: model.PortNo(1 + src%8)}, Frame: make([]byte, 100), Length: 100,
		Header: packet.Header{EthDst: first + packet.MAC(dst), EthSrc: first + packet.MAC(src), EthType: packet.EthTypeIPv4,
			IPSrc: 0x0a000001, IPDst: packet.IPv4(n), Proto: packet.ProtoUDP, TTL: 64, L4Src: 1000, L4Dst: 2000}}}
}

// BenchmarkEvents sends packet-ins of 100 bytes to an app in Python that sends each back
// (echo), as plugins/apprpc's BenchmarkEvents does with one in Go, and to the learning
// switch in both languages; with one event to a batch it measures the round trip.
func BenchmarkEvents(b *testing.B) {
	labtest.NeedsPython(b)
	goSwitch := b.TempDir() + "/sendim-app-learning-switch"
	if out, err := exec.Command("go", "build", "-o", goSwitch, "sendim/plugins/learning-switch/plugin").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct{ name, path string }{
		{"echo/python", "testdata/echo.py"},
		{"learning/python", "../../examples/python/learning_switch.py"},
		{"learning/go", goSwitch},
	} {
		for _, size := range []int{1, 4096} {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				events := make([]app.Event, size)
				for n := range events {
					events[n] = packetIn(n)
				}
				i, err := apprpc.Launch(b.Context(), apprpc.Options{Path: c.path, Stderr: os.Stderr})
				if err != nil {
					b.Fatal(err)
				}
				defer i.Close()
				start := []app.Event{{Kind: app.KindStart, Start: &app.Start{Parameters: map[string]string{"idle": "60s", "hard": "0s", "priority": "100"}}}}
				answers := 0
				emit := func(_ int, c []app.Command) { answers += len(c) }
				if err := i.Handle(context.Background(), start, emit); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := i.Handle(context.Background(), events, emit); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
				if answers < b.N*size {
					b.Fatalf("%d answers to %d events", answers, b.N*size)
				}
			})
		}
	}
}

// BenchmarkLaunch starts and closes an app in Python.
func BenchmarkLaunch(b *testing.B) {
	labtest.NeedsPython(b)
	for b.Loop() {
		i, err := apprpc.Launch(b.Context(), apprpc.Options{Path: "testdata/echo.py"})
		if err != nil {
			b.Fatal(err)
		}
		if err := i.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

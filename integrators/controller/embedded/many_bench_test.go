package embedded_test

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/shell"
)

// These measure the controller with hundreds of real switches: bridges of one Open
// vSwitch in user space, whose main thread speaks OpenFlow for all of them and is mostly
// what there is to wait for.

func counts(b *testing.B, f func(b *testing.B, switches int)) {
	for _, n := range []int{50, 200, 400} {
		b.Run(fmt.Sprintf("switches=%d", n), func(b *testing.B) { f(b, n) })
	}
}

// BenchmarkManyConnect is how fast switches are there: told where the controller is, they
// dial, are introduced and read.
func BenchmarkManyConnect(b *testing.B) {
	counts(b, func(b *testing.B, switches int) {
		l := newLab(b, newScript(), switches)
		all := func(verb ...string) (args []string) {
			args = []string{"--no-wait"}
			for i := range switches {
				args = append(args, "--", verb[0], fmt.Sprintf("s%d", i+1))
				args = append(args, verb[1:]...)
			}
			return args
		}
		var took time.Duration
		for b.Loop() {
			l.vsctl(all("del-controller")...)
			for len(l.Connected()) > 0 {
				time.Sleep(time.Millisecond)
			}
			began := time.Now()
			l.vsctl(all("set-controller", "tcp:"+l.addr)...)
			l.wait(b, switches)
			took += time.Since(began)
		}
		b.ReportMetric(float64(b.N*switches)/took.Seconds(), "switches/s")
	})
}

// BenchmarkManyRules is how fast rules come into force, by barrier, at all switches.
func BenchmarkManyRules(b *testing.B) {
	counts(b, func(b *testing.B, switches int) {
		s := newScript()
		l := newLab(b, s, switches)
		s.start = func() (out []control.Downcall) {
			for i := range b.N {
				d := mod(flow.Rule{Priority: 5, Match: flow.Match{}.IPv4To(packet.IPv4(i), 32), Apply: []flow.Action{flow.Out(1)}})
				d.Switch = model.NodeID(i % switches)
				out = append(out, d)
			}
			for sw := range switches {
				out = append(out, control.Downcall{Kind: control.Barrier, Switch: model.NodeID(sw)})
			}
			return out
		}
		b.ResetTimer()
		l.startApps(b)
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rules/s")
	})
}

// BenchmarkManyRoundTrips has every switch send a packet up, which is answered by one
// that it sends up again: one on its way at each switch.
func BenchmarkManyRoundTrips(b *testing.B) {
	counts(b, func(b *testing.B, switches int) {
		s := newScript()
		l := newLab(b, s, switches)
		h := packet.Echo(0x020000000001, 0x020000000002, 0x0a000001, 0x0a000002, false)
		answer := func(sw model.NodeID) control.Downcall {
			return control.Downcall{Kind: control.SendPacket, Switch: sw, Packet: &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.ToController()}, Frame: packet.AppendPadded(nil, h, nil)}}
		}
		done, left := make(chan bool), b.N
		s.react = func(u control.Upcall) []control.Downcall {
			if u.Kind != control.PacketIn || u.Packet.Header.IPDst != h.IPDst {
				return nil
			}
			s.seen = s.seen[:0]
			if left--; left == 0 {
				close(done)
			}
			return []control.Downcall{answer(u.Switch)}
		}
		s.start = func() (out []control.Downcall) {
			for sw := range switches {
				out = append(out, answer(model.NodeID(sw)))
			}
			return out
		}
		b.ResetTimer()
		l.startApps(b)
		<-done
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trips/s")
	})
}

// BenchmarkManyLinkFailure is how long it takes from before a link is taken down until
// the rule that leads around it is in force, while all those switches are connected. In
// it are the start of a program that takes the link down, and half of the time between
// Open vSwitch's own looks where the kernel does not tell it.
func BenchmarkManyLinkFailure(b *testing.B) {
	counts(b, func(b *testing.B, switches int) {
		s := newScript()
		l := newLab(b, s, switches)
		around, back := make(chan time.Time, 1), make(chan bool, 1)
		down := false // a change is told several times
		s.react = func(u control.Upcall) []control.Downcall {
			s.seen = s.seen[:0]
			switch {
			case u.Kind == control.PortStatus && u.Switch == 0 && u.Ports[0].Up != down:
			case u.Kind == control.PortStatus && u.Switch == 0 && !down:
				down = true
				d := mod(flow.Rule{Priority: 5, Apply: []flow.Action{flow.Out(2)}})
				return []control.Downcall{d, {Kind: control.Barrier}}
			case u.Kind == control.PortStatus && u.Switch == 0:
				down = false
				back <- true
			case u.Kind == control.BarrierReply:
				around <- time.Now()
			}
			return nil
		}
		l.startApps(b)
		prompt, err := shell.Elsewhere(l.sandbox.Command, l.sandbox.Enter()...).Start(b.Context(), shell.Cmd{Argv: []string{"bash"}})
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = prompt.Stop(time.Second) }()
		lines := bufio.NewScanner(prompt.Stdout())
		var took []time.Duration
		for b.Loop() {
			fmt.Fprintln(prompt.Stdin(), "echo $EPOCHREALTIME; ip link set s2-eth1 down")
			lines.Scan()
			micros, err := strconv.ParseInt(strings.ReplaceAll(lines.Text(), ".", ""), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			took = append(took, (<-around).Sub(time.UnixMicro(micros)))
			fmt.Fprintln(prompt.Stdin(), "ip link set s2-eth1 up")
			<-back
		}
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
		b.ReportMetric(ms(took[len(took)/2]), "median-ms")
		b.ReportMetric(ms(took[min(len(took)-1, len(took)*95/100)]), "p95-ms")
	})
}

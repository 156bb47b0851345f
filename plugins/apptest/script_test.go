package apptest_test

import (
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/plugins/apptest"
)

func newHub() app.App { return &hub{} }

func TestAScriptIsPlayed(t *testing.T) {
	apptest.RunScript(t, newHub, `
		network linear,3
		packet h1 -> h3 tcp 80   # to everybody, so to h3
		expect delivered
		expect path s1 s2 s3
		expect rule s1 priority=1 group:#1
		expect no rule s1 eth_dst=h3
		expect rules s2 1
		ping h3 -> h1
		expect answered
		expect path s3 s2 s1
		link down s1--s2
		packet h1 -> h3 udp 53 1000
		expect lost
		pingall
		expect unanswered
		link up s1--s2
		switch down s2
		switch up s2
		advance 1s
		pingall
		expect answered
	`)
}

func TestAScriptSaysWhatWasNotAsExpected(t *testing.T) {
	fresh := func() app.App {
		return &hub{broken: func(e *app.Event, out *app.Commands) {
			if e.Kind == app.KindTopology {
				out.Log("info", "the network is there")
				out.Report("switches", float64(len(e.Topology.Switches)))
				out.Send(e.Topology.Switches[0].ID, flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(flow.PortNormal)}, Frame: make([]byte, 60)})
			}
		}}
	}
	script, err := apptest.ParseScript(strings.NewReader(strings.Join([]string{
		"network linear,2", "packet h1 -> h2 tcp 80", "expect lost", "expect delivered h1", "expect path s2", "expect rule s1 eth_dst=h2 output:s2",
		"expect no rule s2 priority=1", "expect rules s1 7", "ping h1 -> h9", "ping h1 -> h2", "expect unanswered", "expect log the network", "expect log nonsense",
		"expect metric switches 2", "expect metric switches 3", "expect metric hosts 2", "link down s1--s7", "packet h1 -> 10.9.9.9 tcp", "packet h1 -> nobody tcp 1"}, "\n")), "hub.txt")
	if err != nil {
		t.Fatal(err)
	}
	findings, err := apptest.Linked(fresh, nil).Play(script, apptest.Shape)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	want := `hub.txt:3: expect lost: it reached h2
hub.txt:4: expect delivered h1: it reached h2
hub.txt:5: expect path s2: it was s1 s2
hub.txt:6: expect rule s1 eth_dst=h2 output:s2: s1 has
  table=0 priority=1 any apply(group:#1)
hub.txt:7: expect no rule s2 priority=1: there is table=0 priority=1 any apply(group:#1)
hub.txt:8: expect rules s1 7: it has 1:
  table=0 priority=1 any apply(group:#1)
hub.txt:9: ping h1 -> h9: the network has no host "h9"; there are h1, h2
hub.txt:11: expect unanswered: it was answered
hub.txt:13: expect log nonsense: the app logged the network is there
hub.txt:15: expect metric switches 3: it is 2
hub.txt:16: expect metric hosts 2: the app never reported it
hub.txt:17: link down s1--s7: the network has no link "s1--s7"; it has h1--s1 h2--s2 s2--s1
hub.txt:18: packet h1 -> 10.9.9.9 tcp: nobody answers ARP requests for 10.9.9.9
hub.txt:19: packet h1 -> nobody tcp 1: "nobody" is neither a host nor an address
`
	text := strings.Join(got, "\n")
	if !strings.HasPrefix(text, want) || !strings.Contains(text, "a switch refused s1: ") {
		t.Errorf("findings:\n%s", text)
	}
}

func TestFaultsOfAScriptAreAllGivenWithTheirLines(t *testing.T) {
	_, err := apptest.ParseScript(strings.NewReader(`packet h1 -> h2 tcp 80
network linear,2
netwrok linear,2
expect deliverd
packet h1 h2 tcp 80
packet h1 -> h2 tpc 80
packet h1 -> h2 tcp 80000
link sideways s1--s2
advance 5
expect no rules s1 x
expect rules s1 many
param idle 5s
network linear,3
`), "x.txt")
	want := `x.txt:1: the first line names the network, for example: network linear,3 [syntax]
x.txt:3: there is no step "netwrok"; there are advance, expect, link, network, packet, param, ping, pingall, switch; did you mean "network"? [bad-choice]
x.txt:4: "deliverd" cannot be expected; there are answered, delivered, log, lost, metric, no, path, refused, rule, rules, unanswered; did you mean "delivered"? [bad-choice]
x.txt:5: "packet h1 h2 tcp 80": write it like "packet h1 -> h3 tcp 80" [syntax]
x.txt:6: a packet is tcp, udp or icmp, not "tpc"; did you mean "tcp"? [bad-choice]
x.txt:7: "80000" is not a port, 0 to 65535 [bad-number]
x.txt:8: "link sideways s1--s2": a link goes up or down, as in "link down s1--s2" [bad-choice]
x.txt:9: "5" is not a span of time up to a day, such as 5s [bad-unit]
x.txt:10: "expect no rules s1 x": write it like "expect no rule s1 eth_dst=h3" [syntax]
x.txt:11: "many" is not a number of rules [bad-number]
x.txt:13: the network is named once, before anything happens [syntax]`
	if err == nil || err.Error() != want {
		t.Errorf("faults:\n%v", err)
	}
	if _, err := apptest.ParseScript(strings.NewReader("# nothing\n"), "e.txt"); err == nil || !strings.Contains(err.Error(), "no line says which network") {
		t.Error(err)
	}
}

func FuzzParseScript(f *testing.F) {
	f.Add("network linear,3\npacket h1 -> h3 tcp 80\nexpect delivered\n")
	f.Add("network linear,2\nexpect rule s1 group:#1 # no\nadvance 5s\n")
	f.Add("param a b\nlink down s1--s2")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := apptest.ParseScript(strings.NewReader(text), "f")
		if err == nil && s.Network == "" {
			t.Error("a script without a network is no script")
		}
	})
}

// keeper has a group, a meter and an address of its own, beside the runtime's ARP service.
type keeper struct{ view app.View }

func (k *keeper) Manifest() app.Manifest {
	return app.Manifest{Name: "keeper", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (k *keeper) React(e *app.Event, out *app.Commands) {
	k.view.Take(e)
	const own = 10<<24 | 9<<16 | 9<<8 | 9
	switch e.Kind {
	case app.KindTopology:
		h2 := k.view.Hosts()[1]
		out.Report("hosts of the net", 2)
		for _, s := range k.view.Switches() {
			out.SetMeter(s.ID, flow.Meter{Name: "slow", Rate: 1000})
			out.SetGroup(s.ID, flow.Group{Name: "other", Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(2)}}}})
			out.SetGroup(s.ID, flow.Group{Name: "host", Type: flow.Indirect, Buckets: []flow.Bucket{{Actions: []flow.Action{flow.Out(uint32(h2.At.Port))}}}})
			out.Install(s.ID, flow.Rule{Priority: 1, Match: flow.Match{}.IPv4To(own, 32), MeterName: "slow",
				Apply: []flow.Action{flow.Set(flow.IPv4Dst, uint64(h2.IP)), flow.Set(flow.EthDst, uint64(h2.MAC)), flow.InGroup("host")}})
		}
	case app.KindPacketIn:
		if h := &e.PacketIn.Header; h.ARPTPA == own {
			reply := packet.AppendPadded(nil, packet.ARPReply(2, own, h.ARPSHA, h.ARPSPA), nil)
			out.Send(e.PacketIn.Port.Switch, flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(uint32(e.PacketIn.Port.Port))}, Frame: reply})
		}
	}
}

func TestAScriptNamesTheAppsGroupsAndMetersAndSendsToAddressesOfNoHost(t *testing.T) {
	apptest.RunScript(t, func() app.App { return &keeper{} }, `
		network single,2
		packet h1 -> 10.9.9.9 tcp 80
		expect delivered h2
		expect rule s1 meter:slow group:host
		expect no rule s1 group:other
		expect no rule s1 group:none
		expect metric hosts of the net 2
	`)
}

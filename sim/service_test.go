package sim_test

import (
	"testing"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// balancer gives a service's address to its first member, both ways.
type balancer struct {
	router
	service app.VirtualService
}

func (b *balancer) React(e *app.Event, out *app.Commands) {
	b.router.React(e, out)
	if e.Kind == app.KindStart {
		b.service = e.Start.Settings.Services[0]
	}
	if e.Kind != app.KindTopology || !e.Topology.Last {
		return
	}
	server := b.service.Members[0]
	var at app.Port
	for _, h := range b.topology.Hosts {
		if h.ID == server.Node {
			at = h.At
		}
	}
	for _, s := range b.topology.Switches {
		to := flow.Match{}.IPv4To(b.service.IP, 32)
		out.Install(s.ID, flow.Rule{Priority: 20, Match: to, Apply: []flow.Action{flow.Set(flow.IPv4Dst, uint64(server.IP)), flow.Set(flow.EthDst, uint64(server.MAC)), flow.Out(uint32(at.Port))}})
		for _, h := range b.topology.Hosts {
			from := flow.Match{}.IPv4To(h.IP, 32).With(flow.IPv4Src, uint64(server.IP))
			out.Install(s.ID, flow.Rule{Priority: 20, Match: from, Apply: []flow.Action{flow.Set(flow.IPv4Src, uint64(b.service.IP)), flow.Out(uint32(h.At.Port))}})
		}
	}
}

func TestFlowsToAServiceReachAMember(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2", "s1-h3"}, model.LinkSpec{Rate: 8e6})
	n.Services = []model.Service{{ID: "web", IP: uint32(packet.IPv4(0x0a090909)), Proto: model.TCP, Port: 80, Members: []model.Member{{Node: 3, Weight: 1}}}}
	n.Flows = []model.Flow{
		{ID: "tcp", From: 0, To: model.NoNode, Service: "web", Size: 100_000, Transport: model.TCP},
		{ID: "udp", From: 0, To: model.NoNode, Service: "web", Size: 9580, Rate: 1e6, Transport: model.UDP, Packet: 1000},
		{ID: "fluid", From: 0, To: model.NoNode, Service: "web", Start: model.Second, Size: 1_000_000, Granularity: model.GranularityFlow},
	}
	b := start(t, n, &balancer{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if r["tcp"].Bytes != 100_000 || r["tcp"].Error != "" || r["tcp"].To != "web" {
		t.Errorf("%+v", r["tcp"])
	}
	if r["udp"].Received != 10 || r["udp"].Bytes != 9580 {
		t.Errorf("%+v", r["udp"])
	}
	exactly(t, "fluid", r["fluid"].Finish.Seconds(), 2)
	if p := r["fluid"].Path; len(p) != 3 || p[2] != "h3" {
		t.Errorf("path %v", p)
	}
}

package descriptors

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/deployment"
	"sendim/core/model"
)

// dump writes everything a network says, line by line.
func dump(n *model.Network) []string {
	out := []string{n.Name}
	for v := range n.Nodes() {
		out = append(out, fmt.Sprintf("%+v", v))
	}
	for l := range n.Links() {
		out = append(out, fmt.Sprintf("%s %v %+v", n.LinkName(l.ID), n.HasLinkName(l.ID), l))
	}
	for _, list := range []any{n.Classes, n.Disciplines, n.TCPs, n.Profiles, n.Services, n.Tenants, n.Policies, n.Flows, n.Demands, n.Traffic, n.Distributions, n.Processes, n.Scenario, n.Failures, n.Tests, n.Watches} {
		out = append(out, fmt.Sprintf("%+v", list))
	}
	return out
}

// anyNetwork draws a valid network that uses every part of the language.
func anyNetwork(t *rapid.T) *model.Network {
	b := model.NewBuilder(rapid.StringMatching(`[ -~äö]{0,8}`).Draw(t, "name"))
	text := rapid.StringMatching(`[ -~é\n\t]{0,9}`)
	id := rapid.StringMatching(`[a-zé][a-z0-9._ ]{0,5}[a-z0-9]`)
	rates := rapid.Map(rapid.Int64Range(0, 1<<50), func(v int64) model.Rate { return model.Rate(v) })
	times := rapid.Map(rapid.Int64Range(0, 1<<55), func(v int64) model.Time { return model.Time(v) })
	sizes := rapid.Map(rapid.Int64Range(0, 1<<50), func(v int64) model.Size { return model.Size(v) })
	some := func(what string) bool { return rapid.IntRange(0, 2).Draw(t, what) == 0 }

	names := rapid.SliceOfNDistinct(id, 3, 12, rapid.ID[string]).Draw(t, "names")
	var hosts []model.NodeID
	for i, name := range names {
		kind := rapid.SampledFrom([]model.NodeKind{model.Switch, model.Host, model.External}).Draw(t, "kind")
		if i < 3 {
			kind = []model.NodeKind{model.Switch, model.Host, model.Host}[i]
		}
		n, _ := b.Declare([]byte(name), kind)
		if kind == model.Host {
			hosts = append(hosts, n)
		}
		var x model.Identity
		if kind == model.Switch && some("dpid") {
			x.DPID = uint64(i + 1)
		} else if kind != model.Switch && some("ip") {
			x = model.Identity{HasMAC: true, MAC: uint64(i + 1), IP: 10<<24 | uint32(i+1), Prefix: 24}
		}
		var props []model.Property
		for range rapid.IntRange(0, 2).Draw(t, "properties") {
			props = append(props, model.Property{Name: "p" + text.Draw(t, "p"), Value: text.Draw(t, "value")})
		}
		var labels []string
		if some("label") {
			labels = []string{"edge", "x-1"}
		}
		if x != (model.Identity{}) || props != nil || labels != nil {
			b.SetNodeExtra(n, x, labels, props)
		}
		if some("spec") {
			b.SetNodeSpec(n, b.NodeSpecID(model.NodeSpec{CPU: rapid.Int64Range(0, 1<<30).Draw(t, "cpu"), Memory: sizes.Draw(t, "memory"), Disk: sizes.Draw(t, "disk")}))
		}
	}
	spec := func() model.LinkSpec {
		s := model.LinkSpec{}
		if some("rate") {
			s.Rate, s.Delay, s.Jitter = rates.Draw(t, "rate"), times.Draw(t, "delay"), times.Draw(t, "jitter")
		}
		if some("loss") {
			s.Loss, s.Queue, s.MTU = rapid.Float64Range(0, 1).Draw(t, "loss"), model.QueueLimit{Packets: 7}, 1400
		}
		if some("class") {
			s.Class, s.Weight, s.Spare, s.Discipline = "gold", 3, true, "slow"
			s.Queue = model.QueueLimit{Bytes: 1 + sizes.Draw(t, "queue")}
		}
		return s
	}
	ports := map[model.Endpoint]bool{}
	link := func(a, z model.NodeID, i int) {
		d := model.LinkDraft{A: a, B: z, APort: model.AutoPort, BPort: model.AutoPort}
		s := spec()
		d.Spec = b.SpecID(s)
		d.Back = d.Spec
		if some("back") {
			// A direction that says 0 where the other does not is written, not left out.
			d.Back = b.SpecID(model.LinkSpec{Rate: rates.Draw(t, "rate"), Delay: s.Delay, Weight: 1, MTU: 1500, Queue: model.QueueLimit{Packets: 1}, Class: "gold", Discipline: "marks"})
			d.Spec = b.SpecID(model.LinkSpec{Rate: s.Rate, Delay: 1, Weight: 2, MTU: 68, Queue: model.QueueLimit{Packets: 2}, Class: "gold", Discipline: "ports"})
		}
		if some("name") {
			d.Name = fmt.Sprintf("link.%d", i)
		}
		if some("property") {
			d.Properties = []model.Property{{Name: "cost", Value: text.Draw(t, "cost")}}
		}
		if some("port") {
			p := model.Endpoint{Node: z, Port: model.PortNo(rapid.IntRange(1, 9).Draw(t, "p"))}
			if !ports[p] {
				ports[p] = true
				d.BPort = p.Port
			}
		}
		b.Link(d)
	}
	for i, h := range hosts {
		link(h, 0, i)
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "links") {
		a, z := rapid.IntRange(0, len(names)-1).Draw(t, "a"), rapid.IntRange(0, len(names)-1).Draw(t, "z")
		if a != z {
			link(model.NodeID(a), model.NodeID(z), 100+i)
		}
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	h := func() model.NodeID { return rapid.SampledFrom(hosts).Draw(t, "host") }
	n.Classes = []model.Class{{ID: "gold", Min: 1, Max: rates.Draw(t, "max") + 1, Priority: 5}}
	n.Disciplines = []model.Discipline{{ID: "slow", Kind: model.RED, Min: model.QueueLimit{Packets: 3}, Max: model.QueueLimit{Packets: 9}, Packet: 1 + sizes.Draw(t, "usual")%65536,
		Probability: rapid.Float64Range(1e-9, 1).Draw(t, "p"), Weight: rapid.Float64Range(1e-9, 1).Draw(t, "w"), Gentle: some("gentle"), ECN: some("ecn")},
		{ID: "marks", Kind: model.Threshold, Mark: model.QueueLimit{Bytes: 1 + sizes.Draw(t, "mark")}},
		{ID: "ports", Kind: model.Queues, Queues: []model.PortQueue{{Number: 3, Min: rates.Draw(t, "min"), Priority: 4, DSCP: -1}, {DSCP: 0, Limit: model.QueueLimit{Packets: 3}}, {Number: 1, DSCP: 63}}}}
	n.TCPs = []model.TCPOptions{{ID: "default", Congestion: model.DCTCP, ECN: true, MinRTO: 1 + times.Draw(t, "rto")%(60*model.Second), AckEvery: 1}, {ID: "other", ECN: some("ecn"), NoSACK: some("sack"), NoHyStart: some("hystart"),
		NoFriendly: some("friendly"), InitialWindow: 3, ReceiveWindow: sizes.Draw(t, "window"), AckTimeout: 7}}
	n.Profiles = []model.Profile{{ID: "premium", Class: "gold", Rate: rates.Draw(t, "rate"), Pool: "web service", Members: []model.NodeID{h()}}, {ID: "time"}}
	n.Services = []model.Service{{ID: "web service", IP: 10<<24 | 9<<16 | 9, Proto: model.TCP, Port: 80, Members: []model.Member{{Node: h(), Weight: 2}, {Node: h(), Weight: 1}}}}
	n.Tenants = []model.Tenant{{ID: "red", VLAN: 10, Members: []model.NodeID{h()}, Quota: rates.Draw(t, "quota")}, {ID: "blue"}}
	n.Policies = []model.Policy{{Profile: "premium", Property: "delay", Priority: 2}, {Profile: "time", Maximize: true, Property: text.Draw(t, "what") + "x"}}
	for i := range rapid.IntRange(0, 6).Draw(t, "flows") {
		f := model.Flow{ID: fmt.Sprintf("f%d", i), From: hosts[0], To: hosts[1], Start: times.Draw(t, "start"), Granularity: model.Granularity(rapid.IntRange(0, 3).Draw(t, "g")),
			SrcPort: uint16(rapid.IntRange(0, 65535).Draw(t, "port"))}
		switch i {
		case 0:
			f.Size, f.Transport, f.Rate, f.TCP = 1+sizes.Draw(t, "size"), model.TCP, rates.Draw(t, "rate"), rapid.SampledFrom([]string{"", "other", "newreno"}).Draw(t, "tcp")
		case 1:
			f.To, f.Service, f.Duration, f.Rate, f.Class, f.Profile, f.Tenant, f.Packet = model.NoNode, "web service", 1+times.Draw(t, "d"), 1+rates.Draw(t, "r"), "gold", "premium", "red", 1000
		case 2:
			f.Chunks, f.Granularity, f.Chunk = "R,40+200G*100,300,400,300D", model.GranularityChunk, 5
		case 3:
			f.Transport, f.Count, f.SrcPort = model.ICMP, 7, 0
		case 4:
			f.Transport, f.Granularity, f.Rate, f.Size = model.UDP, model.GranularityPacket, 1e6, 1+sizes.Draw(t, "size")
			f.Pattern = rapid.SampledFrom([]string{"poisson", "on-off gaps=pareto(1.5) on=exponential(1500ms) off=20ms packets=imix", "constant packets=uniform(64B,1514B)"}).Draw(t, "pattern")
		default:
			f.Size, f.DstPort = 1, 9
		}
		n.Flows = append(n.Flows, f)
	}
	if some("demands") {
		n.Demands = []model.DemandMatrix{{Start: 5, Until: 6 + times.Draw(t, "until"), Transport: model.UDP, Demands: []model.Demand{{From: hosts[0], To: hosts[1], Rate: rates.Draw(t, "rate")}}}}
		n.Traffic = []model.Traffic{{ID: "bg", Kind: "poisson", Sizes: "websearch", Load: 0.1 + rapid.Float64Range(0, 0.9).Draw(t, "load"), Of: "bisection", From: "*", To: "type=host", Until: 7, Granularity: model.GranularityFlow, Class: "gold"}}
		n.Traffic = append(n.Traffic, model.Traffic{ID: "weighted", Kind: "pairs", Sizes: "odd sizes", Load: 0.5, Until: 7,
			Pairs: []model.Pair{{From: hosts[0], To: hosts[1], Weight: rapid.Float64Range(1e-300, 1).Draw(t, "weight")}, {From: hosts[1], To: hosts[0], Weight: 1}}})
		n.Traffic = append(n.Traffic, model.Traffic{ID: "far", Kind: "stride", From: "*", To: "*", Rate: 1e6, Until: 7, Transport: model.UDP, Stride: rapid.IntRange(0, 9).Draw(t, "stride"), Pattern: "poisson"})
		n.Distributions = []model.Distribution{{ID: "odd sizes", Points: []model.SizePoint{{Size: 0, Share: 0}, {Size: 1, Share: rapid.Float64Range(0, 1).Draw(t, "share")}, {Size: 1 + sizes.Draw(t, "size"), Share: 1}}}}
		n.Processes = []model.Process{{Node: h(), At: times.Draw(t, "at"), Command: "echo '" + text.Draw(t, "c") + "' && true"}}
		n.Watches = []model.Watch{{Nodes: "type=switch", Packets: true}, {Links: "*", Flows: "f*", Sample: 1 + times.Draw(t, "sample"), Series: model.Series(rapid.IntRange(0, 5).Draw(t, "series"))},
			{Nodes: "*", Capture: true, Ports: "*:*", Direction: model.Direction(rapid.IntRange(0, 2).Draw(t, "direction")), Snap: model.Size(rapid.IntRange(0, 2000).Draw(t, "snap"))}}
	}
	last := model.LinkID(n.LinkCount() - 1)
	n.Scenario = []model.ScenarioStep{
		{At: 3, Changes: []model.Change{{Kind: model.LinkDown, Link: last, Node: model.NoNode}, {Kind: model.LinkRate, Link: 0, Node: model.NoNode, Rate: rates.Draw(t, "rate")}}},
		{At: 4, Changes: []model.Change{{Kind: model.NodeDown, Link: model.NoLink, Node: 1}, {Kind: model.LinkUp, Link: last, Node: model.NoNode}, {Kind: model.NodeUp, Link: model.NoLink, Node: 1},
			{Kind: model.LinkDelay, Link: last, Node: model.NoNode, Delay: times.Draw(t, "delay")}, {Kind: model.LinkLoss, Link: 0, Node: model.NoNode, Loss: 0.25}}}}
	port := n.ArcFrom(model.Arc(2 * last))
	for _, c := range []model.Change{{Kind: model.PortDown, Node: port.Node, Port: port.Port}, {Kind: model.PortUp, Node: port.Node, Port: port.Port},
		{Kind: model.ControllerDown, Node: model.NoNode}, {Kind: model.ControllerUp, Node: model.NoNode}} {
		c.Link = model.NoLink
		n.Scenario[1].Changes = append(n.Scenario[1].Changes, c)
	}
	if list := n.NodesOfKind(model.Switch); len(list) > 0 {
		for _, c := range []model.Change{{Kind: model.ControlDown}, {Kind: model.ControlUp}, {Kind: model.ControlDelay, Delay: 1 + times.Draw(t, "control delay")}, {Kind: model.ControlLoss, Loss: 0.125}} {
			c.Link, c.Node = model.NoLink, list[0]
			n.Scenario[1].Changes = append(n.Scenario[1].Changes, c)
		}
		n.Failures = append(n.Failures, model.Failures{ID: "channels", Kind: model.ControlDown, Of: "type=switch", MTBF: 5, MTTR: 6, Until: 7, Shape: model.DefaultShape})
	}
	n.Failures = append(n.Failures, model.Failures{ID: "random links", Kind: model.LinkDown, Of: "type=link", MTBF: 1 + times.Draw(t, "mtbf"), MTTR: 1 + times.Draw(t, "mttr"),
		Lives: model.Lifetime(rapid.IntRange(0, 2).Draw(t, "lives")), Repairs: model.Lifetime(rapid.IntRange(0, 2).Draw(t, "repairs")), Shape: rapid.Float64Range(0.1, 100).Draw(t, "shape"),
		From: 3, Until: 4 + times.Draw(t, "until"), Most: rapid.IntRange(0, 9).Draw(t, "most")},
		model.Failures{ID: "all", Kind: model.ControllerDown, MTBF: 1, MTTR: 2, Until: 3, Shape: model.DefaultShape},
		model.Failures{ID: "ports", Kind: model.PortDown, Of: "*:*", MTBF: 1, MTTR: 2, Until: 3, Shape: model.DefaultShape},
		model.Failures{ID: "nodes", Kind: model.NodeDown, Of: "*", MTBF: 1, MTTR: 2, Until: 3, Shape: model.DefaultShape})
	if len(n.Services) > 0 {
		m := n.Services[0].Members[0]
		n.Scenario = append(n.Scenario, model.ScenarioStep{At: 5, Changes: []model.Change{
			{Kind: model.MemberLeave, Link: model.NoLink, Node: m.Node, Service: n.Services[0].ID},
			{Kind: model.MemberJoin, Link: model.NoLink, Node: m.Node, Service: n.Services[0].ID, Weight: rapid.Int32Range(1, 9).Draw(t, "weight")}}})
	}
	n.Tests = []model.Test{{Kind: model.TestReachable, From: "*", To: "*", Critical: true}, {Kind: model.TestUnreachable, From: "type=host", To: "*"}}
	if len(n.Services) > 0 {
		n.Tests = append(n.Tests, model.Test{Kind: model.TestShare, Service: n.Services[0].ID, Nodes: "type=host", MinShare: 0.25, MaxShare: 1},
			model.Test{Kind: model.TestShare, Service: n.Services[0].ID, Nodes: "*", Flows: "f*", ByFlows: true, MaxShare: 0.5, Critical: true})
	}
	if len(n.Flows) > 0 {
		n.Tests = append(n.Tests, model.Test{Kind: model.TestThroughput, Flow: "f0", MinRate: 1, MaxRate: 2}, model.Test{Kind: model.TestLoss, Flow: "f0", MaxLoss: 0.5},
			model.Test{Kind: model.TestLatency, Flow: "f0", Max: 5}, model.Test{Kind: model.TestCompletion, Flow: "f0", Max: times.Draw(t, "max")})
	}
	if err := n.Validate(nil).Err(); err != nil {
		t.Fatalf("the drawn network is not valid: %v", err)
	}
	return n
}

func TestWhatIsEncodedDecodesToTheSameModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNetwork(t)
		var b bytes.Buffer
		if err := Encode(&b, n); err != nil {
			t.Fatal(err)
		}
		sys, _, err := Decode(fstest.MapFS{"x.xml": {Data: b.Bytes()}}, Options{}, "x.xml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if diff := cmp.Diff(dump(n), dump(sys.Model)); diff != "" {
			t.Fatalf("%s\n%s", diff, b.Bytes())
		}
	})
}

func TestAnEncodedDeploymentDecodesToTheSameValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z/:. é"&<]{0,9}[a-z]`)
		fraction := func() deployment.Fraction {
			if rapid.Bool().Draw(t, "fraction") {
				return deployment.Fraction{}
			}
			return deployment.Fraction{Num: rapid.Int64Range(1, 1000).Draw(t, "num"), Den: rapid.Int64Range(1, 1000).Draw(t, "den")}
		}
		d := &deployment.Deployment{Name: text.Draw(t, "name"), Systems: []string{"a.xml", "b/c.xml"},
			Realization: deployment.Realization(rapid.SampledFrom(deployment.Realizations()).Draw(t, "world")),
			Environment: deployment.Environment(rapid.SampledFrom(deployment.Environments()).Draw(t, "environment")),
			Degrade:     deployment.Allow,
			Scale:       deployment.Scale{Rate: fraction(), Size: fraction(), Delay: fraction(), Time: fraction()},
			Emulation:   deployment.EmulationOptions{Emulator: "mininet"},
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "apps") {
			a := deployment.Application{Name: fmt.Sprint("app", i), Plugin: text.Draw(t, "plugin"), OnLoss: rapid.SampledFrom([]string{"keep", "fail", "restart"}).Draw(t, "loss")}
			for j := range rapid.IntRange(0, 2).Draw(t, "params") {
				a.Params = append(a.Params, deployment.Param{Name: fmt.Sprint("p", j), Value: rapid.StringMatching(`[ -~]{0,5}`).Draw(t, "value")})
			}
			d.Applications = append(d.Applications, a)
		}
		if rapid.Bool().Draw(t, "control") {
			d.Control = deployment.Control{Delay: 5, Address: "127.0.0.1:6653", OpenFlow: rapid.SampledFrom([]string{"", "1.3", "1.5"}).Draw(t, "openflow"), Delays: []deployment.SwitchDelay{{Nodes: "type=switch", Delay: model.Second}}}
			d.Applications = append(d.Applications, deployment.Application{Name: "x", Plugin: "y", OnLoss: "keep", SHA256: strings.Repeat("0a", 32),
				Memory: 256 << 20, Commands: 1000, Silence: 3 * model.Second})
			d.Prefer = deployment.Emulation
			d.Simulation = deployment.SimulationOptions{Seed: 7, Until: 30 * model.Second, Workers: 2}
			d.Emulation = deployment.EmulationOptions{Emulator: "native", Until: 1, Seed: 3, Budget: 60 * model.Second, Fallback: deployment.Simulation}
			d.Physical = deployment.PhysicalOptions{Hosts: []deployment.PhysicalHost{{ID: "n1", OVSDB: "unix:/x", Libvirt: "qemu:///system", Docker: "d", Address: "10.0.0.1"}}, Tunnel: "vxlan", Until: 2, Seed: 4}
		}
		var b bytes.Buffer
		if err := EncodeDeployment(&b, d); err != nil {
			t.Fatal(err)
		}
		got, _, err := DecodeDeployment(fstest.MapFS{"d.xml": {Data: b.Bytes()}}, "d.xml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Fatalf("%s\n%s", diff, b.Bytes())
		}
	})
}

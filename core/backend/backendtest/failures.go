package backendtest

import (
	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
)

// failureQuestions are asked after the others; each repairs what it breaks.
func failureQuestions() []question {
	return []question{
		{"a port that is down at one end is down for both", []backend.Capability{backend.FastFailover}, func(e *exam) {
			there := model.Change{Node: e.node("s2"), Port: e.portTo("s2", "s1")}
			heard := func(name string) func() bool {
				before := len(e.d.metrics(name))
				return func() bool { return len(e.d.metrics(name)) == before+1 }
			}
			down, up := heard("link-down"), heard("link-up")
			there.Kind = model.PortDown
			e.change(there)
			around := e.portStat("s1", "s3").TxPackets
			r := e.udp("port-down", portPlain, 1e6, 500*model.Millisecond)
			if moved := e.portStat("s1", "s3").TxPackets - around; r.Received < e.part(r.Sent, 98) || int64(moved) < r.Received {
				e.t.Errorf("%d of %d packets came, %d of them around", r.Received, r.Sent, moved)
			}
			e.eventually("the app hears that the link is down", down)
			both := map[string]bool{}
			for _, x := range e.d.find(func(t *trace.Entry) bool { return t.Kind == trace.PortStatus && t.Text == "down" }) {
				both[x.Node] = true
			}
			if !both["s1"] || !both["s2"] {
				e.t.Errorf("the port was told of by %v, not by both ends", both)
			}
			there.Kind = model.PortUp
			e.change(there)
			e.eventually("the app hears that the link is up", up)
		}},
		{"a switch whose channel is cut goes on with its tables, and is told what it has missed", nil, func(e *exam) {
			e.channel(model.ControlDown, model.ControlUp, e.node("s1"), "s1")
		}},
		{"switches without their controller go on with their tables", nil, func(e *exam) {
			e.channel(model.ControllerDown, model.ControllerUp, model.NoNode, "s3")
		}},
		{"a host that is cut off is silent, and goes on when it is back", nil, func(e *exam) {
			h := e.start(e.udpAction("cut-off", portPlain, 1e6, 3*model.Second))
			e.pass(model.Second)
			e.change(model.Change{Kind: model.NodeDown, Node: e.node("h2")})
			if r := e.ping("h3", "h2", 1); r.Received != 0 {
				e.t.Errorf("h2 answered %d echoes", r.Received)
			}
			e.change(model.Change{Kind: model.NodeUp, Node: e.node("h2")})
			r := e.all(h)[0].Flow
			if r.Received < r.Sent/5 || r.Received > r.Sent*4/5 {
				e.t.Errorf("%d of %d packets came through", r.Received, r.Sent)
			}
			if r := e.ping("h2", "h3", 3); r.Received == 0 {
				e.t.Error("h2 finds nobody any more")
			}
		}},
		{"a switch that fails loses its tables, and is given them again", nil, func(e *exam) {
			rules := len(e.snapshot("s3", backend.Selector{Rules: true}))
			before := e.count(trace.SwitchUp, "s3")
			e.change(model.Change{Kind: model.NodeDown, Node: e.node("s3")})
			if r := e.ping("h1", "h3", 1); r.Received != 0 {
				e.t.Errorf("h3 answered %d echoes", r.Received)
			}
			e.change(model.Change{Kind: model.NodeUp, Node: e.node("s3")})
			e.eventually("s3 is back", func() bool { return e.count(trace.SwitchUp, "s3") > before })
			e.eventually("h3 is back", func() bool { return e.ping("h1", "h3", 1).Received == 1 })
			e.eventually("s3 has its rules", func() bool { return len(e.snapshot("s3", backend.Selector{Rules: true})) == rules })
		}},
	}
}

// channel cuts a channel, or all, and has the apps want something meanwhile.
func (e *exam) channel(cut, back model.ChangeKind, who model.NodeID, witness string) {
	e.t.Helper()
	lost, there := e.count(trace.SwitchDown, witness), e.count(trace.SwitchUp, witness)
	e.change(model.Change{Kind: cut, Node: who})
	e.eventually("the controller notices", func() bool { return e.count(trace.SwitchDown, witness) > lost })
	if r := e.udp("without-"+cut.String(), portPlain, 1e6, 500*model.Millisecond); r.Received < e.part(r.Sent, 98) {
		e.t.Errorf("%d of %d packets came through", r.Received, r.Sent)
	}
	e.change(model.Change{Kind: model.MemberJoin, Service: "web", Node: e.node("h2"), Weight: 1})
	e.change(model.Change{Kind: model.MemberLeave, Service: "web", Node: e.node("h3")})
	e.pass(200 * model.Millisecond)
	sent := e.count(trace.RuleMod, "")
	e.change(model.Change{Kind: back, Node: who})
	e.eventually("the channel is back", func() bool { return e.count(trace.SwitchUp, witness) > there })
	e.pass(500 * model.Millisecond)
	if more := e.count(trace.RuleMod, "") - sent; more > 2 {
		e.t.Errorf("%d rules were sent when the channel was back; the difference is one", more)
	}
	e.served("h2") // what was wanted without a channel
	e.change(model.Change{Kind: model.MemberJoin, Service: "web", Node: e.node("h3"), Weight: 1})
	e.change(model.Change{Kind: model.MemberLeave, Service: "web", Node: e.node("h2")})
	e.served("h3")
}

// served waits until a flow to the service comes to one host alone, and gives its result.
func (e *exam) served(by string) (r *trace.FlowResult) {
	e.t.Helper()
	e.eventually("the service is "+by+"'s", func() bool {
		a := e.udpAction("by-"+by, 0, 1e6, 500*model.Millisecond)
		a.Flow.To, a.Flow.Service = model.NoNode, "web"
		r = e.do(a).Flow
		return len(r.Servers) == 1 && r.Servers[0].Node == by
	})
	return r
}

// count is how many entries of a kind the diary has about a node, "" any.
func (e *exam) count(kind trace.Kind, node string) int {
	return len(e.d.find(func(t *trace.Entry) bool { return t.Kind == kind && (node == "" || t.Node == node) }))
}

// portTo is the port of a node that leads to a neighbour.
func (e *exam) portTo(node, neighbour string) model.PortNo {
	for _, a := range e.n.Arcs(e.node(node)) {
		if e.n.ArcTo(a).Node == e.node(neighbour) {
			return e.n.ArcFrom(a).Port
		}
	}
	e.t.Fatalf("%s has no port to %s", node, neighbour)
	return 0
}

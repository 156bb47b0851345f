package flow_test

import (
	"fmt"

	"sendim/core/flow"
	"sendim/core/packet"
)

// A switch with a rule and a table-miss entry forwards one packet and asks the
// controller about the other.
func ExampleSwitch() {
	var s flow.Switch
	match, err := flow.ParseMatch("eth_type=0x0800,ipv4_dst=10.0.0.0/8")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range []flow.Rule{
		{Priority: 100, Match: match, Apply: []flow.Action{{Type: flow.DecTTL}, flow.Out(2)}, Idle: 10},
		{Apply: []flow.Action{flow.ToController()}},
	} {
		if _, err := s.ApplyRule(&flow.RuleMod{Rule: r}, 0); err != nil {
			fmt.Println(err)
		}
	}

	var result flow.Result
	h := packet.Header{EthDst: 2, EthSrc: 1, EthType: packet.EthTypeIPv4, IPDst: 0x0a000001, TTL: 64}
	s.Process(&flow.Packet{Header: h, InPort: 1, Bytes: 1000}, 5e12, &result)
	for _, o := range result.Outputs {
		fmt.Println("out of port", o.Port, "with TTL", o.Header.TTL)
	}
	h.EthType = packet.EthTypeARP
	s.Process(&flow.Packet{Header: h, InPort: 1, Bytes: 60}, 6e12, &result)
	for _, c := range result.Controller {
		fmt.Println("to the controller:", c.Reason)
	}
	for stat := range s.Rules(flow.AllTables, 6e12) {
		fmt.Println(stat.Rule, stat.Counters)
	}
	for _, gone := range s.Expire(s.NextExpiry()) {
		fmt.Println("ended:", gone.Reason, "after", gone.Age/1e12, "s")
	}
	// Output:
	// out of port 2 with TTL 63
	// to the controller: no-match
	// table=0 priority=100 eth_type=0x0800,ipv4_dst=10.0.0.0/8 idle=10 apply(dec_ttl,output:2) {1 1000}
	// table=0 priority=0 any apply(output:controller) {1 60}
	// ended: idle after 15 s
}

func ExampleMatch_Check() {
	fmt.Println(flow.Match(nil).With(flow.TCPDst, 80).Check())
	// Output:
	// flow: tcp_dst needs ip_proto=6 in the match (bad-match/bad-prereq, OpenFlow error 4/9)
}

func ExampleDiff() {
	old := []flow.Rule{{Priority: 1, Apply: []flow.Action{flow.Out(1)}}}
	now := []flow.Rule{{Priority: 1, Apply: []flow.Action{flow.Out(2)}}}
	for _, d := range flow.Diff(old, now) {
		fmt.Println(d)
	}
	// Output:
	// - table=0 priority=1 any apply(output:1)
	// + table=0 priority=1 any apply(output:2)
}

package prompt

import (
	"strings"
	"testing"

	"sendim/core/model"
)

func TestANodeIsReadAsItIsWritten(t *testing.T) {
	c := &call{}
	for text, want := range map[string]model.Edit{
		"h9 host":   {NodeKind: model.Host},
		"s9 switch": {NodeKind: model.Switch},
		"h9 host ip=10.0.0.9/24 mac=00:00:00:00:00:09":  {NodeKind: model.Host, Identity: model.Identity{IP: 10<<24 | 9, Prefix: 24, HasMAC: true, MAC: 9}},
		"h9 --ip 10.0.0.9 host --mac=0a:00:00:00:00:09": {NodeKind: model.Host, Identity: model.Identity{IP: 10<<24 | 9, Prefix: 8, HasMAC: true, MAC: 0x0a0000000009}},
		"s9 switch dpid=0x1f":                           {NodeKind: model.Switch, Identity: model.Identity{DPID: 31}},
		"h9 host cpu=0.5 memory=1GiB":                   {NodeKind: model.Host, NodeSpec: model.NodeSpec{CPU: 500, Memory: 1 << 30}},
	} {
		e, err := c.newNode(strings.Fields(text))
		if err != nil || e.NodeKind != want.NodeKind || e.Identity != want.Identity || e.NodeSpec != want.NodeSpec || e.Kind != model.AddNode {
			t.Errorf("%s: %+v, %v", text, e, err)
		}
	}
	for text, says := range map[string]string{
		"h9":                     "say what h9 is",
		"h9 switch-1 host":       "say what h9 is",
		"h9 host s2 ip=10.0.0.9": "say link add h9 s2 when it is there",
		"h9 hots":                `did you mean "host"`,
		"h9 host ip=10.0.0":      "is no IPv4 address",
		"h9 host ip=::1/64":      "is no IPv4 address",
		"h9 host ip=0.0.0.0/8":   "is no IPv4 address",
		"h9 host mac=1:2":        "is no Ethernet address",
		"s9 switch dpid=0":       "is no datapath id",
		"h9 host cpu=-1":         "is no number of cores",
		"h9 host memory=x":       "memory:",
		"h9 host --ip":           "--ip needs a value",
		"h9 host ip=1 ip=2":      "the ip is given twice",
		"h9 host adress=1.2.3.4": `a node has no "adress"`,
	} {
		if _, err := c.newNode(strings.Fields(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestALinkIsReadAsItIsWritten(t *testing.T) {
	var e model.Edit
	for _, a := range []attribute{{"rate", "10Mbps"}, {"delay", "1ms"}, {"jitter", "10us"}, {"loss", "1%"}, {"queue", "100p"}, {"mtu", "9000B"}, {"weight", "3"}, {"discipline", "red"}, {"class", "gold"}, {"spare", "true"}, {"id", "spare"}} {
		if err := linkAttribute(&e, a.name, a.value); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
	want := model.LinkSpec{Rate: 10_000_000, Delay: model.Millisecond, Jitter: 10 * model.Microsecond, Loss: 0.01, Queue: model.QueueLimit{Packets: 100}, MTU: 9000, Weight: 3, Discipline: "red", Class: "gold", Spare: true}
	if e.Spec != want || e.Link != "spare" {
		t.Errorf("%+v", e)
	}
	for _, a := range []attribute{{"rate", "10"}, {"delay", "x"}, {"loss", "1q"}, {"queue", "9"}, {"mtu", "big"}, {"weight", "1.5"}, {"spare", "perhaps"}, {"bw", "10"}, {"speed", "1"}} {
		if linkAttribute(&e, a.name, a.value) == nil {
			t.Errorf("%s=%s is taken", a.name, a.value)
		}
	}
}

func FuzzEditsAreReadOrRefused(f *testing.F) {
	for _, s := range []string{"h9 host ip=10.0.0.9/8", "s1 --rate 10Mbps", "x=", "--", "-- --=", "h9 host mac=::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Fields(text)
		plain, set, err := attributes(words)
		if err == nil && len(plain)+2*len(set) < len(words) {
			t.Errorf("%q: words are lost: %q %q", text, plain, set)
		}
		if len(words) > 0 {
			_, _ = (&call{}).newNode(words)
		}
		var e model.Edit
		for _, a := range set {
			_ = linkAttribute(&e, a.name, a.value)
		}
	})
}

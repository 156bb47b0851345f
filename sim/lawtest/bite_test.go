package lawtest

import (
	"strings"
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

// sound is a small world in which much happens and nothing is broken.
func sound() world {
	return world{
		system: strings.Split(strings.TrimSpace(`
<system name="world">
<class id="c" max="400kbps"/>
<node id="s1" type="switch"/>
<node id="h1" type="host"/>
<node id="h2" type="host"/>
<node id="h3" type="host"/>
<link id="l1" from="h1" to="s1" rate="1Mbps" delay="1ms"/>
<link id="l2" from="h2" to="s1" rate="1Mbps" delay="1ms"/>
<link id="l3" from="h3" to="s1" rate="1Mbps" delay="1ms"/>
<flow id="a" from="h1" to="h2" srcport="1" dstport="2" transport="udp" rate="300kbps" size="100KB" class="c"/>
<flow id="b" from="h1" to="h2" srcport="3" dstport="4" transport="tcp" size="100KB"/>
<flow id="x" from="h2" to="h3" srcport="5" dstport="6" transport="tcp" duration="3s" granularity="flow"/>
<flow id="y" from="h1" to="h3" srcport="7" dstport="8" transport="tcp" duration="3s" granularity="flow"/>
<trace links="type=link" packets="true"/>
<trace links="type=link" interval="100ms"/>
</system>`), "\n"),
		deployment: strings.Split(strings.TrimSpace(`
<deployment name="law" realization="simulation">
<application name="chaos" plugin="builtin:chaos"/>
</deployment>`), "\n"),
	}
}

// A law that nothing can break says nothing: what a playing shows is falsified, and the law
// must notice.
func TestLawsNoticeWhatIsWrong(t *testing.T) {
	entry := func(p *play, kind trace.Kind, nth int) *trace.Entry {
		for i := range p.diary.entries {
			if e := &p.diary.entries[i]; e.Kind == kind && (e.Header == nil || e.Header.DSCP == 3) {
				if nth--; nth < 0 {
					return e
				}
			}
		}
		t.Fatalf("no %s", kind)
		return nil
	}
	end := func(p *play, id string) *trace.FlowResult {
		for i := range p.diary.entries {
			if e := &p.diary.entries[i]; e.Kind == trace.FlowEnd && e.Flow == id {
				r := *e.Result
				e.Result = &r
				return e.Result
			}
		}
		t.Fatalf("flow %s does not end", id)
		return nil
	}
	final := func(p *play) *look { return &p.looks[len(p.looks)-1] }
	port := func(p *play, name string) model.Endpoint {
		id, _ := p.net.NodeByName(name)
		return p.net.ArcFrom(p.net.Arcs(id)[0])
	}
	for _, c := range []struct {
		law string
		lie func(*play)
	}{
		{"every flow is told of once, and its figures fit each other", func(p *play) { end(p, "b").Bytes-- }},
		{"every flow is told of once, and its figures fit each other", func(p *play) { entry(p, trace.FlowEnd, 0).Kind = trace.Warning }},
		{"time does not go back", func(p *play) { entry(p, trace.Packet, 20).At -= model.Second }},
		{"what arrived is what the receiver reports", func(p *play) { end(p, "a").Received++ }},
		{"what is sent on a link is received, lost or under way", func(p *play) {
			s := final(p).ports[port(p, "h2")]
			s.RxPackets++
			final(p).ports[port(p, "h2")] = s
		}},
		{"counters only grow", func(p *play) {
			s := p.looks[5].ports[port(p, "h1")]
			s.TxBytes += 1 << 30
			p.looks[5].ports[port(p, "h1")] = s
		}},
		{"no link carries more than its rate", func(p *play) {
			for i := range 40 { // as if many had come at once
				entry(p, trace.Packet, 20+i).At = entry(p, trace.Packet, 20).At
			}
		}},
		{"no class gets more than its highest rate", func(p *play) { p.net.Classes[0].Max = 100_000 }},
		{"frames of one direction do not overtake", func(p *play) {
			list := p.captures[0][port(p, "h1")].Bytes()
			list[len(list)-1]++ // the last frame left otherwise than it came
		}},
		{"a rule has counted what it matched", func(p *play) {
			for _, rules := range final(p).rules {
				for i := range rules {
					if rules[i].Rule.Table == 0 && rules[i].Rule.Match.Equal(tallies(&p.flows[0])[0]) {
						rules[i].Counters.Packets++
					}
				}
			}
		}},
		{"switches send no more than they get", func(p *play) {
			id, _ := p.net.NodeByName("s1")
			for _, a := range p.net.Arcs(id) {
				p.captures[1][p.net.ArcFrom(a)].Truncate(24)
			}
		}},
		{"samples add up, and queues stay within their limits", func(p *play) {
			s := *entry(p, trace.LinkTotal, 0).Sample
			s.Queue = -1
			entry(p, trace.LinkTotal, 0).Sample = &s
		}},
		{"fluid shares are feasible, and nobody could have more", func(p *play) {
			for i := range p.looks { // half of what it got
				for _, rules := range p.looks[i].rules {
					for k := range rules {
						if rules[k].Rule.Match.Equal(tallies(p.flow("x"))[0]) {
							rules[k].Counters.Bytes /= 2
						}
					}
				}
			}
		}},
	} {
		var looks []model.Time
		for at := model.Time(0); at < 4*model.Second; at += 97 * model.Millisecond {
			looks = append(looks, at)
		}
		p, err := sound().play(manner{captures: true, looks: looks})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range laws() {
			if l.name != c.law {
				continue
			}
			if err := l.check(p); err != nil {
				t.Fatalf("%s: %v", l.name, err)
			}
			c.lie(p)
			if err := l.check(p); err == nil {
				t.Errorf("%s: nothing was noticed", l.name)
			}
		}
	}
}

func (p *play) flow(id string) *model.Flow {
	for i := range p.flows {
		if p.flows[i].ID == id {
			return &p.flows[i]
		}
	}
	return nil
}

func TestABrokenWorldIsCutDownToWhatBreaksIt(t *testing.T) {
	w := smallest(draw(2), func(x world) bool {
		p, err := x.play(manner{})
		return err == nil && strings.Contains(p.text, `"flow-start"`)
	}, 400)
	if lines := strings.Count(w.String(), "\n"); lines > 14 || strings.Count(w.String(), "<flow ") != 1 {
		t.Errorf("%d lines are left:\n%s", lines, w)
	}
}

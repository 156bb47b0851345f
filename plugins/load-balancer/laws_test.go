package loadbalancer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/apptest"
	loadbalancer "sendim/plugins/load-balancer"
)

func TestItIsAFunctionOfItsEvents(t *testing.T) {
	apptest.SameEventsSameCommands(t, loadbalancer.New, "torus,3,3", nil)
}

func TestItCanBeSavedAndGoOnElsewhere(t *testing.T) {
	apptest.SaveRestoreChangesNothing(t, loadbalancer.New, "torus,3,3", nil)
}

func TestAloneItConnectsRandomNetworksWhoseLinksFail(t *testing.T) {
	apptest.NoLoopNoBlackHole(t, loadbalancer.New, nil)
}

func TestItLeavesNothingBehind(t *testing.T) {
	apptest.NothingLeftBehind(t, loadbalancer.New, "torus,3,3", nil)
}

// recorder remembers what its app was told and answered.
type recorder struct {
	app.Instance
	events  []app.Event
	answers map[int][]app.Command // by event
}

func (r *recorder) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	first := len(r.events)
	r.events = append(r.events, events...)
	return r.Instance.Handle(ctx, events, func(event int, commands []app.Command) {
		r.answers[first+event] = append(r.answers[first+event], commands...)
		emit(event, commands)
	})
}

// eventful is a run in which members leave, come back and fail while clients come.
const eventful = `
  <scenario>
    <at time="500ms"><leave service="web" node="b"/></at> <at time="900ms"><down node="c"/></at> <at time="1200ms"><join service="web" node="b" weight="3"/></at>
    <at time="1400ms"><up node="c"/></at> <at time="1500ms"><down link="x"/></at> <at time="1600ms"><leave service="web" node="a"/></at> <at time="1700ms"><up link="x"/></at>
  </scenario>`

func TestAnotherAppThatIsToldTheSameAnswersTheSame(t *testing.T) {
	for name, params := range map[string][]string{"keep": {"idle=1s"}, "move": {"idle=1s", "drain=move"}, "hash": {"mode=hash", "drain=move"}, "rank": {"mode=rank"}, "connection": {"per=connection", "idle=1s"}} {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{answers: map[int][]app.Command{}}
			started := 0
			playWith(t, triangle+clients(0, 20, `duration="1s" rate="500kbps" transport="udp"`)+eventful, balancer(params...),
				func(ctx context.Context, a deployment.Application) (app.Instance, error) {
					i, err := launch(ctx, a)
					if started++; started == 2 { // the first is only asked for its manifest
						rec.Instance = i
						return rec, err
					}
					return i, err
				})
			if len(rec.events) < 30 {
				t.Fatalf("only %d events", len(rec.events))
			}
			one, two := loadbalancer.New(), loadbalancer.New()
			for i := range rec.events {
				state, err := two.(app.Stateful).Save()
				if err != nil {
					t.Fatal(err)
				}
				two = loadbalancer.New()
				if err := two.(app.Stateful).Restore(state); err != nil {
					t.Fatal(err)
				}
				if again, _ := two.(app.Stateful).Save(); !bytes.Equal(state, again) {
					t.Fatalf("saved\n%s\nrestored and saved again\n%s", state, again)
				}
				want := commandText(rec.answers[i])
				for who, a := range map[string]app.App{"another app": one, "an app restored": two} {
					var out app.Commands
					a.React(&rec.events[i], &out)
					if got := commandText(out.List); got != want {
						t.Fatalf("event %d, %s: %s answers\n%s\nnot\n%s", i, rec.events[i].Kind, who, got, want)
					}
				}
			}
		})
	}
}

// commandText leaves the numbers out: those of an app that was restored begin anew.
func commandText(list []app.Command) string {
	var b strings.Builder
	for _, c := range list {
		c.ID = 0
		text, _ := json.Marshal(c)
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestWhenEverybodyIsSilentNoRuleOfAClientIsLeft(t *testing.T) {
	for _, drain := range []string{"keep", "move"} {
		res := play(t, triangle+clients(0, 20, `duration="1s" rate="500kbps" transport="udp"`)+`<flow id="end" from="a" to="b" start="8s" size="1KB"/>`+eventful, balancer("idle=1s", "drain="+drain))
		for _, table := range res.Tables {
			for _, r := range table.Rules {
				if r.Rule.Priority == 101 {
					t.Errorf("%s: %s", table.Switch, r.Rule)
				}
			}
		}
	}
}

func TestHowArrivalsAreGatheredChangesNothing(t *testing.T) {
	sent := func(window model.Time) []string {
		net := pool(t)
		b := apptest.Start(t, apptest.Config{Model: net, Window: window, Record: true,
			Apps: []control.Application{{Instance: app.Local(loadbalancer.New()), Params: map[string]string{"drain": "move"}}}})
		b.Run(100*model.Millisecond - b.Now())
		for i := range 40 {
			ask(b, fmt.Sprintf("h%ds%d", 3+i%5, 1+i%2), packet.ProtoTCP)
			kind := model.MemberLeave
			if i%8 < 4 {
				kind = model.MemberJoin
			}
			b.Runtime.Change(b.Now()+model.Millisecond, model.Change{Kind: kind, Service: "web", Node: b.Node("h1s2"), Weight: 2})
			b.Run(model.Time(i*300) * model.Microsecond)
		}
		b.Settle()
		return b.Sent
	}
	if one, many := sent(0), sent(2*model.Millisecond); !slices.Equal(one, many) || len(one) < 50 {
		t.Errorf("%d and %d downcalls", len(one), len(many))
	}
}

// ask has a host send a packet to the service.
func ask(b *apptest.Bench, from string, proto uint8) {
	ip, _ := addressOf(b, from)
	b.Inject(from, packet.Header{EthSrc: 1, EthDst: control.VirtualMAC(virtual), EthType: packet.EthTypeIPv4, IPSrc: ip, IPDst: virtual,
		Proto: proto, TTL: 64, L4Src: 1024, L4Dst: 80}, nil)
}

const virtual packet.IPv4 = 10<<24 | 9<<16 | 9

// pool is two switches with seven hosts each, of which three are members of a service.
func pool(t *testing.T) *model.Network {
	n := *apptest.Network(t, "linear,2,7")
	node := func(name string) model.NodeID { id, _ := n.NodeByName(name); return id }
	n.Services = []model.Service{{ID: "web", IP: uint32(virtual), Proto: model.TCP, Port: 80, Members: []model.Member{
		{Node: node("h1s1"), Weight: 2}, {Node: node("h1s2"), Weight: 1}, {Node: node("h2s2"), Weight: 1}}}}
	return &n
}

// TestEveryClientIsServedByOneMemberOfThePool has random things happen and looks at the
// rules: what goes to a member comes back, from one that is in the pool or was when the
// client came.
func TestEveryClientIsServedByOneMemberOfThePool(t *testing.T) {
	net := pool(t)
	servers := []string{"h1s1", "h1s2", "h2s2", "h2s1"}
	rapid.Check(t, func(rt *rapid.T) {
		move := rapid.Bool().Draw(rt, "move")
		params := map[string]string{"idle": "5s", "drain": "keep"}
		if move {
			params["drain"] = "move"
		}
		b := apptest.Start(t, apptest.Config{Model: net, Apps: []control.Application{{Instance: app.Local(loadbalancer.New()), Params: params}}})
		in, ever := map[string]bool{"h1s1": true, "h1s2": true, "h2s2": true}, map[string]bool{"h1s1": true, "h1s2": true, "h2s2": true}
		down := map[string]bool{}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			server := rapid.SampledFrom(servers).Draw(rt, "server")
			change := model.Change{Service: "web", Node: b.Node(server), Weight: rapid.Int32Range(1, 3).Draw(rt, "weight")}
			link := net.LinkName(net.Arcs(b.Node(server))[0].Link())
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0:
				change.Kind = model.MemberLeave
				b.Runtime.Change(b.Now()+model.Millisecond, change)
				in[server] = false
			case 1:
				change.Kind = model.MemberJoin
				b.Runtime.Change(b.Now()+model.Millisecond, change)
				in[server], ever[server] = true, true
			case 2:
				b.LinkDown(link)
				down[server] = true
			case 3:
				b.LinkUp(link)
				down[server] = false
			default:
				from := fmt.Sprintf("h%ds%d", rapid.IntRange(3, 7).Draw(rt, "client"), rapid.IntRange(1, 2).Draw(rt, "at"))
				ask(b, from, rapid.SampledFrom([]uint8{packet.ProtoTCP, packet.ProtoUDP}).Draw(rt, "proto"))
			}
			b.Settle()
			if rapid.IntRange(0, 4).Draw(rt, "silence") == 0 {
				b.Run(6 * model.Second)
			}
			lookAt(rt, b, in, ever, down, move)
		}
		if len(b.Refused) > 0 || b.Looped > 0 {
			rt.Fatalf("%v, %d", b.Refused, b.Looped)
		}
	})
}

func addressOf(b *apptest.Bench, host string) (packet.IPv4, bool) {
	at := 1
	for _, id := range b.Model.NodesOfKind(model.Host) {
		if b.Model.NodeName(id) == host {
			return packet.IPv4(10<<24 | at), true
		}
		at++
	}
	return 0, false
}

// lookAt holds the rules of clients against the pool.
func lookAt(t *rapid.T, b *apptest.Bench, in, ever, down map[string]bool, move bool) {
	name := map[packet.IPv4]string{}
	for s := range ever {
		ip, _ := addressOf(b, s)
		name[ip] = s
	}
	somebody := slices.ContainsFunc([]string{"h1s1", "h1s2", "h2s2", "h2s1"}, func(s string) bool { return in[s] && !down[s] })
	field := func(r *flow.Rule, f flow.Field) packet.IPv4 {
		v, _ := r.Match.Field(f)
		return packet.IPv4(v.Value.Lo)
	}
	for _, sw := range []string{"s1", "s2"} {
		there, back := map[string]bool{}, map[string]bool{}
		for _, r := range b.Rules(sw) {
			proto, _ := r.Match.Field(flow.IPProto)
			switch {
			case r.Priority != 101 || len(r.Apply) == 0:
			case len(r.Apply) == 2:
				server := name[packet.IPv4(r.Apply[1].Value.Lo)]
				there[fmt.Sprintf("%s %s %d", field(&r, flow.IPv4Src), server, proto.Value.Lo)] = true
				switch {
				case !ever[server]:
					t.Fatalf("%s serves, and was never in the pool: %s", server, &r)
				case somebody && down[server]:
					t.Fatalf("%s serves, and is down: %s", server, &r)
				case move && !in[server]:
					t.Fatalf("%s serves, and has left: %s", server, &r)
				}
			default:
				back[fmt.Sprintf("%s %s %d", field(&r, flow.IPv4Dst), name[field(&r, flow.IPv4Src)], proto.Value.Lo)] = true
			}
		}
		if fmt.Sprint(there) != fmt.Sprint(back) {
			t.Fatalf("%s: there %v, back %v", sw, there, back)
		}
	}
}

// BenchmarkFirstPacketOfAClient is what a new client costs the app, among as many that are
// served already.
func BenchmarkFirstPacketOfAClient(b *testing.B) {
	for _, served := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(served), func(b *testing.B) {
			a := loadbalancer.New()
			var out app.Commands
			top := &app.Topology{Last: true, Switches: []app.SwitchInfo{{ID: 0, Name: "s1", Up: true}}}
			s := app.VirtualService{ID: "web", IP: virtual, Proto: model.TCP, Port: 80}
			for i := range model.NodeID(4) {
				s.Members = append(s.Members, app.ServiceMember{Node: 1 + i, IP: packet.IPv4(1 + i), MAC: packet.MAC(1 + i), Weight: int32(1 + i%2)})
			}
			for i := range model.NodeID(served + 4) {
				top.Hosts = append(top.Hosts, app.HostInfo{ID: 1 + i, IP: packet.IPv4(1 + i), MAC: packet.MAC(1 + i), Up: true, At: app.Port{Switch: 0, Port: model.PortNo(1 + i)}})
			}
			a.React(&app.Event{Kind: app.KindStart, Start: &app.Start{Parameters: map[string]string{"mode": "round-robin", "idle": "60s", "drain": "keep", "per": "connection", "priority": "100"},
				Settings: app.Settings{Services: []app.VirtualService{s}}}}, &out)
			a.React(&app.Event{Kind: app.KindTopology, Topology: top}, &out)
			n := 0
			come := func() {
				out.List = out.List[:0]
				ip := packet.IPv4(5 + n%served)
				a.React(&app.Event{Kind: app.KindPacketIn, PacketIn: &app.PacketIn{Port: app.Port{Port: model.PortNo(ip)}, Header: packet.Header{EthType: packet.EthTypeIPv4,
					IPSrc: ip, IPDst: virtual, Proto: packet.ProtoTCP, L4Src: uint16(1 + n/served), L4Dst: 80}}}, &out)
				n++
			}
			for range served {
				come()
			}
			for b.Loop() {
				come()
			}
		})
	}
}

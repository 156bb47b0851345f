package apptest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// Play plays a script with the app and gives what did not go as expected. network makes
// the model of what the script names.
func (s Subject) Play(script *Script, network func(string) (*model.Network, error)) (findings []Finding, err error) {
	net, err := network(script.Network)
	if err != nil {
		return nil, fmt.Errorf("%s: network %s: %w", script.file, script.Network, err)
	}
	err = Verdict(func(t T) {
		i := s.life(t)
		defer i.Close() //nolint:errcheck // an end that fails breaks no law
		p := &player{script: script, said: &said{metrics: map[string]float64{}}}
		params := maps.Clone(s.Params)
		if params == nil {
			params = map[string]string{}
		}
		maps.Copy(params, script.Params)
		m := i.Manifest()
		c := Config{Model: net, Sink: p.said, Apps: []control.Application{{Name: m.Name, Instance: i, Params: params, FailRun: true}}}
		if m.Chains {
			c.Apps = append(c.Apps, control.Application{Name: "everybody", Instance: app.Local(everybody{})})
		}
		p.b = Start(t, c)
		for k := range script.steps {
			p.step(&script.steps[k])
		}
		if len(p.b.Refused) > 0 && !p.refusals {
			p.find(script.steps[len(script.steps)-1], "a switch refused %s", p.b.Refused[0])
		}
		findings = p.findings
	})
	return findings, err
}

// RunScript plays a script, given as text, with an app that is linked in.
func RunScript(t T, fresh func() app.App, text string) {
	t.Helper()
	script, err := ParseScript(strings.NewReader(text), "script")
	if err != nil {
		t.Fatal(err)
	}
	findings, err := Linked(fresh, nil).Play(script, Shape)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f.String())
	}
}

// said remembers what apps wrote into the diary.
type said struct {
	logs    []string
	metrics map[string]float64
}

func (s *said) Emit(e *trace.Entry) {
	switch e.Kind {
	case trace.AppLog:
		s.logs = append(s.logs, e.Text)
	case trace.AppMetric:
		s.metrics[e.Name] = *e.Value
	}
}

// player plays one script.
type player struct {
	script   *Script
	b        *Bench
	said     *said
	findings []Finding
	refusals bool
	packets  uint64
	to       string // whom the last packet was for; "" for an address of no host
	failed   []Journey
	path     func() []string
}

func (p *player) find(st step, format string, args ...any) {
	p.findings = append(p.findings, Finding{p.script.file, st.line, st.text, fmt.Sprintf(format, args...)})
}

func (p *player) step(st *step) {
	b, w := p.b, st.words
	switch w[0] {
	case "packet":
		p.send(st)
	case "ping":
		if !p.known(st, model.Host, w[1], w[3]) {
			return
		}
		j := b.Ping(w[1], w[3])
		p.failed, p.path = nil, func() []string { return j.There }
		if !j.Returned || j.Arrived != 1 {
			p.failed = []Journey{j}
		}
	case "pingall":
		p.failed, p.path = b.PingAll(), func() []string { return nil }
	case "link":
		if _, ok := b.Model.LinkByName(w[2]); !ok {
			p.find(*st, "the network has no link %q; it has %s", w[2], Links(b.Model))
			return
		}
		if w[1] == "up" {
			b.LinkUp(w[2])
		} else {
			b.LinkDown(w[2])
		}
		p.settle()
	case "switch":
		if !p.known(st, model.Switch, w[2]) {
			return
		}
		if w[1] == "down" {
			b.Lose(w[2])
		} else {
			b.Reconnect(w[2], true)
		}
		p.settle()
	case "advance":
		span, _ := model.ParseTime(w[1]) // checked when it was read
		b.Run(span)
	case "expect":
		p.expect(st)
	}
}

// settle lets the apps answer: a hundred milliseconds are many round trips of the control
// channel, and no timeout.
func (p *player) settle() { p.b.Run(100 * model.Millisecond) }

func (p *player) known(st *step, kind model.NodeKind, names ...string) bool {
	for _, name := range names {
		if id, ok := p.b.Model.NodeByName(name); !ok || p.b.Model.NodeKindOf(id) != kind {
			var there []string
			for _, n := range p.b.Model.NodesOfKind(kind) {
				there = append(there, p.b.Model.NodeName(n))
			}
			what := "host"
			if kind == model.Switch {
				what = "switch"
			}
			p.find(*st, "the network has no %s %q; there are %s", what, name, strings.Join(there, ", "))
			return false
		}
	}
	return true
}

// marked begins the payload of a script's packets; their number follows.
const marked = "apptest:"

func (p *player) send(st *step) {
	b, w := p.b, st.words
	if !p.known(st, model.Host, w[1]) {
		return
	}
	src := b.hosts[b.Node(w[1])]
	ip, err := packet.ParseIPv4(w[3])
	p.to = ""
	if id, ok := b.Model.NodeByName(w[3]); ok && b.hosts[id] != nil {
		ip, p.to, err = b.hosts[id].ip, w[3], nil
	}
	if err != nil {
		p.find(*st, "%q is neither a host nor an address", w[3])
		return
	}
	p.packets++
	payload := binary.BigEndian.AppendUint64([]byte(marked), p.packets)
	mac, known := src.arp[ip]
	if to, ok := b.Model.NodeByName(w[3]); ok && b.hosts[to] != nil {
		mac, known = b.hosts[to].mac, true
	}
	if !known { // an address of no host: whoever answers for it says who it is
		src.send(packet.ARPRequest(src.mac, src.ip, ip), nil)
		p.settle()
		if mac, known = src.arp[ip]; !known {
			p.find(*st, "nobody answers ARP requests for %s", w[3])
			return
		}
	}
	src.send(p.header(src, mac, ip, w[4:]), payload)
	number := p.packets
	p.path = func() []string {
		for _, id := range b.Model.NodesOfKind(model.Host) {
			if path := b.hosts[id].came[number]; len(path) > 0 {
				return path[len(path)-1]
			}
		}
		return nil
	}
	p.settle()
}

// arrivals lists the hosts that the last packet reached.
func (p *player) arrivals() (out []string) {
	for _, id := range p.b.Model.NodesOfKind(model.Host) {
		for range p.b.hosts[id].came[p.packets] {
			out = append(out, p.b.Model.NodeName(id))
		}
	}
	return out
}

func (p *player) expect(st *step) {
	b, w := p.b, st.words
	switch w[1] {
	case "delivered", "lost":
		if p.packets == 0 {
			p.find(*st, "no packet was sent")
			return
		}
		got := p.arrivals()
		want := p.to
		if len(w) > 2 {
			want = w[2]
		}
		switch {
		case w[1] == "lost" && len(got) > 0:
			p.find(*st, "it reached %s", strings.Join(got, ", "))
		case w[1] == "lost" || len(got) == 1 && (want == "" || got[0] == want):
		case len(got) == 0:
			p.find(*st, "it reached nobody")
		default:
			p.find(*st, "it reached %s", strings.Join(got, ", "))
		}
	case "answered":
		if len(p.failed) > 0 {
			j := p.failed[0]
			p.find(*st, "%d not: %s -> %s %s", len(p.failed), j.From, j.To, j)
		}
	case "unanswered":
		if len(p.failed) == 0 {
			p.find(*st, "it was answered")
		}
	case "path":
		if p.path == nil {
			p.find(*st, "nothing was sent")
		} else if got := p.path(); !slices.Equal(got, w[2:]) {
			p.find(*st, "it was %s", none(strings.Join(got, " ")))
		}
	case "rule", "no":
		p.expectRule(st)
	case "rules":
		if !p.known(st, model.Switch, w[2]) {
			return
		}
		got := p.rules(w[2])
		if want, _ := strconv.Atoi(w[3]); want != len(got) {
			p.find(*st, "it has %d:\n  %s", len(got), strings.Join(got, "\n  "))
		}
	case "log":
		want := strings.Join(w[2:], " ")
		if !slices.ContainsFunc(p.said.logs, func(l string) bool { return strings.Contains(l, want) }) {
			p.find(*st, "the app logged %s", none(strings.Join(p.said.logs, " | ")))
		}
	case "metric":
		name := strings.Join(w[2:len(w)-1], " ")
		want, _ := strconv.ParseFloat(w[len(w)-1], 64) // checked when it was read
		if got, ok := p.said.metrics[name]; !ok {
			p.find(*st, "the app never reported it")
		} else if got != want {
			p.find(*st, "it is %v", got)
		}
	case "refused":
		p.refusals = true
		if len(b.Refused) == 0 {
			p.find(*st, "no switch refused anything")
		}
	}
}

func none(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// rules lists a switch's rules that are apps', as text.
func (p *player) rules(sw string) (out []string) {
	for _, r := range p.b.Rules(sw) {
		if r.Cookie>>ownerShift != ofRuntime {
			r.Cookie &= 0xffffffff // the app's own tag
			out = append(out, r.String())
		}
	}
	return out
}

func (p *player) expectRule(st *step) {
	words := st.words[2:]
	if st.words[1] == "no" {
		words = st.words[3:]
	}
	sw := words[0]
	if !p.known(st, model.Switch, sw) {
		return
	}
	parts := make([]string, len(words)-1)
	for i, w := range words[1:] {
		parts[i] = p.part(sw, w)
	}
	all := p.rules(sw)
	at := slices.IndexFunc(all, func(rule string) bool {
		have := strings.FieldsFunc(rule, func(r rune) bool { return strings.ContainsRune(" ,()", r) })
		for _, part := range parts {
			if !slices.Contains(have, part) {
				return false
			}
		}
		return true
	})
	switch {
	case st.words[1] == "no" && at >= 0:
		p.find(*st, "there is %s", all[at])
	case st.words[1] == "rule" && at < 0:
		p.find(*st, "%s has\n  %s", sw, none(strings.Join(all, "\n  ")))
	}
}

// part writes a part of a rule as the rule does: names of nodes become addresses and ports.
func (p *player) part(sw, word string) string {
	if name, ok := strings.CutPrefix(word, "output:"); ok {
		if to, ok := p.b.Model.NodeByName(name); ok {
			for _, a := range p.b.Model.Arcs(p.b.Node(sw)) {
				if p.b.Model.ArcTo(a).Node == to {
					return fmt.Sprintf("output:%d", p.b.Model.ArcFrom(a).Port)
				}
			}
		}
		return word
	}
	if name, ok := strings.CutPrefix(word, "group:"); ok {
		if n, ok := p.b.Runtime.GroupNumber(p.b.Node(sw), 0, name); ok {
			return flow.Action{Type: flow.ToGroup, Arg: n}.String()
		}
		return word
	}
	if name, ok := strings.CutPrefix(word, "meter:"); ok {
		if n, ok := p.b.Runtime.MeterNumber(p.b.Node(sw), 0, name); ok {
			return fmt.Sprintf("meter:#%d", n)
		}
		return word
	}
	field, name, ok := strings.Cut(word, "=")
	id, known := p.b.Model.NodeByName(name)
	if !ok || !known {
		return word
	}
	if field == "in_port" {
		for _, a := range p.b.Model.Arcs(p.b.Node(sw)) {
			if p.b.Model.ArcTo(a).Node == id {
				return fmt.Sprintf("in_port=%d", p.b.Model.ArcFrom(a).Port)
			}
		}
	}
	h := p.b.hosts[id]
	switch {
	case h == nil:
		return word
	case strings.HasPrefix(field, "eth_"), strings.HasPrefix(field, "arp_sha"), strings.HasPrefix(field, "arp_tha"):
		return field + "=" + h.mac.String()
	}
	return field + "=" + h.ip.String()
}

package apptest

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/packet"
)

// Script is what happens to a network, and what is expected of the app that controls it,
// one step a line:
//
//	# a comment, to the end of the line
//	network linear,3                  a shape as sendim run's --topo has it, or a file; first of all
//	param idle 5s                     a parameter of the app; before anything happens
//	packet h1 -> h3 tcp 80            one packet: tcp, udp (destination port, source port), icmp
//	packet h1 -> 10.9.9.9 udp 53      the same to an address of no host; h1 asks for it by ARP
//	ping h1 -> h3                     an echo and its answer
//	pingall                           the same between all hosts
//	link down s1--s2                  and: link up
//	switch down s2                    loses its controller; switch up: restarted, and empty
//	advance 5s                        lets time pass; every other step takes as long as it takes
//	expect delivered                  the last packet reached whom it was for, exactly once
//	expect delivered h2               ... reached h2, whatever address it had on the way
//	expect lost                       it reached nobody
//	expect answered                   the last ping or pingall was; expect unanswered: was not
//	expect path s1 s2 s3              the switches on the last packet's or ping's way
//	expect rule s1 eth_dst=h3 output:2    a rule of s1 has all these parts
//	expect no rule s1 eth_dst=h3      no rule of s1 has
//	expect rules s1 2                 as many rules of apps, with the table-miss entries
//	expect log TEXT                   a line in the diary that holds the text
//	expect metric NAME 3              its newest value
//	expect refused                    a switch refused something; otherwise nothing may be
//
// Parts of rules are written as sendim prints them: eth_type=0x0800, in_port=1,
// priority=100, idle=5, output:2, group:#1. The name of a host stands for its MAC or its
// IPv4 address, that of a node after output: for the port that leads there, and that of the
// app's own group or meter after group: or meter: for its number.
type Script struct {
	Network string
	Params  map[string]string
	file    string
	steps   []step
}

type step struct {
	line  int
	text  string
	words []string
}

// verbs lists the steps and, for each, how many words it has at least and at most, -1
// for any number.
var verbs = map[string]struct {
	least, most int
	usage       string
}{
	"network": {2, 2, "network linear,3"},
	"param":   {3, 3, "param idle 5s"},
	"packet":  {5, 7, "packet h1 -> h3 tcp 80"},
	"ping":    {4, 4, "ping h1 -> h3"},
	"pingall": {1, 1, "pingall"},
	"link":    {3, 3, "link down s1--s2"},
	"switch":  {3, 3, "switch down s1"},
	"advance": {2, 2, "advance 5s"},
	"expect":  {2, -1, "expect delivered"},
}

var expectations = map[string]struct {
	least, most int
	usage       string
}{
	"delivered":  {2, 3, "expect delivered"},
	"lost":       {2, 2, "expect lost"},
	"answered":   {2, 2, "expect answered"},
	"unanswered": {2, 2, "expect unanswered"},
	"path":       {3, -1, "expect path s1 s2"},
	"rule":       {4, -1, "expect rule s1 eth_dst=h3 output:2"},
	"no":         {5, -1, "expect no rule s1 eth_dst=h3"},
	"rules":      {4, 4, "expect rules s1 2"},
	"log":        {3, -1, "expect log lost its way"},
	"metric":     {4, -1, "expect metric pairs 3"},
	"refused":    {2, 2, "expect refused"},
}

// ParseScript reads a script; file is its name in faults, all of which are given at once.
func ParseScript(r io.Reader, file string) (*Script, error) {
	s := &Script{Params: map[string]string{}, file: file}
	faults := &fault.List{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		// A group or a meter is written with its number's sign; it begins no comment.
		if whole := lines.Text(); (strings.Contains(whole, "group:#") || strings.Contains(whole, "meter:#")) && !strings.HasPrefix(strings.TrimSpace(whole), "#") {
			text = whole
		}
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		st := step{line: n, text: strings.Join(words, " "), words: words}
		if f := s.take(st); f != nil {
			f.Place = fault.Place{File: file, Line: n}
			faults.Add(*f)
		}
	}
	if err := lines.Err(); err != nil {
		faults.Addf(fault.Limit, fault.Place{File: file}, "cannot be read: %v", err)
	}
	if s.Network == "" && faults.Total == 0 {
		faults.Addf(fault.Syntax, fault.Place{File: file}, "no line says which network; write for example: network linear,3")
	}
	return s, faults.Err()
}

func (s *Script) take(st step) *fault.Fault {
	bad := func(code fault.Code, format string, args ...any) *fault.Fault {
		f := fault.New(code, fault.Place{}, format, args...)
		return &f
	}
	form, ok := verbs[st.words[0]]
	if ok && st.words[0] == "expect" {
		if form, ok = expectations[second(st.words)]; !ok {
			f := fault.New(fault.BadChoice, fault.Place{}, "%q cannot be expected; there are %s", second(st.words), keys(expectations)).Suggest(second(st.words), keyList(expectations))
			return &f
		}
	}
	if !ok {
		f := fault.New(fault.BadChoice, fault.Place{}, "there is no step %q; there are %s", st.words[0], keys(verbs)).Suggest(st.words[0], keyList(verbs))
		return &f
	}
	if len(st.words) < form.least || form.most >= 0 && len(st.words) > form.most {
		return bad(fault.Syntax, "%q: write it like %q", st.text, form.usage)
	}
	switch w := st.words; w[0] {
	case "network":
		if s.Network != "" || len(s.steps) > 0 {
			return bad(fault.Syntax, "the network is named once, before anything happens")
		}
		s.Network = w[1]
		return nil
	case "param":
		if len(s.steps) > 0 {
			return bad(fault.Syntax, "parameters are set before anything happens")
		}
		s.Params[w[1]] = w[2]
		return nil
	case "packet":
		if w[2] != "->" {
			return bad(fault.Syntax, "%q: write it like %q", st.text, form.usage)
		}
		if !slices.Contains([]string{"tcp", "udp", "icmp"}, w[4]) {
			f := fault.New(fault.BadChoice, fault.Place{}, "a packet is tcp, udp or icmp, not %q", w[4]).Suggest(w[4], []string{"tcp", "udp", "icmp"})
			return &f
		}
		for _, port := range w[5:] {
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return bad(fault.BadNumber, "%q is not a port, 0 to 65535", port)
			}
		}
	case "ping":
		if w[2] != "->" {
			return bad(fault.Syntax, "%q: write it like %q", st.text, form.usage)
		}
	case "link", "switch":
		if w[1] != "up" && w[1] != "down" {
			return bad(fault.BadChoice, "%q: a %s goes up or down, as in %q", st.text, w[0], form.usage)
		}
	case "advance":
		if t, err := model.ParseTime(w[1]); err != nil || t <= 0 || t > 24*3600*model.Second {
			return bad(fault.BadUnit, "%q is not a span of time up to a day, such as 5s", w[1])
		}
	case "expect":
		if w[1] == "no" && w[2] != "rule" {
			return bad(fault.Syntax, "%q: write it like %q", st.text, form.usage)
		}
		if w[1] == "rules" {
			if _, err := strconv.ParseUint(w[3], 10, 31); err != nil {
				return bad(fault.BadNumber, "%q is not a number of rules", w[3])
			}
		}
		if w[1] == "metric" {
			if _, err := strconv.ParseFloat(w[len(w)-1], 64); err != nil {
				return bad(fault.BadNumber, "%q is not a number", w[len(w)-1])
			}
		}
	}
	if s.Network == "" {
		return bad(fault.Syntax, "the first line names the network, for example: network linear,3")
	}
	s.steps = append(s.steps, st)
	return nil
}

func second(words []string) string {
	if len(words) < 2 {
		return ""
	}
	return words[1]
}

func keyList[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func keys[V any](m map[string]V) string { return strings.Join(keyList(m), ", ") }

// header makes the header of a script's packet.
func (p *player) header(src *host, mac packet.MAC, ip packet.IPv4, words []string) packet.Header {
	h := packet.Header{EthSrc: src.mac, EthDst: mac, EthType: packet.EthTypeIPv4, IPSrc: src.ip, IPDst: ip, TTL: packet.DefaultTTL}
	port := func(i int, otherwise uint16) uint16 {
		if len(words) <= i {
			return otherwise
		}
		n, _ := strconv.ParseUint(words[i], 10, 16) // checked when it was read
		return uint16(n)
	}
	switch words[0] {
	case "tcp":
		h.Proto, h.TCPFlags = packet.ProtoTCP, packet.FlagPSH|packet.FlagACK
	case "udp":
		h.Proto = packet.ProtoUDP
	default:
		h.Proto, h.ICMPType = packet.ProtoICMP, packet.ICMPUnreachable
		return h
	}
	h.L4Dst, h.L4Src = port(1, 80), port(2, 40000)
	return h
}

// Finding is one step of a script that did not go as expected.
type Finding struct {
	File string
	Line int
	Step string
	What string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Step, f.What)
}

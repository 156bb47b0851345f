package flowlist

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/fault"
	"sendim/core/model"
)

// shown is a list as a test wants to see it: flows, then what was remarked.
func shown(n *model.Network, l *List) string {
	var b strings.Builder
	for _, f := range l.Flows {
		to := f.Service
		if f.To != model.NoNode {
			to = n.NodeName(f.To)
		}
		fmt.Fprintf(&b, "%s %s %s:%d>%s:%d at %s", f.ID, f.Transport, n.NodeName(f.From), f.SrcPort, to, f.DstPort, f.Start)
		if f.Count > 0 {
			fmt.Fprintf(&b, " %d echoes of %s", f.Count, f.Packet)
		} else {
			fmt.Fprintf(&b, " %d bytes at %.0f kbps", f.Size, float64(f.Rate)/1e3)
		}
		if f.Packet > 0 && f.Count == 0 {
			fmt.Fprintf(&b, " in frames of %d", f.Packet)
		}
		b.WriteByte('\n')
	}
	for _, list := range []fault.List{l.Warnings, l.Remarks} {
		for _, w := range list.Faults {
			fmt.Fprintln(&b, "-", w.What)
		}
	}
	return b.String()
}

func logNetwork(t testing.TB) *model.Network {
	t.Helper()
	b := model.NewBuilder("x")
	s, _ := b.Declare([]byte("s1"), model.Switch)
	for i := range 4 {
		h, _ := b.Declare([]byte(fmt.Sprint("h", i+1)), model.Host)
		b.Link(model.LinkDraft{A: s, B: h, APort: model.AutoPort, BPort: model.AutoPort})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func rules(t testing.TB, n *model.Network, texts ...string) (out []Rule) {
	t.Helper()
	for _, text := range texts {
		r, err := ParseRule(n, text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// The same traffic, a transfer, ten datagrams and three echoes on a real Linux, as nfdump
// prints it in seven ways.
func TestEveryOutputOfNfdumpIsTheSameTraffic(t *testing.T) {
	n := logNetwork(t)
	const flows = "tcp h1:0>h2:8080 at 0ps 200008 bytes at 3961 kbps\n"
	for file, want := range map[string][]string{
		"csv.csv":      {flows, "udp h1:40001>h2:5353 at 0ps 2000 bytes at 32 kbps in frames of 242\n", "tcp h2:0>h1:40000 at 0ps 508 bytes at 10 kbps\n", "icmp h1:0>h2:0 at 1s 1 echoes of 98B\n"}, // without milliseconds
		"line.txt":     {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes at 32 kbps in frames of 242\n", "tcp h2:0>h1:40000 at 0ps 508 bytes at 10 kbps\n", "icmp h1:0>h2:0 at 1332ms 1 echoes of 98B\n"},
		"extended.txt": {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes", "icmp h1:0>h2:0 at 926ms 1 echoes"},
		"biline.txt":   {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes", "tcp h2:0>h1:40000 at 0ps 508 bytes", "icmp h1:0>h2:0 at 926ms 3 echoes"},
		"fmt.txt":      {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes at 32 kbps", "icmp h1:0>h2:0 at 926ms 1 echoes"},
		"new.csv":      {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes at 32 kbps", "icmp h1:0>h2:0 at 926ms 3 echoes"},
		"fast.csv":     {flows, "udp h1:40001>h2:5353 at 405ms 2000 bytes at 32 kbps", "udp h3:40001>h3"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "list-nfdump-"+file))
		if err != nil {
			t.Fatal(err)
		}
		l, err := Read(bytes.NewReader(b), Options{Name: file})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if l.Format != Nfdump {
			t.Errorf("%s is taken for %s", file, l.Format)
		}
		m := Mapping{Hosts: n.NodesOfKind(model.Host), Of: "*", Rules: rules(t, n, "10.7.0.1=h1", "10.7.0.2/32=h2", "2001:db8::/32=h3")}
		if err := l.Resolve(n, m).Err(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		got := shown(n, l)
		got = strings.ReplaceAll(got, "h1:40000>h2", "h1:0>h2") // where nothing comes back
		if file == "fast.csv" {                                 // both ends of the last are h3
			want = append(want[:2:2], "- 1 flows between addresses that are one host are left out")
		} else if !strings.Contains(got, "records of ICMP's echo replies") {
			t.Errorf("%s: nothing is said of the replies", file)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", file, w, got)
			}
		}
	}
}

const header = "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n"

func read(t *testing.T, text string, o Options) *List {
	t.Helper()
	o.Name = "log.csv"
	l, err := Read(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatCannotBecomeAFlowIsCountedByReason(t *testing.T) {
	n := logNetwork(t)
	l := read(t, header+`2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,1,2,TCP,A,10,520
2026-01-01 00:00:00,0,1.0,10.0.0.1,224.0.0.5,0,0,89,A,10,520
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,0,0,OSPF,A,10,520
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,0,0,47,A,10,520
2026-01-01 00:00:00,0,1.0,0.0.0.0,255.255.255.255,68,67,UDP,A,10,5200
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,1,2,UDP,A,10,280
1970-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,1,2,UDP,A,10,2800
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,0,771,ICMP,A,1,56
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,0,0,RSVP-E2E,A,1,56
2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,1,2,UDP,A,0,0
`, Options{})
	const want = `- left out: 1 records of GRE
- left out: 1 records of ICMP that are no echoes
- left out: 1 records of OSPF
- left out: 1 records of TCP without data (acknowledgements, attempts)
- left out: 1 records of UDP without data
- left out: 1 records of protocol 255
- left out: 1 records to multicast and broadcast addresses
- left out: 1 records whose sender is no host
- left out: 1 records without a time (1970)
- left out: 1 records without packets
- the list holds no flows
`
	if got := shown(n, l); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAddressesAreGivenHosts(t *testing.T) {
	n := logNetwork(t)
	n.Services = []model.Service{{ID: "web", IP: 10<<24 | 9<<16 | 9<<8 | 9, Proto: model.TCP, Port: 80, Members: []model.Member{{Node: 4, Weight: 1}}}}
	row := func(from, to string) string {
		return "2026-01-01 00:00:00,2026-01-01 00:00:01,1.0," + from + "," + to + ",5,80,TCP,A,10,5520\n"
	}
	text := header + row("10.0.0.1", "10.0.0.2") + row("192.168.1.1", "10.0.0.2") + row("192.168.1.2", "8.8.8.8") + row("2001:db8::1", "10.9.9.9")
	hosts := n.NodesOfKind(model.Host)
	for name, c := range map[string]struct {
		m    Mapping
		want string
	}{
		"by the network's own addresses, and the rest by lot": {Mapping{}, `f1 tcp h1:5>h2:80 at 0ps 5000 bytes at 40 kbps
f2 tcp h3:5>h2:80 at 0ps 5000 bytes at 40 kbps
f4 tcp h3:5>web:0 at 0ps 5000 bytes at 40 kbps
- of 7 addresses 3 are of the network and 0 are mapped; 4 are given hosts (*), 2 hosts to choose from: 8.8.8.8 is h4, 192.168.1.1 is h3, 192.168.1.2 is h4, 2001:db8::1 is h3
- 1 flows between addresses that are one host are left out; map addresses to hosts, or take a larger network
`},
		"by rules, which come first": {Mapping{Rules: rules(t, n, "10.0.0.1=h4", "192.168.0.0/16=h3", "0.0.0.0/0=h1,h2"), Others: LeaveOut}, `f1 tcp h4:5>h2:80 at 0ps 5000 bytes at 40 kbps
f2 tcp h3:5>h2:80 at 0ps 5000 bytes at 40 kbps
f3 tcp h3:0>h2:80 at 0ps 5000 bytes at 40 kbps
- of 7 addresses 0 are of the network and 6 are mapped
- 1 addresses are neither of the network nor mapped, and their flows are left out: 2001:db8::1
- 1 flows from or to addresses without a host are left out
- 1 flows would send from ports that are in use at their hosts; they get others
`},
		"or not at all": {Mapping{Others: LeaveOut}, `f1 tcp h1:5>h2:80 at 0ps 5000 bytes at 40 kbps
- of 7 addresses 3 are of the network and 0 are mapped
- 4 addresses are neither of the network nor mapped, and their flows are left out: 8.8.8.8, 192.168.1.1, 192.168.1.2, 2001:db8::1
- 3 flows from or to addresses without a host are left out
`},
		"many to one host": {Mapping{Rules: rules(t, n, "0.0.0.0/0=h1")}, `f4 tcp h3:5>h1:80 at 0ps 5000 bytes at 40 kbps
- of 7 addresses 0 are of the network and 6 are mapped; 1 are given hosts (*), 3 hosts to choose from: 2001:db8::1 is h3
- 3 flows between addresses that are one host are left out; map addresses to hosts, or take a larger network
`},
	} {
		t.Run(name, func(t *testing.T) {
			c.m.Hosts, c.m.Of = hosts, "*"
			l := read(t, text, Options{})
			if err := l.Resolve(n, c.m).Err(); err != nil {
				t.Fatal(err)
			}
			if got := shown(n, l); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
			if len(l.Flows) != len(l.Lines) {
				t.Error("lines got lost")
			}
		})
	}
	l := read(t, text, Options{})
	err := l.Resolve(n, Mapping{Hosts: hosts, Others: Refuse}).Err()
	if err == nil || !strings.Contains(err.Error(), "log.csv:3: the address 192.168.1.1 is neither of the network nor mapped; map it by 192.168.1.1=HOST") {
		t.Error(err)
	}
}

// The order of rows changes nothing; the seed does.
func TestTheAssignmentOfAddressesIsStable(t *testing.T) {
	n := logNetwork(t)
	rows := []string{}
	for i := range 12 {
		rows = append(rows, fmt.Sprintf("2026-01-01 00:00:%02d,0,1.0,192.168.0.%d,172.16.0.%d,5,80,TCP,A,10,5520\n", i, i+1, i+1))
	}
	assigned := func(seed uint64, rows ...string) map[string]int {
		l := read(t, header+strings.Join(rows, ""), Options{})
		if err := l.Resolve(n, Mapping{Hosts: n.NodesOfKind(model.Host), Seed: seed}).Err(); err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for _, f := range l.Flows {
			out[fmt.Sprint(f.Start, n.NodeName(f.From), n.NodeName(f.To))]++
		}
		return out
	}
	a, b, c := assigned(1, rows...), assigned(1, append(rows[6:len(rows):len(rows)], rows[:6]...)...), assigned(2, rows...)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%v, in another order %v", a, b)
	}
	if fmt.Sprint(a) == fmt.Sprint(c) {
		t.Error("two seeds assign alike")
	}
}

func TestPortsThatAHostWouldUseTwiceAreChosenAnew(t *testing.T) {
	n := logNetwork(t)
	row := "2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,5,80,TCP,A,10,5520\n"
	l := read(t, header+row+row, Options{})
	if err := l.Resolve(n, Mapping{Hosts: n.NodesOfKind(model.Host)}).Err(); err != nil {
		t.Fatal(err)
	}
	if l.Flows[0].SrcPort != 5 || l.Flows[1].SrcPort != 0 || l.Flows[1].DstPort != 80 {
		t.Errorf("%+v", l.Flows)
	}
}

func TestLogsThatCannotBeReadSayWhy(t *testing.T) {
	for text, want := range map[string]string{
		"\x0c\xa5\x02\x00\x00\x01": "this is a binary file of nfdump; write it as text: nfdump -r FILE -o csv",
		"ts,sa,da,pr,ipkt\n":       "there is no column for bytes or packets; have nfdump write -o csv, or %ibyt and %ipkt in its format",
		"Date first seen Duration Proto Src IP Addr:Port Dst IP Addr:Port Weight\n":                                                                  `the column that begins with "Weight" is not known; have nfdump write -o csv`,
		"Date first seen Duration Proto Src IP Addr:Port Dst IP Addr:Port Packets Bytes\n2026-01-01 00:00:00 1.0 UDP fe80..1.5 -> fe80..2.6 1 100\n": `"fe80..1.5" is cut short`,
		header + "2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.x,5,80,TCP,A,10,5520\n":                                                                  `"10.0.0.x" is no address`,
		header + "yesterday,0,1.0,10.0.0.1,10.0.0.2,5,80,TCP,A,10,5520\n":                                                                            `"yesterday" is no time`,
		header + "2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,5,80,TCP,A,10\n":                                                                       "the row has 10 fields, the header 11",
		header + "2026-01-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,5,80,UDP,A,10,5520\n2026-03-01 00:00:00,0,1.0,10.0.0.1,10.0.0.2,5,80,UDP,A,10,5520\n":  "the flow starts 59 days away from the first one in the file",
		"\xd4\xc3\xb2\xa1": "the file ends in its header",
	} {
		_, err := Read(strings.NewReader(text), Options{Name: "log"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	n := logNetwork(t)
	for _, text := range []string{"h1", "10.0.0.1", "10.0.0.1=", "10.0.0.0/33=h1", "10.0.0.1=h9", "10.0.0.1=s1", "=h1"} {
		if r, err := ParseRule(n, text); err == nil {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

// FuzzReadNfdump: whatever the text, what becomes flows can be resolved and is sound.
func FuzzReadNfdump(f *testing.F) {
	seeds(f, "list-nfdump-*")
	n := logNetwork(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read(bytes.NewReader(text), Options{Format: Nfdump, MaxBytes: 1 << 16, MaxFlows: 1000})
		if err != nil {
			return
		}
		for _, x := range l.Flows {
			if x.Start < 0 || x.Size < 0 || x.Rate < 0 || x.Count < 0 || x.Transport == model.TransportAuto || x.Transport == model.UDP && (x.Rate == 0 || x.Packet < leastFrame) {
				t.Fatalf("%+v", x)
			}
		}
		if err := l.Resolve(n, Mapping{Hosts: n.NodesOfKind(model.Host)}).Err(); err != nil {
			t.Fatal(err)
		}
		n := *n
		for i := range l.Flows {
			l.Flows[i].ID = fmt.Sprint("f", i)
		}
		n.Flows = l.Flows
		if err := n.Validate(nil).Err(); err != nil {
			t.Fatal(err)
		}
	})
}

package flowlist

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

// network is a star of n hosts h1, h2, ... at s1, and a switch s2 with one host, lone.
func network(t testing.TB, n int) *model.Network {
	t.Helper()
	b := model.NewBuilder("star")
	spec := b.SpecID(model.LinkSpec{Rate: 1e9})
	link := func(a, z model.NodeID) {
		b.Link(model.LinkDraft{A: a, B: z, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	s, _ := b.Declare([]byte("s1"), model.Switch)
	s2, _ := b.Declare([]byte("s2"), model.Switch)
	link(s, s2)
	for i := range n {
		h, _ := b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		link(h, s)
	}
	lone, _ := b.Declare([]byte("lone"), model.Host)
	link(lone, s2)
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	net.Services = []model.Service{{ID: "web", IP: 1, Proto: model.TCP, Port: 80, Members: []model.Member{{Node: lone, Weight: 1}}}}
	return net
}

func mapping(t testing.TB, n *model.Network) Mapping {
	t.Helper()
	hosts, err := n.SelectNodes("*", model.Host)
	if err != nil {
		t.Fatal(err)
	}
	return Mapping{Hosts: hosts, Of: "*"}
}

// said writes flows for people.
func said(n *model.Network, flows []model.Flow) string {
	var b strings.Builder
	for _, f := range flows {
		to := f.Service
		if to == "" {
			to = n.NodeName(f.To)
		}
		fmt.Fprintf(&b, "%s %s>%s at %s", f.ID, n.NodeName(f.From), to, f.Start)
		if f.Size > 0 {
			fmt.Fprintf(&b, " size %d", f.Size)
		}
		if f.Duration > 0 {
			fmt.Fprintf(&b, " for %s", f.Duration)
		}
		if f.Rate > 0 {
			fmt.Fprintf(&b, " rate %s", f.Rate)
		}
		if f.Transport != 0 {
			fmt.Fprintf(&b, " %s", f.Transport)
		}
		if f.Granularity != 0 {
			fmt.Fprintf(&b, " %s", f.Granularity)
		}
		if f.SrcPort+f.DstPort > 0 {
			fmt.Fprintf(&b, " ports %d %d", f.SrcPort, f.DstPort)
		}
		if f.Count > 0 {
			fmt.Fprintf(&b, " count %d", f.Count)
		}
		if f.Class != "" {
			fmt.Fprintf(&b, " class %s", f.Class)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// outcome reads and resolves a list and says what came of it.
func outcome(t testing.TB, text string, o Options) string {
	t.Helper()
	n := network(t, 4)
	o.Name = "f"
	l, err := Read(strings.NewReader(text), o)
	var b strings.Builder
	if err != nil {
		return err.Error() + "\n"
	}
	if err := l.Resolve(n, mapping(t, n)).Err(); err != nil {
		return err.Error() + "\n"
	}
	b.WriteString(string(l.Format) + "\n" + said(n, l.Flows))
	for _, w := range l.Warnings.Faults {
		fmt.Fprintf(&b, "warning: %s\n", w.What)
	}
	return b.String()
}

func TestListsOfEveryFormatAreToldByTheirContentAndRead(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		o                Options
	}{
		{name: "a table with units in its values", text: "from,to,start,size\nh1,h2,1ms,10KB\nh2,h3,2s,1MiB\n",
			want: "csv\nf1 h1>h2 at 1ms size 10000\nf2 h2>h3 at 2s size 1048576\n"},
		{name: "a table with units in its header", text: "id,src,dst,start_s,size_bytes\n0,0,3,0.0000012,24728\n1,1,2,1e-3,14089\n",
			want: "csv\n0 h1>h4 at 1200ns size 24728\n1 h2>h3 at 1ms size 14089\n"},
		{name: "titles as people write them", text: "Flow ID;Source;Destination;Start time [ms];Volume (MB);Rate (Mbit/s)\nx;h1;h2;1,;2;3\n",
			want: "f:2: Start time [ms]: \"1,\" is not a finite number [bad-number]\n"},
		{name: "titles as people write them, and bare numbers", text: "Flow ID;Source;Destination;Start time [ms];Volume (MB);Rate (Mbit/s)\nx;h1;h2;1.5;2;3\n",
			want: "csv\nx h1>h2 at 1500us size 2000000 rate 3Mbps\n"},
		{name: "everything a flow can have", text: "id,from,to,start,duration,rate,transport,class,granularity,srcport,dstport\na,h1,web,0,2s,1Mbps,UDP,gold,packet,1,80\nb,s2,h1,,3s,,tcp,,,,\n",
			want: "csv\na h1>web at 0ps for 2s rate 1Mbps udp packet ports 1 80 class gold\nb lone>h1 at 0ps for 3s tcp\n"},
		{name: "byte order mark, CRLF, comments, blank lines, quotes over lines", text: "\ufefffrom,to,bytes,id\r\n# a comment\r\n\r\n\"h1\",\"h2\",\"5\",\"say \"\"x\"\"\nand y\"\r\n",
			want: "csv\nsay \"x\"\nand y h1>h2 at 0ps size 5\n"},
		{name: "no flows", text: "from,to,bytes\n", want: "csv\nwarning: the list holds no flows\n"},
		{name: "tabs", text: "from\tto\tsize_kb\nh1\th2\t1.5\n", want: "csv\nf1 h1>h2 at 0ps size 1500\n"},
		{name: "blanks", text: "from  to size_kb\nh1   h2  1.5\n", want: "csv\nf1 h1>h2 at 0ps size 1500\n"},
		{name: "columns that mean nothing here are named", text: "from,to,bytes,colour\nh1,h2,1,red\n", want: "csv\nf1 h1>h2 at 0ps size 1\nwarning: columns that are not read: colour\n"},
		{name: "htsim", text: "Nodes 4\nConnections 2\n3->1 id 7 start 0 size 2000000\n0->2 start 1e6 size 5 prio 3 send_done_trigger 1\n",
			want: "htsim\nf7 h4>h2 at 0ps size 2000000\nf2 h1>h3 at 1us size 5\nwarning: priorities of 1 connections are not read\n"},
		{name: "hpcc", text: "2\n2 1 3 100 200000000 2\n3 1 3 100 150 2.5\n1 0 3 100 1 1\n\nFirst line: flow #\n",
			want: "hpcc\nf1 h3>h2 at 2s size 200000000 ports 0 100\nf2 h4>h2 at 2500ms size 150 ports 0 100\nwarning: 1 rows beyond the 2 flows that the first line announces are not read\n"},
		{name: "hpcc's descendants have no ports", text: "2\n2 1 3 200 2\n3 1 3 150 2.5\n1 0 3 1 1\n",
			want: "hpcc\nf1 h3>h2 at 2s size 200\nf2 h4>h2 at 2500ms size 150\nwarning: 1 rows beyond the 2 flows that the first line announces are not read\n"},
		{name: "a log: so much in that time", text: "from,to,start,bytes,duration,rate\nh1,h2,1s,1000,2s,\nh1,h2,1s,1000,2s,5bps\n",
			want: "csv\nf1 h1>h2 at 1s size 1000 rate 4kbps\nf2 h1>h2 at 1s size 1000 for 2s rate 5bps\nwarning: 1 flows have a size and a duration; they send their size at the rate that takes so long\n"},
		{name: "coflows", text: "4 2\n1 0 1 2 1 3:1.0\n2 10 3 0 1 2 2 2:10.0 3:0.000001\n",
			want: "coflow\nc1-2-3 h3>h4 at 0ps size 1000000\nc2-0-2 h1>h3 at 10ms size 3333334\nc2-1-2 h2>h3 at 10ms size 3333333\nc2-0-3 h1>h4 at 10ms size 1\nwarning: 1 transfers within one rack are left out\nwarning: 2 transfers of less than a byte are left out\n"},
		{name: "a run", text: "id,from,to,transport,class,start_s,finish_s,bytes,offered,rate_bps,granularity,error,asked_bytes,asked_s,asked_bps,packet_bytes,srcport,dstport,count\n" +
			"a,h1,h2,tcp,,0.5,,10,1000,1,packet,\"oh, \"\"no\"\"\nreally\",1000,,,1514,1024,1024,\nb,h2,h1,udp,,1,3,9,9,9,flow,,,2,8000,1514,1025,1025,\nc,h2,h1,icmp,,1,3,9,9,9,packet,,,,,1514,0,0,7\n",
			want: "run\na h1>h2 at 500ms size 1000 tcp packet ports 1024 1024\nb h2>h1 at 1s for 2s rate 8kbps udp flow ports 1025 1025\nc h2>h1 at 1s icmp packet count 7\n"},
		{name: "a run that does not say what was asked for", text: "id,from,to,transport,start_s,finish_s,bytes,offered,rate_bps,packets_sent,runs\na,h1,h2,tcp,0,1,10,1000,1,,3\nb,h2,h1,udp,1,3,900,1000,3600,,3\nc,h2,h1,icmp,1,3,56,56,9,5,3\nd,h2,h1,tcp,1,,0,0,0,0,3\n",
			want: "run\na h1>h2 at 0ps size 1000 tcp\nb h2>h1 at 1s size 1000 rate 4kbps udp\nc h2>h1 at 1s icmp count 5\nwarning: 1 flows of which the run does not say what they were to send are left out\nwarning: of 3 flows the file does not say what they were asked to do; they send again what they sent, datagrams at their mean rate\nwarning: the file sums up 3 repetitions; replayed is what was asked for in the first\n"},
		{name: "a diary, cut short", text: `{"at":-5,"kind":"switch-up","node":"s1"}
{"at":0,"kind":"flow-start","flow":"b","node":"h1"}
{"at":0,"kind":"flow-start","flow":"a","node":"h1"}
{"at":0,"kind":"flow-start","flow":"lost","node":"h1"}
{"at":3,"kind":"exec","exec":{"output":"\"kind\":\"flow-end\""}}
{"at":9,"kind":"flow-end","flow":"a","result":{"id":"a","from":"h1","to":"h2","transport":"tcp","start":0,"finish":-1,"bytes":3,"offered":5,"asked":{"bytes":5,"srcport":7}}}
{"at":9,"kind":"flow-end","flow":"b","result":{"id":"b","from":"h2","to":"web","transport":"udp","class":"gold","granularity":"flow","start":0,"finish":2000000000000,"bytes":300,"offered":1000}}
{"at":9,"kind":"flow-end","flow":"c","result":{"id":"c","from":"h2","to":"h1","transport":"tcp","start":5,"finish":-1}}
{"at":9,"kind":"flow-end","flow":"a","res`,
			want: "trace\nb h2>web at 0ps size 1000 rate 4kbps udp flow class gold\na h1>h2 at 0ps size 5 tcp ports 7 0\nwarning: the last entry is cut short\n" +
				"warning: 1 flows that started, and of which the diary tells no more, are left out\nwarning: 1 flows of which the run does not say what they were to send are left out\n" +
				"warning: of 1 flows the file does not say what they were asked to do; they send again what they sent, datagrams at their mean rate\n"},
		{name: "scaled, moved, named and cut", o: Options{Prefix: "x-", Start: model.Second, Until: 2 * model.Second, Time: Fraction{1, 2}, Size: Fraction{1, 10}, Rate: Fraction{3, 1}, Defaults: model.Flow{Transport: model.TCP, Granularity: model.GranularityFlow, Class: "c"}},
			text: "id,from,to,start,size,rate\na,h1,h2,1s,15B,1bps\nb,h1,h2,3s,1B,\nc,h1,h2,2s,4B,\n",
			want: "csv\nx-a h1>h2 at 1500ms size 2 rate 3bps tcp flow class c\nx-c h1>h2 at 2s size 1 tcp flow class c\nwarning: 1 flows that start after 2s are left out\n"},
		{name: "Unix times, not in order", o: Options{Origin: true, Start: model.Second, Until: 4 * model.Second}, text: "from,to,time_s,bytes\nh1,h2,1700000000.5,1\nh2,h3,1699999999.000000000001,2\nh3,h1,1700000002.5,3\n",
			want: "csv\nf1 h1>h2 at 2499999999999ps size 1\nf2 h2>h3 at 1s size 2\nwarning: 1 flows that start after 4s are left out\n"},
		{name: "Unix times in nanoseconds", o: Options{Origin: true, Time: Fraction{1, 2}}, text: "from,to,time_ns,bytes\nh1,h2,1700000000500000000,1\nh2,h3,1700000000500000004,2\n",
			want: "csv\nf1 h1>h2 at 0ps size 1\nf2 h2>h3 at 2ns size 2\n"},
		{name: "dates", o: Options{Origin: true}, text: "from,to,timestamp,bytes\nh1,h2,2026-01-31T23:59:59.25Z,1\nh2,h3,2026-02-01 00:00:01,2\nh2,h3,2026-02-01T01:00:01+01:00,3\n",
			want: "csv\nf1 h1>h2 at 0ps size 1\nf2 h2>h3 at 1750ms size 2\nf3 h2>h3 at 1750ms size 3\n"},
		{name: "dates too far apart", o: Options{Origin: true}, text: "from,to,timestamp,bytes\nh1,h2,2026-01-31,1\nh2,h3,2027-02-01,2\nh2,h3,12,2\n",
			want: "f:3: timestamp: \"2027-02-01\" is more than 46 days away from the first time in the file [out-of-range]\nf:4: timestamp: \"12\" is neither a time such as 5ms nor a date such as 2026-01-31T12:00:00Z; numbers need a unit in the header, as time_s [bad-number]\n"},
		{name: "htsim from its first start", o: Options{Origin: true}, text: "0->1 start 7000 size 1\n1->0 start 5000 size 1\n", want: "htsim\nf1 h1>h2 at 2ns size 1\nf2 h2>h1 at 0ps size 1\n"},
		{name: "a format that is named wins", o: Options{Format: HPCC}, text: "1\n1 0 3 100 5 0\n", want: "hpcc\nf1 h2>h1 at 0ps size 5 ports 0 100\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outcome(t, c.text, c.o); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

func TestFaultsSayWhereAndWhatWouldDo(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "f: the file is empty; a list of flows begins with a header or a count [syntax]"},
		{"only blanks", " \n\n# x\n", "f: the file is empty; a list of flows begins with a header or a count [syntax]"},
		{"binary", "from,to\x00,", "f:1: the file is binary, not text [encoding]"},
		{"UTF-16", "\xff\xfef\x00r\x00", "f:1: the text is UTF-16; save it as UTF-8 [encoding]"},
		{"Latin-1", "from,to,bytes\nZ\xfcrich,h1,1\n", "f:2: the text is not UTF-8 [encoding]"},
		{"XML", "<system/>", "f:1: this is XML, not a list of flows [syntax]"},
		{"a slip in a title", "from,to,siez\n", `f:1: siez: a flow has no column "siez"; did you mean "size"? [unknown-attribute]`},
		{"a slip in a unit", "from,to,size_byets\n", `f:1: size_byets: a flow has no column "size_byets"; did you mean "size_bytes"? [unknown-attribute]`},
		{"a column that is needed", "from,start_s,size\n", `f:1: to: there is no column "to": receiving host or service [missing-attribute]`},
		{"a column twice", "from,to,size,bytes\n", `f:1: bytes: the columns "size" and "bytes" say the same [duplicate-id]`},
		{"nothing to send", "from,to\nh1,h2\n", "f:1: size: there is no column that says how much, or how long, a flow sends: size or duration [missing-attribute]"},
		{"a bare number", "from,to,size\nh1,h2,10\n", "f:2: size: 10 has no unit; write it with one, or name it in the header: size_bytes [bad-unit]"},
		{"another's unit", "from,to,size\nh1,h2,10ms\n", `f:2: size: "10ms" has the unit "ms", which a size does not have; write it like 10MB [bad-unit]`},
		{"a unit twice", "from,to,size_mb\nh1,h2,10MB\n", `f:2: size_mb: "10MB" is not a finite number [bad-number]`},
		{"NaN", "from,to,size_mb\nh1,h2,NaN\n", `f:2: size_mb: "NaN" is not a finite number [bad-number]`},
		{"negative", "from,to,size_mb\nh1,h2,-1\n", `f:2: size_mb: "-1" is negative [out-of-range]`},
		{"too large", "from,to,size_mb\nh1,h2,99999999999999999\n", `f:2: size_mb: "99999999999999999" is too large [out-of-range]`},
		{"much too large", "from,to,start_s,bytes\nh1,h2,1e300,1\n", `f:2: start_s: "1e300" is too large [out-of-range]`},
		{"no such choice", "from,to,bytes,proto\nh1,h2,1,tpc\n", `f:2: proto: "tpc" is not one of udp, tcp, icmp; did you mean "tcp"? [bad-choice]`},
		{"too few fields", "from,to,bytes\nh1,h2\n", "f:2: the row has 2 fields, the header 3 [syntax]"},
		{"a quote without end", "from,to,bytes\n\"h1,h2,1\n", "f:2: a quote is opened and not closed [syntax]"},
		{"no sender", "from,to,bytes\n,h2,1\n", `f:2: from: the row names no "from" [missing-attribute]`},
		{"an unknown name, said once", "from,to,bytes\nh1,h22,1\nh1,h22,1\n", `f:2: there is no node "h22"; did you mean "h2"? [unknown-node]`},
		{"a switch with many hosts", "from,to,bytes\nh1,s1,1\n", `f:2: "s1" is a switch that has not exactly one host; name a host [bad-choice]`},
		{"a number beyond the hosts", "from,to,bytes\n0,5,1\n", "f:2: there is no host number 5: there are 5 hosts (*), numbered from 0 [unknown-node]"},
		{"probabilities", "#id,src,dst,p\n0,320,321,0.5\n", `f:2: this looks like probabilities of pairs, which are no flows; draw flows from them with <traffic kind="pairs" href=...> [bad-choice]`},
		{"no header", "h1,h2,10,3\n", "f:1: this is no header of a table that is read here; the columns are from, to, start, size, ... [syntax]"},
		{"a diary torn in its midst", "{\"at\":0,\"kind\":\"flow-end\",\n{\"at\":1,\"kind\":\"run-end\"}\n", "f:1: not an entry of a diary: unexpected end of JSON input [syntax]"},
		{"a diary with a negative size", `{"at":9,"kind":"flow-end","flow":"a","result":{"id":"a","from":"h1","to":"h2","start":0,"finish":-1,"asked":{"bytes":-5}}}`, `f:1: flow "a" has a negative value, or starts too late [out-of-range]`},
		{"htsim: what starts when another ends", "Nodes 4\nConnections 2\n0->1 id 1 start 0 size 1 send_done_trigger 1\n1->2 id 2 trigger 1 size 1\ntrigger id 1 oneshot\n", "f:4: trigger: 1 of 2 connections start when another ends, which a list of flows cannot say; give them starts [not-available]"},
		{"htsim: a word", "Nodes 4\n0->1 strat 0 size 1\n", `f:2: strat: "strat" is no word of a connection; did you mean "start"? [unknown-attribute]`},
		{"htsim: no start", "0->1 size 1\n", "f:1: start: the connection does not say when it starts [missing-attribute]"},
		{"htsim: no size", "0->1 start 1\n", "f:1: size: the connection has no size: it would never end [flow-incomplete]"},
		{"htsim: no value", "0->1 start\n", `f:1: start: "start" has no value [syntax]`},
		{"htsim: cut short", "Nodes 4\nConnections 2\n0->1 start 0 size 1\n", "f:3: Connections: there are 1 connections; 2 are announced [syntax]"},
		{"htsim: beyond its own nodes", "Nodes 4\nConnections 1\n0->4 start 0 size 1\n", "f:3: node 4 of 4 [out-of-range]"},
		{"htsim: not there", "Nodes 9\nConnections 1\n0->8 start 0 size 1\n", "f:3: there is no host number 8: there are 5 hosts (*), numbered from 0 [unknown-node]"},
		{"hpcc: cut short", "3\n0 1 3 100 5 0\n", "f:2: the file ends after 1 flows; 3 are announced [syntax]"},
		{"hpcc: a row", "2\n0 1 3 100 5 0\n0 1 3 5 0\n", "f:3: expected src dst pg dport bytes start, or the same without dport as in the row before, found 5 words [syntax]"},
		{"hpcc: announced beyond reason", "1000000000\n0 1 3 100 5 0\n", "f:1: 1000000000 flows are announced; at most 20000000 are read [limit]"},
		{"coflow: cut short", "4 3\n1 0 1 2 1 3:1.0\n", "f:2: there are 1 coflows; 3 are announced [syntax]"},
		{"coflow: count of mappers", "4 1\n1 0 9 2 1 3:1.0\n", `f:2: mappers: "9" is not the number of mappers that follow in the line [syntax]`},
		{"coflow: no megabytes", "4 1\n1 0 1 2 1 3\n", `f:2: reducer: "3": expected RACK:MEGABYTES [syntax]`},
		{"coflow: rack", "4 1\n1 0 1 7 1 3:1\n", `f:2: mapper: rack 7 of 4 [out-of-range]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimSuffix(outcome(t, c.text, Options{}), "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNumbersCountFromTheNumberThatIsGiven(t *testing.T) {
	n := network(t, 4)
	l, err := Read(strings.NewReader("from,to,bytes\n320,323,1\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := mapping(t, n)
	m.First = 320
	if err := l.Resolve(n, m).Err(); err != nil {
		t.Fatal(err)
	}
	if got := said(n, l.Flows); got != "f1 h1>h4 at 0ps size 1\n" {
		t.Error(got)
	}
}

func TestCompressedFilesAreReadAndBounded(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte("from,to,bytes\nh1,h2,1\n")) //nolint:errcheck // to memory
	z.Close()                                   //nolint:errcheck // to memory
	if got := outcome(t, b.String(), Options{}); got != "csv\nf1 h1>h2 at 0ps size 1\n" {
		t.Error(got)
	}
	if got := outcome(t, b.String()[:20], Options{}); !strings.Contains(got, "cannot be read on: unexpected EOF") {
		t.Error(got)
	}
	b.Reset()
	z = gzip.NewWriter(&b)
	for range 1000 {
		z.Write(bytes.Repeat([]byte("# nothing\n"), 1000)) //nolint:errcheck // to memory
	}
	z.Close() //nolint:errcheck // to memory
	if got := outcome(t, b.String(), Options{MaxBytes: 1 << 20}); !strings.Contains(got, "more than 1048576 bytes [limit]") {
		t.Error(got)
	}
}

func TestLimitsHold(t *testing.T) {
	rows := "from,to,bytes\n" + strings.Repeat("h1,h2,1\n", 11)
	if got := outcome(t, rows, Options{MaxFlows: 10}); got != "f:12: more than 10 flows [limit]\n" {
		t.Error(got)
	}
	if got := outcome(t, "4 1\n1 0 4 0 1 2 3 3 0:0 0:0 0:0\n", Options{MaxFlows: 10}); got != "f:2: more than 10 transfers [limit]\n" {
		t.Error(got)
	}
	if got := outcome(t, strings.Repeat("x", longest+1), Options{}); got != "f:1: the line is longer than 1048576 bytes [limit]\n" {
		t.Error(got)
	}
	wrong := "from,to,bytes\n" + strings.Repeat("h1,h2,x\n", 100_000)
	_, err := Read(strings.NewReader(wrong), Options{})
	l, ok := err.(*fault.List)
	if !ok || len(l.Faults) != fault.Kept {
		t.Errorf("got %v", err)
	}
}

func TestFlowsAreReadBackAsTheyWereWritten(t *testing.T) {
	n := network(t, 4)
	rapid.Check(t, func(t *rapid.T) {
		hosts := n.NodesOfKind(model.Host)
		var flows []model.Flow
		for i := range rapid.IntRange(1, 20).Draw(t, "flows") {
			f := model.Flow{ID: rapid.StringMatching(`[a-z"' é;.]{1,6}`).Draw(t, "id") + fmt.Sprint(i), From: rapid.SampledFrom(hosts).Draw(t, "from"), To: rapid.SampledFrom(hosts).Draw(t, "to"),
				Start:     model.Time(rapid.Int64Range(0, 1<<60).Draw(t, "start")),
				Transport: model.Transport(rapid.IntRange(0, 3).Draw(t, "transport")), Granularity: model.Granularity(rapid.IntRange(0, 3).Draw(t, "granularity")),
				Packet: model.Size(rapid.Int64Range(0, 1<<40).Draw(t, "packet")), Rate: model.Rate(rapid.Int64Range(0, 1<<62).Draw(t, "rate")),
				SrcPort: uint16(rapid.IntRange(0, 65535).Draw(t, "port")), DstPort: uint16(rapid.IntRange(0, 65535).Draw(t, "port")),
				Class: rapid.SampledFrom([]string{"", "gold", `a "b", c`}).Draw(t, "class")}
			switch rapid.IntRange(0, 3).Draw(t, "shape") {
			case 0:
				f.Size = model.Size(rapid.Int64Range(1, 1<<62).Draw(t, "size"))
			case 1:
				f.Duration = model.Time(rapid.Int64Range(1, 1<<60).Draw(t, "duration"))
			case 2:
				f.Count = 5
			case 3:
				f.Granularity, f.Chunk, f.Chunks = model.GranularityChunk, 5, "R,40+200G*100,300"
				f.To, f.Service = model.NoNode, "web"
			}
			f.ID = strings.TrimSpace(f.ID)
			f.Profile, f.Tenant = f.Class, f.Class
			flows = append(flows, f)
		}
		var b bytes.Buffer
		if err := Write(&b, n, flows); err != nil {
			t.Fatal(err)
		}
		l, err := Read(&b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Resolve(n, Mapping{}).Err(); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(l.Flows, flows) {
			t.Fatalf("got  %+v\nwant %+v", l.Flows, flows)
		}
	})
}

// reference gives the folder of the reference inputs.
func reference(t testing.TB) string {
	dir := os.Getenv("SENDIM_REFERENCE")
	if dir == "" {
		t.Skip("SENDIM_REFERENCE does not name the folder of reference inputs")
	}
	return dir
}

func TestReferenceListsAreReadWithTheirCounts(t *testing.T) {
	dir := filepath.Join(reference(t), "data", "traces")
	for _, c := range []struct {
		file    string
		hosts   int
		format  Format
		flows   int
		bytes   model.Size
		warning string
	}{
		{"htsim_incast_128.cm", 128, Htsim, 127, 127 * 2_000_000, ""},
		{"htsim_perm_16n_16c_2MB.cm", 16, Htsim, 16, 16 * 2_000_000, ""},
		{"hpcc_flow.txt", 400, HPCC, 2, 400_000_000, "254 rows beyond"},
		{"coflow_FB2010-1Hr-150-0.txt", 150, Coflow, 706397 - 4911, 0, "4911 transfers within one rack"},
	} {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			l, err := Read(f, Options{Name: c.file})
			if err != nil {
				t.Fatal(err)
			}
			n := network(t, c.hosts)
			if err := l.Resolve(n, mapping(t, n)).Err(); err != nil {
				t.Fatal(err)
			}
			var bytes model.Size
			for _, f := range l.Flows {
				bytes += f.Size
			}
			if l.Format != c.format || len(l.Flows) != c.flows || c.bytes > 0 && bytes != c.bytes {
				t.Errorf("%s, %d flows, %d bytes", l.Format, len(l.Flows), bytes)
			}
			said := fmt.Sprint(l.Warnings.Faults)
			if c.warning == "" && l.Warnings.Total > 0 || !strings.Contains(said, c.warning) {
				t.Errorf("warnings: %s", said)
			}
		})
	}
}

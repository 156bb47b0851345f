package repetita_test

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/repetita"
)

const tiny = `NODES 4
label x y
0_New_York -74.00597 40.71427
1_Chicago -87.65005 41.85003
2_Chicago 0.0 0.0
3_S?te 3.69 43.4

EDGES 7
label src dest weight bw delay
edge_0 0 1 10 9953280 1913
edge_1 1 0 12 9953280 1914
edge_2 0 1 10 1000 9000
edge_3 1 0 10 1000 9000
edge_4 1 2 2.5 0 0
edge_5 3 0 1 1000 40000.5
edge_6 3 3 1 1000 1
`

const demands = "DEMANDS 2\nlabel src dest bw\nd0 0 1 300632\nd1 1 2 0.5\n"

func file(name, text string) draft.File { return draft.File{Name: name, Data: []byte(text)} }

func describe(t *testing.T, files ...draft.File) string {
	t.Helper()
	n, err := repetita.Read(files)
	if err != nil {
		return "refused: " + err.Error()
	}
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		return "not built: " + err.Error()
	}
	var b strings.Builder
	for v := range r.Model.Nodes() {
		fmt.Fprint(&b, v.Name, " ")
	}
	b.WriteByte('\n')
	for l := range r.Model.Links() {
		fmt.Fprintf(&b, "%s %v %v weight %d", r.Model.LinkName(l.ID), l.Spec.Rate, l.Spec.Delay, l.Spec.Weight)
		if l.Back != l.Spec {
			fmt.Fprintf(&b, " back %v %v weight %d", l.Back.Rate, l.Back.Delay, l.Back.Weight)
		}
		for _, p := range l.Properties {
			fmt.Fprintf(&b, " %s=%s", p.Name, p.Value)
		}
		b.WriteByte('\n')
	}
	for _, m := range r.Model.Demands {
		fmt.Fprintf(&b, "from %v until %v:", m.Start, m.Until)
		for _, d := range m.Demands {
			fmt.Fprintf(&b, " %s>%s %v", r.Model.NodeName(d.From), r.Model.NodeName(d.To), d.Rate)
		}
		b.WriteByte('\n')
	}
	fmt.Fprint(&b, r.Summary.Text())
	if w := r.Warnings.Err(); w != nil {
		fmt.Fprintln(&b, w)
	}
	return b.String()
}

func TestDirectionsPairUpAndDemandsFollowOneAnother(t *testing.T) {
	got := describe(t, file("x.0000.demands", demands), file("dir/tiny.graph", strings.ReplaceAll(tiny, "\n", "\r\n")), file("x.0001.demands", strings.Replace(demands, "300632", "7", 1)))
	const want = `New-York Chicago-1_Chicago Chicago-2_Chicago S-te h-New-York h-Chicago-1_Chicago h-Chicago-2_Chicago 
New-York--Chicago-1_Chicago 9953280kbps 1913us weight 10 back 9953280kbps 1914us weight 12 source.id=edge_0 back.source.id=edge_1 rate.from=bw column, kbit/s delay.from=delay column, microseconds
New-York--Chicago-1_Chicago#2 1Mbps 9ms weight 10 source.id=edge_2 back.source.id=edge_3 rate.from=bw column, kbit/s delay.from=delay column, microseconds
Chicago-1_Chicago--Chicago-2_Chicago 0bps 0ps weight 0 source.id=edge_4 weight=2.5 rate.from=none: unlimited delay.from=none: 0s
S-te--New-York 1Mbps 40000500ns weight 1 source.id=edge_5 rate.from=bw column, kbit/s delay.from=delay column, microseconds
h-New-York--New-York 0bps 0ps weight 0
h-Chicago-1_Chicago--Chicago-1_Chicago 0bps 0ps weight 0
h-Chicago-2_Chicago--Chicago-2_Chicago 0bps 0ps weight 0
from 0ps until 10s: h-New-York>h-Chicago-1_Chicago 300632kbps h-Chicago-1_Chicago>h-Chicago-2_Chicago 500bps
from 10s until 20s: h-New-York>h-Chicago-1_Chicago 7kbps h-Chicago-1_Chicago>h-Chicago-2_Chicago 500bps
REPETITA network: 4 nodes and 5 links
parallel: 1 link beyond the first between two nodes, all kept
loops: 1 link from a node to itself, left out
names: 4 nodes not called by the file's id, which is kept as the property source.id
positions: 1 node without
rates: 3 bw column, kbit/s; 1 none: unlimited
delays: 3 delay column, microseconds; 1 none: 0s
hosts: 3 hosts attached
demands: 4 in 2 matrices, 300640kbps together
note: directed edges: 7; opposite ones are one link, 2 pairs; without a counterpart and taken for both directions: 2
note: edges of bw 0, taken as not stated: 1
note: delays are taken for microseconds, as REPETITA calls them, but on 1 of 4 links between known places they are shorter than light needs: trust their ratios only
note: files of demands: 2, one after the other, each for the span that a matrix without one has
dir/tiny.graph:16: <link>: "S-te" is linked to itself: the link is left out [self-link]
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	edit := func(old, new string) []draft.File { return []draft.File{file("g", strings.Replace(tiny, old, new, 1))} }
	for _, c := range []struct {
		name  string
		files []draft.File
		want  string
	}{
		{"demands alone", []draft.File{file("d", demands)}, "d: the file holds demands only; give the network (*.graph) as well [file-missing]"},
		{"two networks", []draft.File{file("a", tiny), file("b", tiny)}, "b: a second network, after a: one network and its demands belong together [bad-choice]"},
		{"rows that are missing", edit("EDGES 7", "EDGES 8"), "g:8: the section EDGES announces 8 rows; 7 are there [syntax]"},
		{"no edges", []draft.File{file("g", tiny[:strings.Index(tiny, "EDGES")])}, "g: the file ends without its section EDGES [syntax]"},
		{"no columns", []draft.File{file("g", "NODES 3\n")}, "g:1: the section NODES ends before the line that names its columns [syntax]"},
		{"a column missing", edit("weight bw delay", "weight bw"), `g:9: the section EDGES has no column "delay"; its columns are label src dest weight bw delay [missing-attribute]`},
		{"a short row", edit("edge_0 0 1 10 9953280 1913", "edge_0 0 1 10 9953280"), "g:10: a row of EDGES has 6 columns; this one has 5 [syntax]"},
		{"a node too far", edit("edge_0 0 1", "edge_0 0 4"), "g:10: dest is node 4; the network has 4, counted from 0 [unknown-node]"},
		{"NaN", edit("9953280 1913", "nan 1913"), `g:10: bw: "nan" is not a finite number [bad-number]`},
		{"negative", edit("9953280 1913", "9953280 -1"), "g:10: delay is negative: -1 [out-of-range]"},
		{"too much", edit("9953280 1913", "1e30 1913"), "g:10: bw: 1e+30 times 1kbps is not a rate [out-of-range]"},
		{"a huge count", edit("NODES 4", "NODES 99999999999"), `g:1: NODES: "99999999999" is not a whole number from 0 to 2147483647 [bad-number]`},
		{"another text", []draft.File{file("g", "hello\n")}, `g:1: "hello" stands before any section; a file begins with NODES or DEMANDS and their number [syntax]`},
		{"UTF-16", []draft.File{file("g", "\xff\xfeN\x00")}, "g: the file is UTF-16; save it as UTF-8 [encoding]"},
		{"demands of another network", []draft.File{file("g", tiny), file("d", strings.Replace(demands, "d1 1 2", "d1 1 9", 1))}, "d:4: dest is node 9; the network has 4, counted from 0 [unknown-node]"},
	} {
		if got := strings.TrimPrefix(describe(t, c.files...), "refused: "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := repetita.Read(nil); err == nil {
		t.Error("no file is no error")
	}
	got := describe(t, edit("NODES 4", "NODES 3")...)
	if !strings.Contains(got, "g:1: the section NODES announces 3 rows; 4 are there, and all are read [syntax]") {
		t.Errorf("more rows than announced are not told:\n%s", got)
	}
}

func TestOtherKindsAreNotClaimed(t *testing.T) {
	for text, want := range map[string]bool{
		tiny:                       true,
		demands:                    true,
		"\n\nNODES 3\r\nlabel x y": true,
		"NODES (\n A ( 1 2 )":      false,
		"Nodes 16\nConnections 4":  false,
		"NODES 3\n1 2 3":           false,
		"4 5\n0 1 2":               false,
		"graph [":                  false,
		"":                         false,
	} {
		if got := repetita.Is(file("f", text)); got != want {
			t.Errorf("%.30q: %v", text, got)
		}
	}
}

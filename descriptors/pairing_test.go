package descriptors

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// TestMentionsPairUpOneToOne compares the pairing by counting with the obvious one: the
// k-th mention of v at u belongs to the k-th of u at v.
func TestMentionsPairUpOneToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(2, 6).Draw(t, "nodes")
		said := rapid.Bool().Draw(t, "said") // both ways of emitting
		type mention struct{ u, v, tag int }
		var all []mention
		var b bytes.Buffer
		b.WriteString("<system>")
		for u := range nodes {
			fmt.Fprintf(&b, `<node id="n%d" type="switch">`, u)
			for range rapid.IntRange(0, 6).Draw(t, "links") {
				v := rapid.IntRange(0, nodes-1).Draw(t, "to")
				if v == u {
					continue
				}
				all = append(all, mention{u, v, len(all)})
				if said {
					fmt.Fprintf(&b, `<link to="n%d"><property name="m%d" value=""/></link>`, v, len(all)-1)
				} else {
					fmt.Fprintf(&b, `<link to="n%d"/>`, v)
				}
			}
			b.WriteString("</node>\n")
		}
		b.WriteString("</system>")

		var want []string
		for i, m := range all {
			rank := 0
			for _, o := range all[:i] {
				if o.u == m.u && o.v == m.v {
					rank++
				}
			}
			var mate *mention
			for j := range all {
				if o := &all[j]; o.u == m.v && o.v == m.u {
					if rank == 0 {
						mate = o
						break
					}
					rank--
				}
			}
			if mate != nil && mate.tag < m.tag {
				continue
			}
			line := fmt.Sprintf("n%d n%d", m.u, m.v)
			if said {
				line += fmt.Sprintf(" m%d", m.tag)
				if mate != nil {
					line += fmt.Sprintf(" m%d", mate.tag)
				}
			}
			want = append(want, line)
		}
		sys, _, err := Decode(fstest.MapFS{"a.xml": {Data: b.Bytes()}}, Options{}, "a.xml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		var got []string
		for l := range sys.Model.Links() {
			line := sys.Model.NodeName(l.A.Node) + " " + sys.Model.NodeName(l.B.Node)
			for _, p := range l.Properties {
				line += " " + p.Name
			}
			got = append(got, line)
			// The place is that of the first mention.
			p := sys.Places.LinkPlace(l.ID)
			if want := l.A.Node; p.Line != int(want)+1 {
				t.Fatalf("link %s stands at %s", line, p)
			}
		}
		if a, b := strings.Join(got, ", "), strings.Join(want, ", "); a != b {
			t.Fatalf("got  %s\nwant %s", a, b)
		}
	})
}

// TestTheOrderOfFormsDoesNotMatter: the same network in other words is the same.
func TestTheOrderOfFormsDoesNotMatter(t *testing.T) {
	var dumps [][]string
	for _, text := range []string{
		`<system><node id="a" type="switch"/><node id="b" type="host"/><link from="a" to="b" rate="5Mbps" delay="1ms"><back delay="2ms"/></link></system>`,
		`<system><node id="a" type="switch"><link to="b" rate="5Mbps"><back delay="2ms"/></link></node><node id="b" type="host"><link to="a"><back delay="1ms"/></link></node></system>`,
		`<system><defaults><link rate="7Mbps"/></defaults><defaults for="type=host"><link rate="5Mbps"/></defaults><node id="a" type="switch"><link to="b" delay="1ms"><back delay="2ms"/></link></node><node id="b" type="host"/></system>`,
		`<system><defaults for="b"><link delay="1ms" rate="5Mbps"/></defaults><defaults><node cpu="0"/></defaults><node id="a" type="switch"/><node type="host" id="b"/><link to="b" from="a"><back delay="2ms"/></link></system>`,
	} {
		sys, _, err := Decode(fstest.MapFS{"a.xml": {Data: []byte(text)}}, Options{}, "a.xml")
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, dump(sys.Model))
	}
	for i := range dumps {
		if fmt.Sprint(dumps[i]) != fmt.Sprint(dumps[0]) {
			t.Errorf("form %d: %v\nform 0: %v", i, dumps[i], dumps[0])
		}
	}
}

func TestParallelLinksFindEachOtherByIdAndPort(t *testing.T) {
	const n = 3000
	for name, write := range map[string]func(side, i int) string{
		"ids": func(side, i int) string { return fmt.Sprintf(`<link to="n%d" id="l%d"/>`, 1-side, (i*7+side*1234)%n) },
		"ports": func(side, i int) string {
			if side == 0 {
				return fmt.Sprintf(`<link to="n1" port="%d"/>`, i+1)
			}
			return fmt.Sprintf(`<link to="n0:%d" port="%d"/>`, (i*7+1234)%n+1, i+1)
		},
	} {
		var b bytes.Buffer
		b.WriteString("<system>")
		for side := range 2 {
			fmt.Fprintf(&b, `<node id="n%d" type="switch">`, side)
			for i := range n {
				b.WriteString(write(side, i))
			}
			b.WriteString("</node>")
		}
		b.WriteString("</system>")
		sys, _, err := Decode(fstest.MapFS{"a.xml": {Data: b.Bytes()}}, Options{}, "a.xml")
		if err != nil {
			t.Fatalf("%s: %.300s", name, err)
		}
		if sys.Model.LinkCount() != n {
			t.Errorf("%s: %d links", name, sys.Model.LinkCount())
		}
	}
}

func TestBitsetsCountAndFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := uint32(rapid.IntRange(1, 200).Draw(t, "n"))
		b := newBitset(n)
		set := map[uint32]bool{}
		for _, i := range rapid.SliceOf(rapid.Uint32Range(0, n-1)).Draw(t, "set") {
			b.set(i)
			set[i] = true
		}
		var clear []int
		before := 0
		for i := range n {
			if b.countBefore(i) != before || b.has(i) != set[i] {
				t.Fatal("miscounted before", i)
			}
			if set[i] {
				before++
			} else {
				clear = append(clear, int(i))
			}
		}
		sort.Ints(clear)
		for k, i := range clear {
			if b.nth(int64(k)) != int64(i) {
				t.Fatalf("clear bit %d is at %d", k, b.nth(int64(k)))
			}
		}
		if b.count() != len(set) {
			t.Fatal("miscounted")
		}
	})
}

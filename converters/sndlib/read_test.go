package sndlib_test

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/sndlib"
)

func network(meta, links, demands string) string {
	return `<?xml version="1.0" encoding="ISO-8859-1"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">` + meta + `
<networkStructure><nodes coordinatesType="geographical">
<node id="A"><coordinates><x>0.0</x><y>50</y></coordinates></node><node id="B"><coordinates><x>1</x><y>50</y></coordinates></node><node id="C"><coordinates><x>2</x><y>50</y></coordinates></node>
</nodes><links>` + links + `</links></networkStructure>
<demands>` + demands + `</demands></network>
`
}

func xmlLink(id, from, to, rest string) string {
	return fmt.Sprintf("\n<link id=%q><source>%s</source><target>%s</target>%s</link>", id, from, to, rest)
}

func xmlDemand(from, to string, value float64) string {
	return fmt.Sprintf("\n<demand id=\"%s_%s\"><source>%s</source><target>%s</target><demandValue>%g</demandValue></demand>", from, to, from, to, value)
}

const modules = "<additionalModules><addModule><capacity>40.0</capacity><cost>7</cost></addModule><addModule><capacity>100</capacity><cost>9</cost></addModule></additionalModules>"

func file(name, text string) draft.File { return draft.File{Name: name, Data: []byte(text)} }

func describe(t *testing.T, files ...draft.File) string {
	t.Helper()
	n, err := sndlib.Read(files)
	if err != nil {
		return "refused: " + err.Error()
	}
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		return "not built: " + err.Error()
	}
	var b strings.Builder
	for l := range r.Model.Links() {
		fmt.Fprintf(&b, "%s %v %v", r.Model.LinkName(l.ID), l.Spec.Rate, l.Spec.Delay)
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

const unit = "<meta><granularity>5min</granularity><time>20040302-0000</time><unit>MBITPERSEC</unit></meta>"

func matrix(time, granularity string, value float64) draft.File {
	return file("demandMatrix-x-"+time+".xml", network("<meta><granularity>"+granularity+"</granularity><unit>KBITPERSEC</unit></meta>", "", xmlDemand("A", "C", value)))
}

const native = `?SNDlib native format; type: network; version: 1.0
# network tiny
META (
  granularity = 5min
  origin = somebody (somewhere)
)
NODES (
  A ( 0.0 50 ) () ()
  B.b-1 ( 1 50 )
  C ( 2 50 ) ( x )
)
LINKS (
  L1 ( A B.b-1 ) 0.00 0.00 1.50 0.00 ( 40.00 7.00 100.00 9.00 )
  L2 ( B.b-1 C ) 155.00 1.00 0.00 0.00 ( )   # preinstalled
  L3 ( A B.b-1 ) 0 0 0 0 ()
)
DEMANDS (
  D1 ( A C ) 2 25.50 3
  D2 ( C A ) 1 10.00 UNLIMITED
)
ADMISSIBLE_PATHS (
  D1 ( P_0 ( L1 L2 ) P_1 ( L3 L2 ) )
)
`

func TestInstancesAreReadByTheRules(t *testing.T) {
	topology := xmlLink("L1", "A", "B", modules) + xmlLink("L2", "C", "B", "<preInstalledModule><capacity>50.0</capacity><cost>3</cost></preInstalledModule><routingCost>0.0</routingCost><setupCost>12.5</setupCost>")
	for _, c := range []struct {
		name  string
		files []draft.File
	}{
		{"a module that carries the load", []draft.File{file("n.xml", network(unit, topology, xmlDemand("A", "C", 60)+xmlDemand("B", "A", 30)))}},
		{"a module several times, a bare link and no unit", []draft.File{file("n.xml", network("", topology+xmlLink("L3", "A", "C", ""), xmlDemand("A", "B", 101)+
			`<demand id="d"><source>B</source><target>A</target><routingUnit>2</routingUnit><demandValue>59.5</demandValue><maxPathLength>20</maxPathLength><admissiblePaths><admissiblePath id="P"><linkId>L1</linkId></admissiblePath></admissiblePaths></demand>`))}},
		{"both directions listed", []draft.File{file("n.xml", network(unit, xmlLink("L1", "A", "B", modules)+xmlLink("L2", "B", "A", modules), xmlDemand("A", "B", 90)+xmlDemand("B", "A", 30)))}},
		{"native", []draft.File{file("dir/tiny.txt", native)}},
		{"native of pixels", []draft.File{file("n.txt", "?SNDlib native format; type: network; version: 1.0\r\nNODES (\r\n 1 ( 100 300 )\r\n 2\r\n)\r\nLINKS ( L ( 1 2 ) 5 0 0 0 ( ) )\r\n")}},
		{"matrices in the order of time", []draft.File{matrix("20040302-0010", "5min", 3000), matrix("20040302-0000", "5min", 1000), file("topology.xml", network(unit, topology, xmlDemand("A", "C", 60))), matrix("20040302-0005", "5min", 2000)}},
		{"matrices with gaps, overlaps and no granularity", []draft.File{file("t.xml", network(unit, topology, "")), matrix("20040302", "1day", 1), matrix("20040304", "2days", 50000), matrix("20040305", "6month", 3)}},
		{"a single matrix without time", []draft.File{file("t.xml", network(unit, topology, "")), matrix("", "", 7)}},
		{"Latin-1 and pixels", []draft.File{file("n.xml", strings.Replace(strings.Replace(network("<meta><origin>Sch\xf6n</origin><unit>PARSEC</unit></meta>", topology, ""), "geographical", "pixel", 1), "50<", "50.5<", 1))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := describe(t, c.files...)
			drafttest.Golden(t, strings.ReplaceAll(c.name, " ", "-")+".golden", got)
		})
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	ok := xmlLink("L1", "A", "B", "")
	header := "?SNDlib native format; type: network; version: 1.0\n"
	for _, c := range []struct {
		name  string
		files []draft.File
		want  string
	}{
		{"no topology", []draft.File{matrix("20040302-0000", "5min", 1)}, "demandMatrix-x-20040302-0000.xml: the file is a demand matrix (nodes: 3, demands: 1) without a link; give the topology of the same nodes as well [file-missing]"},
		{"two topologies", []draft.File{file("a", network("", ok, "")), file("b", network("", ok, ""))}, "b: a second topology, after a: one topology and its demand matrices belong together [bad-choice]"},
		{"one time twice", []draft.File{file("a", network("", ok, "")), matrix("20040302-0000", "5min", 1), matrix("20040302", "5min", 1)}, "demandMatrix-x-20040302.xml: the matrix is of the same time as that of demandMatrix-x-20040302-0000.xml [duplicate-id]"},
		{"no times", []draft.File{file("a", network("", ok, "")), matrix("x", "5min", 1), matrix("20040302", "5min", 1)}, "demandMatrix-x-x.xml: neither <time> nor the file's name says when the matrix was taken, as 20040302-0005 [bad-number]"},
		{"too long", []draft.File{file("a", network("", ok, "")), matrix("20040302", "5min", 1), matrix("20050302", "5min", 1)}, "demandMatrix-x-20050302.xml: the matrix begins 365 days after the first one; a run has at most 106 days [out-of-range]"},
		{"an unknown end", []draft.File{file("a", network("", xmlLink("L1", "A", "Bb", ""), ""))}, `a:6: an end of the link L1 is "Bb", which is no node of the topology; did you mean "B"? [unknown-node]`},
		{"an end that is missing", []draft.File{file("a", network("", xmlLink("L1", "A", "", ""), ""))}, `a:6: the link L1 needs both source and target [missing-attribute]`},
		{"a link twice", []draft.File{file("a", network("", ok+ok, ""))}, `a:7: link "L1" is declared twice, first in line 6 [duplicate-id]`},
		{"NaN", []draft.File{file("a", network("", ok, xmlDemand("A", "B", 1)+"<demand id='d'><source>A</source><target>B</target>\n<demandValue>NaN</demandValue></demand>"))}, `a:9: <demandValue>: "NaN" is not a finite number [bad-number]`},
		{"negative", []draft.File{file("a", network("", ok, xmlDemand("A", "B", -1)))}, `a:8: <demandValue> is negative: -1 [out-of-range]`},
		{"too much", []draft.File{file("a", network("", ok, xmlDemand("A", "B", 1e300)))}, `a:8: the demand A_B: 1e+300 times 1Mbps is not a rate [out-of-range]`},
		{"a misspelt element", []draft.File{file("a", network("", xmlLink("L1", "A", "B", "<setupCosts>1</setupCosts>"), ""))}, `a:6: <link> has no element <setupCosts>; did you mean "setupCost"? [unknown-element]`},
		{"cut off", []draft.File{file("a", network("", ok, "")[:207])}, `a:4:46: <coordinates> opened at 4:14 is not closed [syntax]`},
		{"a model", []draft.File{file("a", "?SNDlib native format; type: model; version: 1.0\n")}, `a:1: the file is of type "model", which says how to plan a network, or is a plan; type network is read [not-available]`},
		{"another text", []draft.File{file("a", "NODES (\n")}, `a:1: an SNDlib file begins with "?SNDlib native format; type: network; version: 1.0" [syntax]`},
		{"native cut off", []draft.File{file("a", header+"NODES (\n A ( 1 2 )\n")}, `a:3: the file ends inside its section NODES: ) is missing [syntax]`},
		{"native cut off in a link", []draft.File{file("a", header+"NODES (\n A ( 1 2 )\n)\nLINKS (\n L ( A A ) 1 2\n")}, `a:6: the file ends inside the link L [syntax]`},
		{"native without nodes", []draft.File{file("a", header+"LINKS ( )\n")}, `a: the file ends without its section NODES [syntax]`},
		{"native with a strange section", []draft.File{file("a", header+"NODE (\n)\n")}, `a:2: a network has no section "NODE"; did you mean "NODES"? [unknown-element]`},
		{"native numbers", []draft.File{file("a", header+"NODES (\n A ( 1 2 )\n)\nLINKS (\n L ( A A ) inf 0 0 0 ( )\n)\n")}, `a:6: the link L: "inf" is not a finite number [bad-number]`},
		{"UTF-16", []draft.File{file("a", "\xff\xfe?\x00")}, `a: the file is UTF-16; save it as UTF-8 [encoding]`},
		{"an entity", []draft.File{file("a", "<!DOCTYPE network [<!ENTITY x 'y'>]><network/>")}, `a:1:1: <!DOCTYPE> is refused: document type definitions and entities are not supported; remove it [syntax]`},
		{"nothing", []draft.File{file("a", "")}, `a: the file is empty [syntax]`},
	} {
		if got := strings.TrimPrefix(describe(t, c.files...), "refused: "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := sndlib.Read(nil); err == nil {
		t.Error("no file is no error")
	}
}

func TestOtherKindsAreNotClaimed(t *testing.T) {
	for text, want := range map[string]bool{
		network("", "", ""): true,
		native:              true,
		"\xef\xbb\xbf?SNDlib native format; type: network": true,
		"<network name='x'><node/></network>":              false,
		"<graphml/>":                                       false,
		"<nodes><node id='a'/></nodes>":                    false,
		"NODES 3\nlabel x y":                               false,
		"graph [ ]":                                        false,
		"":                                                 false,
	} {
		if got := sndlib.Is(file("f", text)); got != want {
			t.Errorf("%.40q: %v", text, got)
		}
	}
}

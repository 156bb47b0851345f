package sndlib_test

import (
	"fmt"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/sndlib"
)

// ring is an instance of n nodes, n links and n demands from a hundred nodes.
func ring(n int, xml bool) []byte {
	var b strings.Builder
	if xml {
		b.WriteString("<network xmlns='http://sndlib.zib.de/network'><networkStructure><nodes coordinatesType='geographical'>\n")
		for i := range n {
			fmt.Fprintf(&b, "<node id='N%d'><coordinates><x>%d.5</x><y>40</y></coordinates></node>\n", i, i%180)
		}
		b.WriteString("</nodes><links>")
		for i := range n {
			b.WriteString(xmlLink(fmt.Sprint("L", i), fmt.Sprint("N", i), fmt.Sprint("N", (i+1)%n), modules))
		}
		b.WriteString("</links></networkStructure><demands>")
		for i := range n {
			b.WriteString(xmlDemand(fmt.Sprint("N", i%100), fmt.Sprint("N", (i+7)%n), 2))
		}
		b.WriteString("</demands></network>")
		return []byte(b.String())
	}
	b.WriteString("?SNDlib native format; type: network; version: 1.0\nNODES (\n")
	for i := range n {
		fmt.Fprintf(&b, "  N%d ( %d.5 40 )\n", i, i%180)
	}
	b.WriteString(")\nLINKS (\n")
	for i := range n {
		fmt.Fprintf(&b, "  L%d ( N%d N%d ) 0.00 0.00 0.00 0.00 ( 40.00 7.00 100.00 9.00 )\n", i, i, (i+1)%n)
	}
	b.WriteString(")\nDEMANDS (\n")
	for i := range n {
		fmt.Fprintf(&b, "  D%d ( N%d N%d ) 1 2.00 UNLIMITED\n", i, i%100, (i+7)%n)
	}
	b.WriteString(")\n")
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	for _, xml := range []bool{false, true} {
		for _, n := range []int{10_000, 100_000} {
			data := ring(n, xml)
			b.Run(fmt.Sprintf("xml=%v/links=%d", xml, n), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					n, err := sndlib.Read([]draft.File{{Name: "ring", Data: data}})
					if err != nil {
						b.Fatal(err)
					}
					if len(n.Links) == 0 {
						b.Fatal("nothing was read")
					}
				}
			})
		}
	}
}

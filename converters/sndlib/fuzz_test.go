package sndlib_test

import (
	"bytes"
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/sndlib"
	"sendim/descriptors"
)

// FuzzRead holds that whatever the bytes of a topology and of a matrix are, reading ends
// without a panic, and what is read can be built and encoded.
func FuzzRead(f *testing.F) {
	topology := network(unit, xmlLink("L1", "A", "B", modules)+xmlLink("L2", "B", "C", ""), xmlDemand("A", "B", 60))
	second := string(matrix("20040302-0000", "5min", 3).Data)
	f.Add([]byte(topology), []byte(second))
	f.Add([]byte(topology), []byte{})
	f.Add([]byte(native), []byte{})
	f.Add([]byte(strings.ReplaceAll(native, "\n", "\r\n")), []byte(second))
	f.Add([]byte("?SNDlib native format; type: network; version: 1.0\nMETA (\nunit = GBITPERSEC\n)\nNODES ( A B )\nLINKS ( L ( A B ) 1e9 0 0 0 ( 1e-9 0 ) )\nDEMANDS ( D ( A B ) 1e9 1e9 7 )"), []byte{})
	f.Fuzz(func(t *testing.T, top, other []byte) {
		files := []draft.File{{Name: "top", Data: top}}
		if len(other) > 0 {
			files = append(files, draft.File{Name: "demandMatrix-20040302-0005.xml", Data: other}, draft.File{Name: "demandMatrix-20040302-0010.xml", Data: other})
		}
		sndlib.Is(files[0])
		n, err := sndlib.Read(files)
		if err != nil {
			if len(err.Error()) > 64<<10 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if given := len(top) + 2*len(other); len(n.Nodes) > given || len(n.Links) > given {
			t.Fatalf("%d nodes and %d links out of %d bytes", len(n.Nodes), len(n.Links), given)
		}
		r, err := draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := descriptors.Encode(&out, r.Model); err != nil {
			t.Fatal(err)
		}
	})
}

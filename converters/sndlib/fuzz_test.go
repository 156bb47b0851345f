package sndlib_test

import (
	"strings"
	"testing"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/converters/sndlib"
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
		drafttest.Bounded(t, sndlib.Read, files...)
	})
}

package app

import (
	"bytes"
	"encoding/binary"
)

// stateMark begins a state in which the number of the newest command stands before what the
// app itself has saved.
const stateMark = "\x00id\x01"

// PackState puts the number of the newest command before what an app has saved, so that the
// next life numbers on from there: acknowledgements of commands from before the restart are
// not taken for those of later ones. It is for those who run apps.
func PackState(state []byte, issued uint64) []byte {
	return append(binary.AppendUvarint([]byte(stateMark), issued), state...)
}

// UnpackState is the reverse. A state without a number is the app's own, and the number 0.
func UnpackState(packed []byte) (state []byte, issued uint64) {
	rest, ok := bytes.CutPrefix(packed, []byte(stateMark))
	if !ok {
		return packed, 0
	}
	issued, n := binary.Uvarint(rest)
	if n <= 0 {
		return packed, 0
	}
	return rest[n:], issued
}

package descriptors

import (
	"io"
	"testing"
)

func BenchmarkEncode(b *testing.B) {
	path, size := writeLarge(b, 100_000, 10)
	sys, _, err := Load(Options{}, path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		if err := Encode(io.Discard, sys.Model); err != nil {
			b.Fatal(err)
		}
	}
}

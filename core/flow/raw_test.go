package flow

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestCacheSlotFillsALineOfTheProcessorsCache(t *testing.T) {
	if n := unsafe.Sizeof(cacheSlot{}); n != 64 {
		t.Errorf("a slot has %d bytes, want 64", n)
	}
	if n := unsafe.Offsetof(cacheSlot{}.trail); n != 56 {
		t.Errorf("what every packet needs of a slot takes %d bytes, want 56", n)
	}
	if n := unsafe.Offsetof(cache{}.latest); n != 64 {
		t.Errorf("what every packet needs of the cache takes %d bytes, want 64", n)
	}
}

// Packets that are equal under the raw mask are equal in the words under the mask.
func TestRawMaskCoversTheMaskedWords(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var a, b Packet
		var mask words
		for i := range rawOf(&a) {
			rawOf(&a)[i], rawOf(&b)[i] = r.Uint64(), r.Uint64()
		}
		for i := range mask {
			if i != wordMetadata && r.IntN(3) == 0 {
				mask[i] = r.Uint64() & r.Uint64()
			}
		}
		cover := rawMask(&mask)
		for i, m := range cover {
			rawOf(&b)[i] = rawOf(&a)[i]&m | rawOf(&b)[i]&^m
		}
		for i, m := range mask {
			x, y := wordOf(uint8(i), &a.Header, a.InPort, 0), wordOf(uint8(i), &b.Header, b.InPort, 0)
			if x&m != y&m {
				t.Fatalf("word %d under %#x: %#x and %#x, though the packets are equal under the raw mask", i, m, x, y)
			}
		}
	}
}

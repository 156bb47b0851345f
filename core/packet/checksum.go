package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// sum adds the 16-bit words of b to an unfolded one's complement sum (RFC 1071).
// An odd last byte counts as the high half of a word. Sums of parts add up as
// long as every part but the last has even length.
func sum(b []byte, acc uint64) uint64 {
	var carry uint64
	for len(b) >= 32 { // four words at a time keep the carry in its register
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[8:]), carry)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[16:]), carry)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[24:]), carry)
		acc += carry
		b = b[32:]
	}
	carry = 0
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	acc, carry = bits.Add64(acc, 0, carry)
	acc += carry
	var tail uint64
	if len(b) >= 4 {
		tail = uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		tail += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		tail += uint64(b[0]) << 8
	}
	acc, carry = bits.Add64(acc, tail, 0)
	return acc + carry
}

// fold turns a sum into the checksum that goes on the wire.
func fold(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffff_ffff
	acc = acc>>32 + acc&0xffff_ffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return ^uint16(acc)
}

// pseudo starts a transport checksum with the pseudo header of IPv4 (RFC 9293
// section 3.1) or IPv6 (RFC 8200 section 8.1).
func pseudo(h *Header, size int) uint64 {
	acc := uint64(h.Proto) + uint64(size)
	if h.EthType == EthTypeIPv4 {
		return acc + uint64(h.IPSrc) + uint64(h.IPDst)
	}
	for _, word := range [...]uint64{h.IP6Src.Hi, h.IP6Src.Lo, h.IP6Dst.Hi, h.IP6Dst.Lo} {
		acc += word>>32 + word&0xffff_ffff
	}
	return acc
}

// sctpChecksum is the CRC32c of a packet whose checksum field is zero, as it
// stands in that field (RFC 9260 section 6.8 and appendix A): the least
// significant byte travels first.
func sctpChecksum(b []byte) uint32 {
	return bits.ReverseBytes32(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

package flow

import (
	"unsafe"

	"sendim/core/packet"
)

// raw is a packet as it lies in memory, word by word: what the cache compares, because
// that needs no unpacking. Which bits of a word are which is nobody's business but
// rawMask's, which asks the compiler by writing a mask into the fields themselves.
type raw [unsafe.Sizeof(Packet{}) / 8]uint64

func rawOf(p *Packet) *raw { return (*raw)(unsafe.Pointer(p)) }

// rawMask covers all that decides about the masked bits of wordOf. Fields of less than a
// byte are taken whole, in case that somebody writes more into them.
func rawMask(m *words) raw {
	p := new(Packet)
	h := &p.Header
	h.EthDst, h.EthType = packet.MAC(m[wordEthDst]>>16), uint16(m[wordEthDst])
	h.EthSrc, h.VLAN = packet.MAC(m[wordEthSrc]>>16), uint16(m[wordEthSrc])&0x1fff
	if m[wordEthSrc]>>13&0xff != 0 {
		h.PCP = 0xff
	}
	h.IPSrc, h.IPDst = packet.IPv4(m[wordIPv4]>>32), packet.IPv4(m[wordIPv4])
	l4 := m[wordL4]
	h.L4Src, h.L4Dst, h.Proto, h.ICMPType, h.ICMPCode = uint16(l4>>48), uint16(l4>>32), uint8(l4>>24), uint8(l4>>8), uint8(l4)
	if l4>>18&0xff != 0 {
		h.DSCP = 0xff
	}
	h.ECN = uint8(l4>>16) & 3
	p.InPort, h.ARPOp = uint32(m[wordPort]>>32), uint16(m[wordPort])
	h.IP6Src.Hi, h.IP6Src.Lo = m[wordIPv6Src], m[wordIPv6Src+1]
	h.IP6Dst.Hi, h.IP6Dst.Lo = m[wordIPv6Dst], m[wordIPv6Dst+1]
	h.ARPSPA, h.ARPTPA = packet.IPv4(m[wordARP]>>32), packet.IPv4(m[wordARP])
	h.ARPSHA, h.ARPTHA = packet.MAC(m[wordARPSHA]>>16), packet.MAC(m[wordARPTHA]>>16)
	return *rawOf(p)
}

package flow

import "sendim/core/packet"

// All matchable fields of a packet, packed into words: what the tables hash and compare.
// Fields that exclude each other (the ports of TCP, UDP and SCTP) share their place;
// the prerequisites, which every installed match states, tell them apart.
const (
	wordEthDst   = iota // eth_dst 48, eth_type 16
	wordEthSrc          // eth_src 48, vlan_pcp 3, vlan_vid 13
	wordIPv4            // ipv4_src 32, ipv4_dst 32
	wordL4              // source 16, destination 16, ip_proto 8, dscp 6, ecn 2, icmp type 8, code 8
	wordPort            // in_port 32, unused 16, arp_op 16
	wordIPv6Src         // two words
	_                   //
	wordIPv6Dst         // two words
	_                   //
	wordARP             // arp_spa 32, arp_tpa 32
	wordARPSHA          // arp_sha 48, unused 16
	wordARPTHA          // arp_tha 48, unused 16
	wordMetadata        //
	wordTunnel          //
	wordCount
)

type words [wordCount]uint64

// wordOf packs one word.
func wordOf(i uint8, h *packet.Header, inPort uint32, metadata uint64) uint64 {
	switch i {
	case wordEthDst:
		return uint64(h.EthDst)<<16 | uint64(h.EthType)
	case wordEthSrc:
		return uint64(h.EthSrc)<<16 | uint64(h.PCP)<<13 | uint64(h.VLAN&0x1fff)
	case wordIPv4:
		return uint64(h.IPSrc)<<32 | uint64(h.IPDst)
	case wordL4:
		return uint64(h.L4Src)<<48 | uint64(h.L4Dst)<<32 | uint64(h.Proto)<<24 |
			uint64(h.DSCP)<<18 | uint64(h.ECN&3)<<16 | uint64(h.ICMPType)<<8 | uint64(h.ICMPCode)
	case wordPort:
		return uint64(inPort)<<32 | uint64(h.ARPOp)
	case wordIPv6Src:
		return h.IP6Src.Hi
	case wordIPv6Src + 1:
		return h.IP6Src.Lo
	case wordIPv6Dst:
		return h.IP6Dst.Hi
	case wordIPv6Dst + 1:
		return h.IP6Dst.Lo
	case wordARP:
		return uint64(h.ARPSPA)<<32 | uint64(h.ARPTPA)
	case wordARPSHA:
		return uint64(h.ARPSHA) << 16
	case wordARPTHA:
		return uint64(h.ARPTHA) << 16
	case wordMetadata:
		return metadata
	}
	return 0
}

// pack gives a match as words and the mask under which they count.
func (m Match) pack() (value, mask words) {
	for i := range m {
		x := &m[i]
		s := &specs[x.Field]
		if s.width == 128 {
			value[s.word], value[s.word+1] = x.Value.Hi, x.Value.Lo
			mask[s.word], mask[s.word+1] = x.Mask.Hi, x.Mask.Lo
			continue
		}
		value[s.word] |= x.Value.Lo << s.shift
		mask[s.word] |= x.Mask.Lo << s.shift
	}
	return value, mask
}

// mix takes one more word into a hash. The multiplier is 2^64 over the golden ratio.
func mix(hash, word uint64) uint64 {
	hash = (hash ^ word) * 0x9e3779b97f4a7c15
	return hash ^ hash>>32
}

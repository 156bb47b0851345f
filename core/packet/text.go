package packet

import "strconv"

// String describes the frame in one line, which stays the same from release to
// release: addresses, tag, type, then what is present of each layer.
func (h Header) String() string {
	return string(h.appendTo(make([]byte, 0, 160)))
}

func (h Header) appendTo(b []byte) []byte {
	b = append(h.EthSrc.appendTo(b), " > "...)
	b = h.EthDst.appendTo(b)
	if h.VLAN != 0 {
		b = appendField(b, " vlan ", h.VLAN&^VLANPresent)
	}
	if h.PCP != 0 {
		b = appendField(b, " pcp ", uint16(h.PCP))
	}
	if h.EthType != 0 {
		b = append(append(b, ' '), ethTypeName(h.EthType)...)
	}
	if h.ARPOp != 0 || h.ARPSPA != 0 || h.ARPTPA != 0 || h.ARPSHA != 0 || h.ARPTHA != 0 {
		b = h.appendARPText(b)
	}
	if h.IPSrc != 0 || h.IPDst != 0 || h.EthType == EthTypeIPv4 {
		b = append(h.IPSrc.appendTo(append(b, ' ')), " > "...)
		b = h.IPDst.appendTo(b)
	}
	if !h.IP6Src.IsZero() || !h.IP6Dst.IsZero() || h.EthType == EthTypeIPv6 {
		b = append(h.IP6Src.appendTo(append(b, ' ')), " > "...)
		b = h.IP6Dst.appendTo(b)
	}
	for _, f := range [...]struct {
		name  string
		value uint8
	}{{" dscp ", h.DSCP}, {" ecn ", h.ECN}, {" ttl ", h.TTL}} {
		if f.value != 0 {
			b = appendField(b, f.name, uint16(f.value))
		}
	}
	return h.appendL4Text(b)
}

func (h Header) appendARPText(b []byte) []byte {
	switch h.ARPOp {
	case ARPOpRequest:
		b = append(b, " request"...)
	case ARPOpReply:
		b = append(b, " reply"...)
	default:
		b = appendField(b, " op ", h.ARPOp)
	}
	b = append(h.ARPSPA.appendTo(append(b, ' ')), " at "...)
	b = append(h.ARPSHA.appendTo(b), " > "...)
	b = h.ARPTPA.appendTo(b)
	if h.ARPTHA != 0 {
		b = h.ARPTHA.appendTo(append(b, " at "...))
	}
	return b
}

func (h Header) appendL4Text(b []byte) []byte {
	if h.Proto != 0 {
		b = append(append(b, ' '), protoName(h.Proto)...)
	}
	if h.L4Src != 0 || h.L4Dst != 0 || h.Proto == ProtoTCP || h.Proto == ProtoUDP || h.Proto == ProtoSCTP {
		b = appendField(b, " ", h.L4Src)
		b = appendField(b, " > ", h.L4Dst)
	}
	if h.TCPFlags != 0 {
		b = append(b, ' ')
		for i, name := range [...]string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"} {
			if h.TCPFlags>>i&1 != 0 {
				b = append(append(b, name...), '+')
			}
		}
		b = b[:len(b)-1]
	}
	if h.ICMPType != 0 || h.ICMPCode != 0 || h.Proto == ProtoICMP || h.Proto == ProtoICMPv6 {
		b = appendField(b, " type ", uint16(h.ICMPType))
		b = appendField(b, " code ", uint16(h.ICMPCode))
	}
	return b
}

func appendField(b []byte, name string, value uint16) []byte {
	return strconv.AppendUint(append(b, name...), uint64(value), 10)
}

func ethTypeName(t uint16) string {
	switch t {
	case EthTypeLLC:
		return "llc"
	case EthTypeIPv4:
		return "ipv4"
	case EthTypeARP:
		return "arp"
	case EthTypeVLAN:
		return "vlan"
	case EthTypeIPv6:
		return "ipv6"
	case EthTypeMPLS:
		return "mpls"
	case EthTypeQinQ:
		return "qinq"
	case EthTypeLLDP:
		return "lldp"
	}
	return "0x" + strconv.FormatUint(0x10000|uint64(t), 16)[1:]
}

func protoName(p uint8) string {
	switch p {
	case ProtoICMP:
		return "icmp"
	case ProtoTCP:
		return "tcp"
	case ProtoUDP:
		return "udp"
	case ProtoGRE:
		return "gre"
	case ProtoICMPv6:
		return "icmpv6"
	case ProtoSCTP:
		return "sctp"
	}
	return "proto " + strconv.Itoa(int(p))
}

// AppendJSON appends the JSON object that [Header.MarshalJSON] returns.
func (h Header) AppendJSON(dst []byte) []byte {
	b := append(dst, '{')
	b = jsonText(b, `"eth_dst":"`, h.EthDst, h.EthDst != 0)
	b = jsonText(b, `"eth_src":"`, h.EthSrc, h.EthSrc != 0)
	b = jsonNumber(b, `"eth_type":`, h.EthType)
	b = jsonNumber(b, `"vlan_vid":`, h.VLAN)
	b = jsonNumber(b, `"vlan_pcp":`, uint16(h.PCP))
	b = jsonNumber(b, `"arp_op":`, h.ARPOp)
	b = jsonText(b, `"arp_spa":"`, h.ARPSPA, h.ARPSPA != 0)
	b = jsonText(b, `"arp_tpa":"`, h.ARPTPA, h.ARPTPA != 0)
	b = jsonText(b, `"arp_sha":"`, h.ARPSHA, h.ARPSHA != 0)
	b = jsonText(b, `"arp_tha":"`, h.ARPTHA, h.ARPTHA != 0)
	b = jsonText(b, `"ipv4_src":"`, h.IPSrc, h.IPSrc != 0)
	b = jsonText(b, `"ipv4_dst":"`, h.IPDst, h.IPDst != 0)
	b = jsonText(b, `"ipv6_src":"`, h.IP6Src, !h.IP6Src.IsZero())
	b = jsonText(b, `"ipv6_dst":"`, h.IP6Dst, !h.IP6Dst.IsZero())
	b = jsonNumber(b, `"ip_dscp":`, uint16(h.DSCP))
	b = jsonNumber(b, `"ip_ecn":`, uint16(h.ECN))
	b = jsonNumber(b, `"ip_ttl":`, uint16(h.TTL))
	b = jsonNumber(b, `"ip_proto":`, uint16(h.Proto))
	b = jsonNumber(b, `"l4_src":`, h.L4Src)
	b = jsonNumber(b, `"l4_dst":`, h.L4Dst)
	b = jsonNumber(b, `"tcp_flags":`, uint16(h.TCPFlags))
	b = jsonNumber(b, `"icmp_type":`, uint16(h.ICMPType))
	b = jsonNumber(b, `"icmp_code":`, uint16(h.ICMPCode))
	if last := len(b) - 1; b[last] == ',' {
		b = b[:last]
	}
	return append(b, '}')
}

// MarshalJSON returns an object of the fields present, from the outermost layer
// inwards; addresses are text and all else numbers with OpenFlow's values.
// Decoding works through the field tags, so that a decoder may refuse unknown names.
func (h Header) MarshalJSON() ([]byte, error) { return h.AppendJSON(nil), nil }

func jsonText[T interface{ appendTo([]byte) []byte }](b []byte, open string, v T, present bool) []byte {
	if !present {
		return b
	}
	return append(v.appendTo(append(b, open...)), '"', ',')
}

func jsonNumber(b []byte, open string, v uint16) []byte {
	if v == 0 {
		return b
	}
	return append(appendField(b, open, v), ',')
}

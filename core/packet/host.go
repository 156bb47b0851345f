package packet

import "encoding/binary"

// ARPRequest asks everybody on the link who has tpa (RFC 826).
func ARPRequest(sha MAC, spa, tpa IPv4) Header {
	return Header{
		EthDst: Broadcast, EthSrc: sha, EthType: EthTypeARP,
		ARPOp: ARPOpRequest, ARPSHA: sha, ARPSPA: spa, ARPTPA: tpa,
	}
}

// ARPReply tells the station tha, tpa that sha has spa.
func ARPReply(sha MAC, spa IPv4, tha MAC, tpa IPv4) Header {
	return Header{
		EthDst: tha, EthSrc: sha, EthType: EthTypeARP,
		ARPOp: ARPOpReply, ARPSHA: sha, ARPSPA: spa, ARPTHA: tha, ARPTPA: tpa,
	}
}

// Echo is an ICMP echo request or reply (RFC 792); its payload comes from [EchoPayload].
func Echo(src, dst MAC, sip, dip IPv4, reply bool) Header {
	h := Header{
		EthDst: dst, EthSrc: src, EthType: EthTypeIPv4,
		IPSrc: sip, IPDst: dip, Proto: ProtoICMP, TTL: DefaultTTL, ICMPType: ICMPEchoRequest,
	}
	if reply {
		h.ICMPType = ICMPEchoReply
	}
	return h
}

// EchoPayload is what follows the checksum of an echo message, of ICMP and ICMPv6
// alike: identifier, sequence number and data.
func EchoPayload(id, seq uint16, data []byte) []byte {
	return AppendEchoPayload(make([]byte, 0, 4+len(data)), id, seq, data)
}

// AppendEchoPayload is [EchoPayload] into a buffer of the caller's.
func AppendEchoPayload(dst []byte, id, seq uint16, data []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, id)
	dst = binary.BigEndian.AppendUint16(dst, seq)
	return append(dst, data...)
}

// ParseEcho takes apart the payload of an echo message, frame[Layout.Payload:
// Layout.End]. The data is part of payload, not a copy.
func ParseEcho(payload []byte) (id, seq uint16, data []byte, err error) {
	if len(payload) < 4 {
		return 0, 0, nil, short("icmp", 0, 4, len(payload))
	}
	return binary.BigEndian.Uint16(payload), binary.BigEndian.Uint16(payload[2:]), payload[4:], nil
}

// IsEcho reports whether h is an ICMP echo of IPv4, and whether it is the reply.
func (h Header) IsEcho() (echo, reply bool) {
	if h.EthType != EthTypeIPv4 || h.Proto != ProtoICMP || h.ICMPCode != 0 {
		return false, false
	}
	return h.ICMPType == ICMPEchoRequest || h.ICMPType == ICMPEchoReply, h.ICMPType == ICMPEchoReply
}

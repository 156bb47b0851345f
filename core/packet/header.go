package packet

// Ethernet types, from the IEEE registry. EthTypeLLC is OpenFlow's value for a
// frame that carries a length and no type (OpenFlow 1.0.0 section 5.2.3,
// OFP_DL_TYPE_NOT_ETH_TYPE).
const (
	EthTypeLLC  uint16 = 0x05ff
	EthTypeIPv4 uint16 = 0x0800
	EthTypeARP  uint16 = 0x0806
	EthTypeVLAN uint16 = 0x8100
	EthTypeIPv6 uint16 = 0x86dd
	EthTypeMPLS uint16 = 0x8847
	EthTypeQinQ uint16 = 0x88a8
	EthTypeLLDP uint16 = 0x88cc
)

// ethTypeFirst is the smallest type; smaller values are lengths (IEEE 802.3 clause 3.2.6).
const ethTypeFirst = 0x0600

// IP protocol numbers, from the IANA registry.
const (
	ProtoHopByHop uint8 = 0
	ProtoICMP     uint8 = 1
	ProtoTCP      uint8 = 6
	ProtoUDP      uint8 = 17
	ProtoRouting  uint8 = 43
	ProtoFragment uint8 = 44
	ProtoGRE      uint8 = 47
	ProtoAH       uint8 = 51
	ProtoICMPv6   uint8 = 58
	ProtoNoNext   uint8 = 59
	ProtoDestOpts uint8 = 60
	ProtoSCTP     uint8 = 132
)

// VLANPresent marks a tagged frame in [Header.VLAN] (OFPVID_PRESENT, OpenFlow
// 1.3.5 section 7.2.3.7), so that VLAN 0, a mere priority tag, differs from no tag.
const VLANPresent uint16 = 0x1000

// TCP control bits as they stand in [Header.TCPFlags] (RFC 9293 section 3.1).
const (
	FlagFIN uint8 = 1 << iota
	FlagSYN
	FlagRST
	FlagPSH
	FlagACK
	FlagURG
	FlagECE
	FlagCWR
)

// ARP operations (RFC 826) for [Header.ARPOp].
const (
	ARPOpRequest uint16 = 1
	ARPOpReply   uint16 = 2
)

// ICMP types for [Header.ICMPType]: RFC 792, and RFC 4443 for IPv6.
const (
	ICMPEchoReply       uint8 = 0
	ICMPUnreachable     uint8 = 3
	ICMPEchoRequest     uint8 = 8
	ICMPTimeExceeded    uint8 = 11
	ICMPv6EchoRequest   uint8 = 128
	ICMPv6EchoReply     uint8 = 129
	ICMPv6NeighborSol   uint8 = 135
	ICMPv6NeighborAdv   uint8 = 136
	ICMPv6RouterSol     uint8 = 133
	ICMPv6RouterAdv     uint8 = 134
	ICMPv6TimeExceeded  uint8 = 3
	ICMPv6Unreachable   uint8 = 1
	ICMPv6PacketTooBig  uint8 = 2
	ICMPCodePortUnreach uint8 = 3
)

// DefaultTTL is what [Append] writes for an absent TTL (RFC 1700).
const DefaultTTL uint8 = 64

// Header holds the header fields that OpenFlow can match, of one frame. Zero
// means absent. Which fields belong together follows from EthType and Proto.
// The JSON names are those of OpenFlow's match fields, as are the values.
type Header struct {
	EthDst MAC `json:"eth_dst,omitzero"`
	EthSrc MAC `json:"eth_src,omitzero"`

	ARPSHA MAC  `json:"arp_sha,omitzero"` // sender's hardware address
	ARPTHA MAC  `json:"arp_tha,omitzero"` // target's hardware address
	ARPSPA IPv4 `json:"arp_spa,omitzero"` // sender's protocol address
	ARPTPA IPv4 `json:"arp_tpa,omitzero"` // target's protocol address

	IPSrc  IPv4 `json:"ipv4_src,omitzero"`
	IPDst  IPv4 `json:"ipv4_dst,omitzero"`
	IP6Src IPv6 `json:"ipv6_src,omitzero"`
	IP6Dst IPv6 `json:"ipv6_dst,omitzero"`

	EthType uint16 `json:"eth_type,omitzero"` // the type after all VLAN tags, or EthTypeLLC
	VLAN    uint16 `json:"vlan_vid,omitzero"` // 0 untagged, else VLANPresent|VID of the outer tag
	ARPOp   uint16 `json:"arp_op,omitzero"`
	L4Src   uint16 `json:"l4_src,omitzero"` // source port of TCP, UDP or SCTP
	L4Dst   uint16 `json:"l4_dst,omitzero"` // destination port of TCP, UDP or SCTP

	PCP      uint8 `json:"vlan_pcp,omitzero"`  // 3 bits, of the outer tag
	DSCP     uint8 `json:"ip_dscp,omitzero"`   // 6 bits, of IPv4 or IPv6
	ECN      uint8 `json:"ip_ecn,omitzero"`    // 2 bits, of IPv4 or IPv6
	Proto    uint8 `json:"ip_proto,omitzero"`  // what IPv4 or the last IPv6 extension header carries
	TTL      uint8 `json:"ip_ttl,omitzero"`    // of IPv4, or the hop limit of IPv6
	TCPFlags uint8 `json:"tcp_flags,omitzero"` // FlagFIN ... FlagCWR
	ICMPType uint8 `json:"icmp_type,omitzero"` // of ICMP or ICMPv6
	ICMPCode uint8 `json:"icmp_code,omitzero"`
}

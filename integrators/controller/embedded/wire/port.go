package wire

import (
	"bytes"
	"encoding/binary"

	"sendim/core/flow"
	"sendim/core/packet"
)

const (
	portLength = 64
	portDown   = 1 << 0 // OFPPC_PORT_DOWN in config, OFPPS_LINK_DOWN in state
)

// decodePort reads an ofp_port (section 7.2.1). A port is up when neither its switch nor
// its cable keeps it down.
func decodePort(b []byte) flow.PortState {
	mac := packet.MAC(binary.BigEndian.Uint16(b[8:]))<<32 | packet.MAC(binary.BigEndian.Uint32(b[10:]))
	name, _, _ := bytes.Cut(b[16:32], []byte{0})
	return flow.PortState{
		Port: binary.BigEndian.Uint32(b),
		Name: string(name),
		MAC:  mac,
		Up:   (binary.BigEndian.Uint32(b[32:])|binary.BigEndian.Uint32(b[36:]))&portDown == 0,
	}
}

// PortReason is why a port-status was sent (ofp_port_reason, section 7.4.3).
type PortReason uint8

// The reasons.
const (
	PortAdded PortReason = iota
	PortDeleted
	PortModified
)

// DecodePortStatus reads a port-status (section 7.4.3). A port that was deleted is down.
func (V13) DecodePortStatus(m Message) (p flow.PortState, reason PortReason, err error) {
	b := m.body()
	if len(b) < 8+portLength {
		return p, 0, short("ofp_port_status", len(b), 8+portLength)
	}
	p, reason = decodePort(b[8:]), PortReason(b[0])
	p.Up = p.Up && reason != PortDeleted
	return p, reason, nil
}

// DecodePorts reads the body of a port description (section 7.3.5.7).
func (V13) DecodePorts(b []byte) (out []flow.PortState, err error) {
	for ; len(b) > 0; b = b[portLength:] {
		if len(b) < portLength {
			return nil, short("ofp_port", len(b), portLength)
		}
		out = append(out, decodePort(b))
	}
	return out, nil
}

// DecodePortStats reads the body of port statistics (section 7.3.5.6). What a switch
// does not count is zero.
func (V13) DecodePortStats(b []byte) (out []flow.PortStat, err error) {
	const length = 112
	for ; len(b) > 0; b = b[length:] {
		if len(b) < length {
			return nil, short("ofp_port_stats", len(b), length)
		}
		out = append(out, flow.PortStat{
			Port:      binary.BigEndian.Uint32(b),
			RxPackets: counted(b[8:]), TxPackets: counted(b[16:]),
			RxBytes: counted(b[24:]), TxBytes: counted(b[32:]),
			RxDropped: counted(b[40:]), TxDropped: counted(b[48:]),
		})
	}
	return out, nil
}

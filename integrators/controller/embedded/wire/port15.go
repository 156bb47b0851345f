package wire

import (
	"encoding/binary"

	"sendim/core/flow"
)

// decodePort15 reads an ofp_port (section 7.2.1), whose length is checked. What its
// properties say of speeds and media is passed over.
func decodePort15(b []byte) (flow.PortState, error) {
	// The address, the name, the configuration and the state stand where 1.3 has them.
	return decodePort(b), properties("ofp_port", b[port15Length:], ignore)
}

const port15Length = 40 // without its properties

// portLengthOf is what an ofp_port says of its own length, checked against what is there.
func portLengthOf(b []byte) (int, error) {
	if len(b) < port15Length {
		return 0, short("ofp_port", len(b), port15Length)
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < port15Length || n > len(b) {
		return 0, bad("ofp_port", "says %d bytes where there are %d", n, len(b))
	}
	return n, nil
}

// DecodePortStatus reads a port-status (section 7.4.3). A port that was deleted is down.
func (V15) DecodePortStatus(m Message) (p flow.PortState, reason PortReason, err error) {
	b := m.body()
	if len(b) < 8+port15Length {
		return p, 0, short("ofp_port_status", len(b), 8+port15Length)
	}
	n, err := portLengthOf(b[8:])
	if err != nil {
		return p, 0, err
	}
	if p, err = decodePort15(b[8 : 8+n]); err != nil {
		return p, 0, err
	}
	reason = PortReason(b[0])
	p.Up = p.Up && reason != PortDeleted
	return p, reason, nil
}

// DecodePorts reads the body of a port description (section 7.3.5).
func (V15) DecodePorts(b []byte) (out []flow.PortState, err error) {
	for len(b) > 0 {
		n, err := portLengthOf(b)
		if err != nil {
			return nil, err
		}
		p, err := decodePort15(b[:n])
		if err != nil {
			return nil, err
		}
		out, b = append(out, p), b[n:]
	}
	return out, nil
}

// DecodePortStats reads the body of port statistics (section 7.3.5).
func (V15) DecodePortStats(body []byte) (out []flow.PortStat, err error) {
	const fixed = 80
	err = entries("ofp_port_stats", body, fixed, func(b []byte) error {
		out = append(out, flow.PortStat{
			Port:      binary.BigEndian.Uint32(b[4:]),
			RxPackets: counted(b[16:]), TxPackets: counted(b[24:]),
			RxBytes: counted(b[32:]), TxBytes: counted(b[40:]),
			RxDropped: counted(b[48:]), TxDropped: counted(b[56:]),
		})
		return properties("ofp_port_stats", b[fixed:], ignore)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

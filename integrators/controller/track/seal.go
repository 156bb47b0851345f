package track

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"sendim/core/model"
	"sendim/core/packet"
)

// oui and subtype are of the part of a frame of LLDP that only we can write: an address
// block for local use. house are the Ethernet addresses that we send from.
const (
	oui     = 0x02534e
	subtype = 2
	house   = packet.MAC(0x02534e) << 24
	housed  = packet.MAC(0xffffff) << 24
)

// ours says that an Ethernet address is one that probes come from.
func ours(m packet.MAC) bool { return m&housed == house }

// seal signs LLDP, so that nobody else can write any.
type seal struct{ key [32]byte }

// note is what LLDP says: where it was sent, and when.
type note struct {
	dpid uint64
	port uint32
	sent model.Time
}

const sealed = 8 + 16 // time and signature

func (s *seal) sign(n note) []byte {
	var said [20]byte
	binary.BigEndian.PutUint64(said[:], n.dpid)
	binary.BigEndian.PutUint32(said[8:], n.port)
	binary.BigEndian.PutUint64(said[12:], uint64(n.sent))
	h := hmac.New(sha256.New, s.key[:])
	h.Write(said[:]) //nolint:errcheck // a hash takes everything
	return append(said[12:20:20], h.Sum(nil)[:16]...)
}

// frame is LLDP as it leaves a port.
func (s *seal) frame(n note) []byte {
	pdu, err := packet.AppendLLDP(nil, packet.LLDP{ChassisID: fmt.Sprintf("dpid:%016x", n.dpid), PortID: strconv.FormatUint(uint64(n.port), 10), TTL: 120,
		Custom: []packet.TLV{{OUI: oui, Subtype: subtype, Value: s.sign(n)}}})
	if err != nil {
		return nil // there is nothing in it that does not fit
	}
	return packet.AppendPadded(nil, packet.LLDPHeader(house|packet.MAC(n.port&0xffffff)), pdu)
}

// read says who sent LLDP. It is false for what is not ours, whose sender is then named.
func (s *seal) read(frame []byte) (n note, stranger string, ok bool) {
	_, l, _ := packet.Decode(frame)
	if l.Payload > len(frame) {
		return n, "", false
	}
	p, err := packet.DecodeLLDP(frame[l.Payload:])
	if err != nil {
		return n, "", false
	}
	for _, c := range p.Custom {
		if c.OUI != oui || c.Subtype != subtype || len(c.Value) != sealed {
			continue
		}
		port, err := strconv.ParseUint(p.PortID, 10, 32)
		if err != nil {
			return n, "", false
		}
		dpid, err := strconv.ParseUint(strings.TrimPrefix(p.ChassisID, "dpid:"), 16, 64)
		if err != nil {
			return n, "", false
		}
		n = note{dpid, uint32(port), model.Time(binary.BigEndian.Uint64(c.Value))}
		return n, "", hmac.Equal(s.sign(n), c.Value)
	}
	return n, clip(p.ChassisID), false
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 64)], "?") }

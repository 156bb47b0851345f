package probe

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
// block for local use.
const (
	oui     = 0x02534e
	subtype = 2
)

// House and HouseMask are the Ethernet addresses that probes are sent from.
const (
	House     = packet.MAC(0x02534e) << 24
	HouseMask = packet.MAC(0xffffff) << 24
)

// Ours says that an Ethernet address is one that probes come from.
func Ours(m packet.MAC) bool { return m&HouseMask == House }

// Address is that which probes of a port come from.
func Address(port uint32) packet.MAC { return House | packet.MAC(port&0xffffff) }

// Seal signs LLDP, so that nobody else can write any.
type Seal struct{ Key [32]byte }

// Note is what a probe says: where it was sent, and when by the clock of whoever sent it.
type Note struct {
	DPID uint64
	Port uint32
	Sent model.Time
}

const sealed = 8 + 16 // time and signature

func (s *Seal) sign(n Note) []byte {
	var said [20]byte
	binary.BigEndian.PutUint64(said[:], n.DPID)
	binary.BigEndian.PutUint32(said[8:], n.Port)
	binary.BigEndian.PutUint64(said[12:], uint64(n.Sent))
	h := hmac.New(sha256.New, s.Key[:])
	h.Write(said[:]) //nolint:errcheck // a hash takes everything
	return append(said[12:20:20], h.Sum(nil)[:16]...)
}

// Frame is a probe as it leaves a port.
func (s *Seal) Frame(n Note) []byte {
	pdu, err := packet.AppendLLDP(nil, packet.LLDP{ChassisID: fmt.Sprintf("dpid:%016x", n.DPID), PortID: strconv.FormatUint(uint64(n.Port), 10), TTL: 120,
		Custom: []packet.TLV{{OUI: oui, Subtype: subtype, Value: s.sign(n)}}})
	if err != nil {
		return nil // there is nothing in it that does not fit
	}
	return packet.AppendPadded(nil, packet.LLDPHeader(Address(n.Port)), pdu)
}

// Read says who sent LLDP. It is false for what was not signed with this key; whoever
// speaks LLDP of another kind is then named as he names himself, cut short.
func (s *Seal) Read(frame []byte) (n Note, stranger string, ok bool) {
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
		n = Note{dpid, uint32(port), model.Time(binary.BigEndian.Uint64(c.Value))}
		return n, clip(p.ChassisID), hmac.Equal(s.sign(n), c.Value)
	}
	return n, clip(p.ChassisID), false
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 64)], "?") }

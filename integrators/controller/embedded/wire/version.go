package wire

import (
	"encoding/binary"
	"fmt"
	"slices"

	"antrea.io/libOpenflow/common"

	"sendim/core/flow"
)

// Version is a version of OpenFlow by its number on the wire.
type Version uint8

// The versions that there is a Dialect for.
const (
	Version13 Version = 4
	Version15 Version = 6
)

// String is how people call a version: 1.3.
func (v Version) String() string { return fmt.Sprintf("1.%d", int(v)-1) }

// Dialect is a version of OpenFlow: what it writes and reads otherwise than the others.
// What all versions have alike are the functions of this package.
type Dialect interface {
	Version() Version

	RuleMod(xid uint32, m *flow.RuleMod) ([]byte, error)
	GroupMod(xid uint32, m *flow.GroupMod) ([]byte, error)
	MeterMod(xid uint32, m *flow.MeterMod) ([]byte, error)
	PacketOut(xid uint32, p *flow.PacketOut) ([]byte, error)
	// Release writes the packet-out that sends a packet which the switch itself has kept;
	// without actions, it lets go of it.
	Release(xid uint32, buffer uint32, p *flow.PacketOut) ([]byte, error)
	// SetAsync asks for every packet that a rule sends up or that has come to the end of its
	// time to live, which switches may keep to themselves.
	SetAsync(xid uint32) []byte
	// Request asks for everything of a kind.
	Request(xid uint32, kind Part) ([]byte, error)
	// DeleteStrange deletes exactly that rule.
	DeleteStrange(xid uint32, s *Strange) []byte
	// BundleOpen begins a bundle; number is its name on this connection.
	BundleOpen(xid, number uint32) []byte
	BundleAdd(number uint32, m Message) ([]byte, error)
	// BundleCommit brings a bundle into force.
	BundleCommit(xid, number uint32) []byte

	// BundleCommitted says whether a message is the answer to a commit that succeeded.
	BundleCommitted(m Message) bool
	// DecodeRoleStatus reads the message by which a switch says that it has changed its
	// controller's role by itself; false for any other message.
	DecodeRoleStatus(m Message) (Role, bool)
	DecodePacketIn(m Message) (PacketIn, error)
	// DecodeFlowRemoved says too whether flow knows all fields of the match.
	DecodeFlowRemoved(m Message) (r Removed, known bool, err error)
	DecodePortStatus(m Message) (flow.PortState, PortReason, error)
	DecodePorts(body []byte) ([]flow.PortState, error)
	DecodePortStats(body []byte) ([]flow.PortStat, error)
	DecodeQueues(body []byte) ([]QueueStat, error)
	// DecodeRules leaves rules out that flow has no words for, and tells them apart.
	DecodeRules(body []byte) ([]flow.RuleStat, []Strange, error)
	// DecodeGroups gives too the numbers of groups that flow has no words for.
	DecodeGroups(body []byte) (out []flow.Group, foreign []uint32, err error)
}

// V13 is OpenFlow 1.3, with the extensions that the Open Networking Foundation gave it.
type V13 struct{}

// V15 is OpenFlow 1.5. Section numbers are those of the specification 1.5.1.
type V15 struct{}

var (
	_ Dialect = V13{}
	_ Dialect = V15{}
)

// Version is 1.3's number.
func (V13) Version() Version { return Version13 }

// Version is 1.5's number.
func (V15) Version() Version { return Version15 }

// Of gives the dialect of a version; false where there is none.
func Of(v Version) (Dialect, bool) {
	switch v {
	case Version13:
		return V13{}, true
	case Version15:
		return V15{}, true
	}
	return nil, false
}

// Hello writes a hello that offers these versions, of which there is one at least
// (section 7.5.1): the highest in its header, all of them in its bitmap.
func Hello(xid uint32, versions []Version) ([]byte, error) {
	h, err := common.NewHello(int(Version13))
	if err != nil {
		return nil, err
	}
	h.Version, h.Xid = uint8(slices.Max(versions)), xid
	offer := common.NewHelloElemVersionBitmap()
	offer.Bitmaps = []uint32{0}
	for _, v := range versions {
		offer.Bitmaps[0] |= 1 << v
	}
	h.Elements = []common.HelloElem{offer}
	return h.MarshalBinary()
}

// Agree finds the version to speak with the sender of a hello, who heard that these are
// offered to it (section 6.3.1): the highest that both have in their bitmaps, or where
// the sender has none the lower one of the two headers. 0 is none.
func Agree(m Message, offered []Version) (Version, error) {
	if m.Type() != TypeHello {
		return 0, bad("ofp_hello", "the first message has type %d", m.Type())
	}
	highest := slices.Max(offered)
	for b := m.body(); len(b) > 0; {
		if len(b) < 4 {
			return 0, short("ofp_hello_elem_header", len(b), 4)
		}
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return 0, bad("ofp_hello_elem_header", "says %d bytes where there are %d", n, len(b))
		}
		if kind == common.HelloElemType_VersionBitmap && n >= 8 {
			has := binary.BigEndian.Uint32(b[4:])
			best := Version(0)
			for _, v := range offered {
				if has&(1<<v) != 0 {
					best = max(best, v)
				}
			}
			return best, nil
		}
		b = b[min((n+7)/8*8, len(b)):]
	}
	if v := min(m.Version(), highest); slices.Contains(offered, v) {
		return v, nil
	}
	return 0, nil
}

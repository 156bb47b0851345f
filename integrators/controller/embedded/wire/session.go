package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// The messages that open a session and keep it.

// bare is a message of a header alone.
func bare(v Version, kind Type, xid uint32) []byte {
	b := []byte{uint8(v), uint8(kind), 0, headerLength, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(b[4:], xid)
	return b
}

// HelloFailed writes the error for a peer that speaks none of the versions that were
// offered to it (section 6.3.1); text is for people.
func HelloFailed(v Version, xid uint32, text string) []byte {
	b := bare(v, TypeError, xid)
	b = append(b, 0, of.ET_HELLO_FAILED, 0, of.HFC_INCOMPATIBLE)
	return fit(append(b, text...))
}

// FeaturesRequest writes a features request (section 7.3.1).
func FeaturesRequest(v Version, xid uint32) []byte { return bare(v, TypeFeaturesRequest, xid) }

// Features is what a switch says about itself.
type Features struct {
	DPID      uint64
	Tables    uint8
	Auxiliary uint8 // 0 on the main connection
}

// DecodeFeatures reads a features reply.
func DecodeFeatures(m Message) (f Features, err error) {
	if len(m.body()) < 24 {
		return f, short("ofp_switch_features", len(m.body()), 24)
	}
	err = Guard("ofp_switch_features", func() error {
		r := of.NewFeaturesReply()
		if err := r.UnmarshalBinary(m[:headerLength+24]); err != nil { // ports were 1.0's
			return err
		}
		f = Features{DPID: binary.BigEndian.Uint64(r.DPID), Tables: r.NumTables, Auxiliary: r.AuxilaryId}
		return nil
	})
	return f, err
}

// SetConfig writes a set-config: fragments as they come, and whole packets on a miss
// (section 7.3.2).
func SetConfig(v Version, xid uint32) []byte {
	b := binary.BigEndian.AppendUint16(bare(v, TypeSetConfig, xid), of.C_FRAG_NORMAL)
	return fit(binary.BigEndian.AppendUint16(b, noBuffer))
}

// allReasons are OFPR_NO_MATCH (a miss), OFPR_ACTION and OFPR_INVALID_TTL; 1.5 tells
// actions apart by three more.
const allReasons = 1<<flow.ReasonNoMatch | 1<<flow.ReasonAction | 1<<flow.ReasonInvalidTTL

// SetAsync writes a set-async (section 7.3.10). It says everything at once: of ports and of
// rules a master hears all, a slave of ports, as the specification's defaults have it.
func (V13) SetAsync(xid uint32) []byte {
	const allPorts, allEnds = 1<<3 - 1, 1<<4 - 1
	b := bare(Version13, TypeSetAsync, xid)
	for _, mask := range []uint32{allReasons, 0, allPorts, allPorts, allEnds, 0} { // master and slave in turn
		b = binary.BigEndian.AppendUint32(b, mask)
	}
	return fit(b)
}

// EchoRequest and BarrierRequest are bare headers (sections 7.5.2 and 7.3.8).
func EchoRequest(v Version, xid uint32) []byte { return bare(v, TypeEchoRequest, xid) }

// BarrierRequest asks for a reply when everything before it is in force.
func BarrierRequest(v Version, xid uint32) []byte { return bare(v, TypeBarrierRequest, xid) }

// EchoReply answers an echo request with its own payload (section 7.5.3).
func EchoReply(request Message) []byte {
	out := append([]byte(nil), request...)
	out[1] = uint8(TypeEchoReply)
	return out
}

// Role is a controller's part at a switch (section 7.3.9).
type Role uint32

// The roles.
const (
	RoleNoChange Role = iota
	RoleEqual
	RoleMaster
	RoleSlave
)

// RoleRequest asks for a role. generation orders claims to be master: one older than a
// switch has seen is refused. 1.5's short id of the controller stays undefined: nobody
// here tells controllers apart by it.
func RoleRequest(v Version, xid uint32, r Role, generation uint64) []byte {
	b := binary.BigEndian.AppendUint32(bare(v, TypeRoleRequest, xid), uint32(r))
	b = append(b, 0, 0, 0, 0)
	return fit(binary.BigEndian.AppendUint64(b, generation))
}

// onf is the Open Networking Foundation's experimenter number. What it added to 1.3 before
// there was a 1.4 are messages of that experimenter.
const onf = 0x4f4e4600

// NoGeneration is the generation of a switch that nobody has claimed yet (section 7.3.9).
const NoGeneration = 1<<64 - 1

// DecodeRoleStatus reads the message by which a switch says that it has changed its
// controller's role by itself (extension 191, as 1.4's section 7.4.4); false for any other
// message.
func (V13) DecodeRoleStatus(m Message) (Role, bool) {
	b := m.body()
	if m.Type() != TypeExperimenter || len(b) < 12 || binary.BigEndian.Uint32(b) != onf || binary.BigEndian.Uint32(b[4:]) != 1911 {
		return 0, false
	}
	return Role(binary.BigEndian.Uint32(b[8:])), true
}

// DecodeRole reads a role reply.
func DecodeRole(m Message) (r Role, generation uint64, err error) {
	b := m.body()
	if len(b) < 16 {
		return 0, 0, short("ofp_role_request", len(b), 16)
	}
	return Role(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint64(b[8:]), nil
}

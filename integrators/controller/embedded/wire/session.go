package wire

import (
	"encoding/binary"

	"antrea.io/libOpenflow/common"
	of "antrea.io/libOpenflow/openflow13"
	"antrea.io/libOpenflow/util"
)

// The messages that open a session and keep it.

func bare(kind Type, xid uint32) []byte {
	h := common.Header{Version: Version, Type: uint8(kind), Length: headerLength, Xid: xid}
	b, _ := h.MarshalBinary() // eight bytes, no way to fail
	return b
}

// Hello writes a hello that offers version 1.3 alone (section 7.5.1).
func Hello(xid uint32) ([]byte, error) {
	h, err := common.NewHello(Version)
	if err != nil {
		return nil, err
	}
	h.Xid = xid
	versions := common.NewHelloElemVersionBitmap()
	versions.Bitmaps = []uint32{1 << Version}
	h.Elements = []common.HelloElem{versions}
	return h.MarshalBinary()
}

// Speaks reports whether the sender of a hello offers version 1.3 (section 6.3.1): in
// its bitmap where it has one, else by the version of its header, the highest it knows.
func Speaks(m Message) (bool, error) {
	if m.Type() != TypeHello {
		return false, bad("ofp_hello", "the first message has type %d", m.Type())
	}
	for b := m.body(); len(b) > 0; {
		if len(b) < 4 {
			return false, short("ofp_hello_elem_header", len(b), 4)
		}
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return false, bad("ofp_hello_elem_header", "says %d bytes where there are %d", n, len(b))
		}
		if kind == common.HelloElemType_VersionBitmap && n >= 8 {
			return binary.BigEndian.Uint32(b[4:])&(1<<Version) != 0, nil
		}
		b = b[min((n+7)/8*8, len(b)):]
	}
	return m.Version() >= Version, nil
}

// HelloFailed writes the error for a peer that does not speak version 1.3 (section
// 6.3.1); text is for people.
func HelloFailed(xid uint32, text string) ([]byte, error) {
	e := of.NewErrorMsg()
	e.Header = common.Header{Version: Version, Type: uint8(TypeError), Xid: xid}
	e.Type, e.Code = of.ET_HELLO_FAILED, of.HFC_INCOMPATIBLE
	e.Data = *util.NewBuffer([]byte(text))
	e.Header.Length = e.Len()
	return e.MarshalBinary()
}

// FeaturesRequest writes a features request (section 7.3.1).
func FeaturesRequest(xid uint32) []byte { return bare(TypeFeaturesRequest, xid) }

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
func SetConfig(xid uint32) ([]byte, error) {
	c := of.NewSetConfig()
	c.Xid, c.Flags, c.MissSendLen = xid, of.C_FRAG_NORMAL, noBuffer
	return c.MarshalBinary()
}

// EchoRequest and BarrierRequest are bare headers (sections 7.5.2 and 7.3.8).
func EchoRequest(xid uint32) []byte { return bare(TypeEchoRequest, xid) }

// BarrierRequest asks for a reply when everything before it is in force.
func BarrierRequest(xid uint32) []byte { return bare(TypeBarrierRequest, xid) }

// EchoReply answers an echo request with its own payload (section 7.5.3).
func EchoReply(request Message) []byte {
	out := append([]byte(nil), request...)
	out[0], out[1] = Version, uint8(TypeEchoReply)
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
// switch has seen is refused.
func RoleRequest(xid uint32, r Role, generation uint64) []byte {
	return roleMessage(TypeRoleRequest, xid, r, generation)
}

func roleMessage(kind Type, xid uint32, r Role, generation uint64) []byte {
	b := bare(kind, xid)
	b = binary.BigEndian.AppendUint32(b, uint32(r))
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, generation)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// onf is the Open Networking Foundation's experimenter number. What it added to 1.3 before
// there was a 1.4 are messages of that experimenter.
const onf = 0x4f4e4600

// NoGeneration is the generation of a switch that nobody has claimed yet (section 7.3.9).
const NoGeneration = 1<<64 - 1

// DecodeRoleStatus reads the message by which a switch says that it has changed its
// controller's role by itself (extension 191, as 1.4's section 7.4.4); false for any other
// message.
func DecodeRoleStatus(m Message) (Role, bool) {
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

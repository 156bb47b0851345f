package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"
)

// In 1.5 bundles (section 7.3.9) and role status (section 7.4.4) are messages like others,
// with the bodies that the extensions to 1.3 took from it.

// BundleOpen begins a bundle.
func (V15) BundleOpen(xid, number uint32) []byte {
	return bundleBody(bare(Version15, TypeBundleControl, xid), number, of.OFPBCT_OPEN_REQUEST)
}

// BundleCommit brings a bundle into force.
func (V15) BundleCommit(xid, number uint32) []byte {
	return bundleBody(bare(Version15, TypeBundleControl, xid), number, of.OFPBCT_COMMIT_REQUEST)
}

// BundleAdd puts a message into a bundle. A message that is too long for it is an *Error.
func (V15) BundleAdd(number uint32, m Message) ([]byte, error) {
	return bundleMessage(bare(Version15, TypeBundleAdd, m.Xid()), number, m)
}

// BundleCommitted says whether a message is the answer to a commit that succeeded.
func (V15) BundleCommitted(m Message) bool {
	b := m.body()
	return m.Type() == TypeBundleControl && len(b) >= 8 && binary.BigEndian.Uint16(b[4:]) == of.OFPBCT_COMMIT_REPLY
}

// DecodeRoleStatus reads a role status.
func (V15) DecodeRoleStatus(m Message) (Role, bool) {
	b := m.body()
	if m.Type() != TypeRoleStatus || len(b) < 16 {
		return 0, false
	}
	return Role(binary.BigEndian.Uint32(b)), true
}

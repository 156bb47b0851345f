package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"
)

// Bundles are 1.4's (its section 6.8), which switches offer in 1.3 as extension 230:
// messages of the same experimenter, with the same bodies. Messages of a bundle are
// checked when they are committed and come into force together or not at all.

const bundleFlags = of.OFPBCT_ATOMIC | of.OFPBCT_ORDERED

// BundleOpen begins a bundle. number is its name on this connection.
func (V13) BundleOpen(xid, number uint32) []byte {
	return bundleBody(experiment(xid, of.Type_BundleCtrl), number, of.OFPBCT_OPEN_REQUEST)
}

// BundleCommit brings a bundle into force.
func (V13) BundleCommit(xid, number uint32) []byte {
	return bundleBody(experiment(xid, of.Type_BundleCtrl), number, of.OFPBCT_COMMIT_REQUEST)
}

func bundleBody(b []byte, number uint32, what uint16) []byte {
	b = binary.BigEndian.AppendUint32(b, number)
	b = binary.BigEndian.AppendUint16(b, what)
	return fit(binary.BigEndian.AppendUint16(b, bundleFlags))
}

// BundleAdd puts a message into a bundle. A message that is too long for it is an *Error.
func (V13) BundleAdd(number uint32, m Message) ([]byte, error) {
	return bundleMessage(experiment(m.Xid(), of.Type_BundleAdd), number, m)
}

// bundleMessage writes the rest of a message that puts another into a bundle, whose
// transaction id it has, as the specification says.
func bundleMessage(b []byte, number uint32, m Message) ([]byte, error) {
	b = binary.BigEndian.AppendUint32(b, number)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, bundleFlags)
	if len(b)+len(m) > MaxMessage {
		return nil, bad("ofp_bundle_add_msg", "a message of %d bytes does not fit into a bundle", len(m))
	}
	return fit(append(b, m...)), nil
}

func experiment(xid, what uint32) []byte {
	b := binary.BigEndian.AppendUint32(bare(Version13, TypeExperimenter, xid), onf)
	return binary.BigEndian.AppendUint32(b, what)
}

// fit writes a message's length into its header.
func fit(b []byte) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// BundleCommitted says whether a message is the answer to a commit that succeeded.
func (V13) BundleCommitted(m Message) bool {
	b := m.body()
	return m.Type() == TypeExperimenter && len(b) >= 16 && binary.BigEndian.Uint32(b) == onf &&
		binary.BigEndian.Uint32(b[4:]) == of.Type_BundleCtrl && binary.BigEndian.Uint16(b[12:]) == of.OFPBCT_COMMIT_REPLY
}

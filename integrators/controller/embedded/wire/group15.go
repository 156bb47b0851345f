package wire

import (
	"encoding/binary"

	"sendim/core/flow"
)

// allBuckets says that a group-mod is about the group as a whole (OFPG_BUCKET_ALL).
const allBuckets = 0xffffffff

// Properties of buckets (ofp_group_bucket_prop_type, section 7.3.4.3).
const (
	bucketWeight     = 0
	bucketWatchPort  = 1
	bucketWatchGroup = 2
)

// GroupMod writes a group-mod (section 7.3.4.3); buckets are numbered in their order. A
// group that names what has no number yet, or that does not fit into one message, is an
// *Error.
func (V15) GroupMod(xid uint32, m *flow.GroupMod) ([]byte, error) {
	command, err := tableCommand("ofp_group_mod", m.Command)
	if err != nil {
		return nil, err
	}
	g := &m.Group
	if g.Number == 0 {
		return nil, bad("ofp_group_mod", "group %q has no number yet", g.Name)
	}
	b := binary.BigEndian.AppendUint16(bare(Version15, TypeGroupMod, xid), command)
	b = append(b, uint8(g.Type), 0)
	b = binary.BigEndian.AppendUint32(b, g.Number)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, allBuckets)
	start := len(b)
	if m.Command != flow.Delete && m.Command != flow.DeleteStrict {
		for i := range g.Buckets {
			if b, err = appendBucket(b, uint32(i), g.Type, &g.Buckets[i]); err != nil {
				return nil, err
			}
			if len(b) > MaxMessage {
				return nil, bad("ofp_group_mod", "the group takes more than the %d bytes of one message", MaxMessage)
			}
		}
	}
	binary.BigEndian.PutUint16(b[start-8:], uint16(len(b)-start))
	return fit(b), nil
}

func appendBucket(b []byte, id uint32, kind flow.GroupType, from *flow.Bucket) (_ []byte, err error) {
	start := len(b)
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0), id)
	if b, err = appendActions(b, from.Actions); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-8))
	if kind == flow.Select || from.Weight != 0 { // without it a switch may take 1 for granted
		b = binary.BigEndian.AppendUint16(append(b, 0, bucketWeight, 0, 8), from.Weight)
		b = append(b, 0, 0)
	}
	if port := orAny(from.WatchPort); port != flow.PortAny {
		b = binary.BigEndian.AppendUint32(append(b, 0, bucketWatchPort, 0, 8), port)
	}
	if group := orAny(from.WatchGroup); group != flow.GroupAny {
		b = binary.BigEndian.AppendUint32(append(b, 0, bucketWatchGroup, 0, 8), group)
	}
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start))
	return b, nil
}

// MeterMod writes a meter-mod with one drop band (section 7.3.4.5), which is 1.3's.
func (V15) MeterMod(xid uint32, m *flow.MeterMod) ([]byte, error) {
	b, err := V13{}.MeterMod(xid, m)
	if err == nil {
		b[0] = uint8(Version15)
	}
	return b, err
}

// DecodeGroups reads the body of group descriptions (section 7.3.5).
func (V15) DecodeGroups(body []byte) (out []flow.Group, foreign []uint32, err error) {
	const fixed = 16
	err = entries("ofp_group_desc", body, fixed, func(b []byte) error {
		g := flow.Group{Type: flow.GroupType(b[2]), Number: binary.BigEndian.Uint32(b[4:])}
		n := int(binary.BigEndian.Uint16(b[8:]))
		if n > len(b)-fixed {
			return bad("ofp_group_desc", "says %d bytes of buckets where there are %d", n, len(b)-fixed)
		}
		known := g.Type <= flow.FastFailover
		err := entries("ofp_bucket", b[fixed:fixed+n], 8, func(b []byte) error {
			bucket, ok, err := decodeBucket15(b, g.Type)
			g.Buckets, known = append(g.Buckets, bucket), known && ok
			return err
		})
		if err != nil {
			return err
		}
		// Properties of a group are experimenters' alone.
		if err := properties("ofp_group_desc", b[fixed+n:], func(uint16, []byte) error { known = false; return nil }); err != nil {
			return err
		}
		if known {
			out = append(out, g)
		} else {
			foreign = append(foreign, g.Number)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return out, foreign, nil
}

// decodeBucket15 reads one ofp_bucket, whose length is checked. Its number says nothing
// here: buckets stand in their order.
func decodeBucket15(b []byte, kind flow.GroupType) (out flow.Bucket, known bool, err error) {
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b)-8 {
		return out, false, bad("ofp_bucket", "says %d bytes of actions where there are %d", n, len(b)-8)
	}
	if out.Actions, known, err = decodeActions(b[8 : 8+n]); err != nil {
		return out, false, err
	}
	if kind == flow.Select {
		out.Weight = 1
	}
	err = properties("ofp_bucket", b[8+n:], func(kind uint16, p []byte) error {
		if kind > bucketWatchGroup {
			known = false
			return nil
		}
		if len(p) != 4 {
			return bad("ofp_group_bucket_prop", "of type %d has %d bytes, not 8", kind, 4+len(p))
		}
		switch kind {
		case bucketWeight:
			out.Weight = binary.BigEndian.Uint16(p)
		case bucketWatchPort:
			out.WatchPort = zeroIfAny(binary.BigEndian.Uint32(p))
		case bucketWatchGroup:
			out.WatchGroup = zeroIfAny(binary.BigEndian.Uint32(p))
		}
		return nil
	})
	return out, known, err
}

// properties walks over a list of properties (ofp_port_desc_prop_header and its like): type, length without the
// padding to eight bytes, and the payload, which is what each is given.
func properties(what string, b []byte, each func(kind uint16, payload []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return short(what+" property", len(b), 4)
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		padded := (n + 7) &^ 7
		if n < 4 || padded > len(b) {
			return bad(what+" property", "says %d bytes where there are %d", n, len(b))
		}
		if err := each(binary.BigEndian.Uint16(b), b[4:n]); err != nil {
			return err
		}
		b = b[padded:]
	}
	return nil
}

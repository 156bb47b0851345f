package wire

import (
	"encoding/binary"

	of "antrea.io/libOpenflow/openflow13"

	"sendim/core/flow"
)

// tableCommand is a command of groups and meters, which have no strict forms: ofp_group_mod_command
// and ofp_meter_mod_command agree in their numbers.
func tableCommand(what string, c flow.ModCommand) (uint16, error) {
	switch c {
	case flow.Add:
		return of.OFPGC_ADD, nil
	case flow.Modify, flow.ModifyStrict:
		return of.OFPGC_MODIFY, nil
	case flow.Delete, flow.DeleteStrict:
		return of.OFPGC_DELETE, nil
	}
	return 0, bad(what, "there is no command %d", c)
}

// GroupMod writes a group-mod (section 7.3.4.2). A group that names what has no number
// yet, or that does not fit into one message, is an *Error.
func (V13) GroupMod(xid uint32, m *flow.GroupMod) (out []byte, err error) {
	err = Guard("ofp_group_mod", func() error {
		out, err = groupMod(xid, m)
		return err
	})
	return out, err
}

func groupMod(xid uint32, m *flow.GroupMod) (out []byte, err error) {
	g := of.NewGroupMod()
	g.Xid = xid
	if g.Command, err = tableCommand("ofp_group_mod", m.Command); err != nil {
		return nil, err
	}
	if m.Group.Number == 0 {
		return nil, bad("ofp_group_mod", "group %q has no number yet", m.Group.Name)
	}
	g.Type, g.GroupId = uint8(m.Group.Type), m.Group.Number
	if g.Command == of.OFPGC_DELETE {
		return g.MarshalBinary()
	}
	size := headerLength + 8
	for i := range m.Group.Buckets {
		from := &m.Group.Buckets[i]
		b := of.NewBucket()
		b.Weight, b.WatchPort, b.WatchGroup = from.Weight, orAny(from.WatchPort), orAny(from.WatchGroup)
		actions, n, err := encodeActions(from.Actions)
		if err != nil {
			return nil, err
		}
		b.Actions = actions
		if size += 16 + n; size > MaxMessage {
			return nil, bad("ofp_group_mod", "the group takes more than the %d bytes of one message", MaxMessage)
		}
		g.AddBucket(*b)
	}
	return g.MarshalBinary()
}

// MeterMod writes a meter-mod with one drop band (section 7.3.4.4).
func (V13) MeterMod(xid uint32, m *flow.MeterMod) (out []byte, err error) {
	err = Guard("ofp_meter_mod", func() error {
		out, err = meterMod(xid, m)
		return err
	})
	return out, err
}

func meterMod(xid uint32, m *flow.MeterMod) (out []byte, err error) {
	o := of.NewMeterMod()
	o.Xid = xid
	if o.Command, err = tableCommand("ofp_meter_mod", m.Command); err != nil {
		return nil, err
	}
	if m.Meter.Number == 0 {
		return nil, bad("ofp_meter_mod", "meter %q has no number yet", m.Meter.Name)
	}
	o.MeterId = m.Meter.Number
	if o.Command == of.OFPMC_DELETE {
		return o.MarshalBinary()
	}
	o.Flags = of.OFPMF13_KBPS | of.OFPMF13_STATS
	if m.Meter.PerPacket {
		o.Flags = of.OFPMF13_PKTPS | of.OFPMF13_STATS
	}
	if m.Meter.Burst != 0 {
		o.Flags |= of.OFPMF13_BURST
	}
	band := &of.MeterBandDrop{MeterBandHeader: *of.NewMeterBandHeader()}
	band.Type, band.Rate, band.BurstSize = of.OFPMBT13_DROP, m.Meter.Rate, m.Meter.Burst
	o.AddMeterBand(band)
	return o.MarshalBinary()
}

// decodeBuckets reads a list of ofp_bucket.
func decodeBuckets(b []byte) (out []flow.Bucket, known bool, err error) {
	known = true
	for len(b) > 0 {
		if len(b) < 16 {
			return nil, false, short("ofp_bucket", len(b), 16)
		}
		n := int(binary.BigEndian.Uint16(b))
		if n < 16 || n > len(b) {
			return nil, false, bad("ofp_bucket", "says %d bytes where there are %d", n, len(b))
		}
		bucket := flow.Bucket{Weight: binary.BigEndian.Uint16(b[2:]), WatchPort: zeroIfAny(binary.BigEndian.Uint32(b[4:])), WatchGroup: zeroIfAny(binary.BigEndian.Uint32(b[8:]))}
		var ok bool
		if bucket.Actions, ok, err = decodeActions(b[16:n]); err != nil {
			return nil, false, err
		}
		out, known, b = append(out, bucket), known && ok, b[n:]
	}
	return out, known, nil
}

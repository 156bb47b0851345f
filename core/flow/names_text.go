package flow

import "fmt"

// The words for the enumerations, by number. Read only.
var (
	groupTypeNames = [...]string{"all", "select", "indirect", "fast-failover"}
	removedNames   = [...]string{"idle", "hard", "delete", "group-delete", "meter-delete"}
	packetInNames  = [...]string{"no-match", "action", "invalid-ttl"}
	commandNames   = [...]string{"add", "modify", "modify-strict", "delete", "delete-strict"}
)

func nameOf[T ~uint8](v T, kind string, names []string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", kind, uint8(v))
}

func marshalName[T ~uint8](v T, kind string, names []string) ([]byte, error) {
	if int(v) < len(names) {
		return []byte(names[v]), nil
	}
	return nil, fmt.Errorf("flow: there is no %s %d", kind, uint8(v))
}

func unmarshalName[T ~uint8](v *T, text []byte, kind string, names []string) error {
	for i, name := range names {
		if name == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("flow: %q is no %s: one of %v", text, kind, names)
}

// String is the type's name: all, select, indirect or fast-failover.
func (t GroupType) String() string { return nameOf(t, "group type", groupTypeNames[:]) }

// MarshalText returns the text of [GroupType.String].
func (t GroupType) MarshalText() ([]byte, error) {
	return marshalName(t, "group type", groupTypeNames[:])
}

// UnmarshalText is the inverse of [GroupType.MarshalText].
func (t *GroupType) UnmarshalText(text []byte) error {
	return unmarshalName(t, text, "group type", groupTypeNames[:])
}

// String is the reason's name: idle, hard, delete, group-delete or meter-delete.
func (r RemovedReason) String() string { return nameOf(r, "reason", removedNames[:]) }

// MarshalText returns the text of [RemovedReason.String].
func (r RemovedReason) MarshalText() ([]byte, error) {
	return marshalName(r, "reason of removal", removedNames[:])
}

// UnmarshalText is the inverse of [RemovedReason.MarshalText].
func (r *RemovedReason) UnmarshalText(text []byte) error {
	return unmarshalName(r, text, "reason of removal", removedNames[:])
}

// String is the reason's name: no-match, action or invalid-ttl.
func (r PacketInReason) String() string { return nameOf(r, "reason", packetInNames[:]) }

// MarshalText returns the text of [PacketInReason.String].
func (r PacketInReason) MarshalText() ([]byte, error) {
	return marshalName(r, "reason of a packet-in", packetInNames[:])
}

// UnmarshalText is the inverse of [PacketInReason.MarshalText].
func (r *PacketInReason) UnmarshalText(text []byte) error {
	return unmarshalName(r, text, "reason of a packet-in", packetInNames[:])
}

// String is the command's name: add, modify, modify-strict, delete or delete-strict.
func (c ModCommand) String() string { return nameOf(c, "command", commandNames[:]) }

// MarshalText returns the text of [ModCommand.String].
func (c ModCommand) MarshalText() ([]byte, error) {
	return marshalName(c, "command", commandNames[:])
}

// UnmarshalText is the inverse of [ModCommand.MarshalText].
func (c *ModCommand) UnmarshalText(text []byte) error {
	return unmarshalName(c, text, "command", commandNames[:])
}

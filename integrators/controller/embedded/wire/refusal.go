package wire

import (
	"fmt"
	"strings"
	"unicode"

	of "antrea.io/libOpenflow/openflow13"
)

// Refusal is an error message of a switch (section 7.4.4). Its numbers are the same in
// both versions; 1.5 has more of them.
type Refusal struct {
	Xid        uint32 // of the message refused
	Type, Code uint16
	Request    Type   // of the message refused, where its beginning was sent along
	Text       string // of a hello that failed
}

// DecodeError reads an error message.
func DecodeError(m Message) (r Refusal, err error) {
	if len(m.body()) < 4 {
		return r, short("ofp_error_msg", len(m.body()), 4)
	}
	err = Guard("ofp_error_msg", func() error {
		e := of.NewErrorMsg()
		if err := e.UnmarshalBinary(m); err != nil {
			return err
		}
		r = Refusal{Xid: e.Xid, Type: e.Type, Code: e.Code}
		data := e.Data.Bytes()
		switch {
		case e.Type == of.ET_HELLO_FAILED:
			r.Text = plain(data)
		case len(data) >= 2:
			r.Request = Type(data[1])
		}
		return nil
	})
	return r, err
}

// plain is a stranger's text for people: a line of it, and nothing that a terminal obeys.
func plain(data []byte) string {
	const most = 200
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(string(data[:min(len(data), most)]), "?"))
}

// Slave says that the switch has another master, from whom alone it takes orders.
func (r Refusal) Slave() bool { return r.Type == of.ET_BAD_REQUEST && r.Code == 10 }

// Stale says that a role was claimed with a generation older than one that was seen.
func (r Refusal) Stale() bool { return r.Type == of.ET_ROLE_REQUEST_FAILED && r.Code == 0 }

// Unkept says that the switch has not, or no longer, the packet that a packet-out named.
func (r Refusal) Unkept() bool { return r.Type == of.ET_BAD_REQUEST && (r.Code == 7 || r.Code == 8) }

// Reason says in words what the switch had against it: the names of type and code.
func (r Refusal) Reason() string {
	name, codes := errorNames(r.Type)
	if name == "" {
		return fmt.Sprintf("error type %d code %d", r.Type, r.Code)
	}
	code := fmt.Sprintf("code %d", r.Code)
	if int(r.Code) < len(codes) && codes[r.Code] != "" {
		code = codes[r.Code]
	}
	if r.Text != "" {
		return name + ": " + code + ": " + r.Text
	}
	return name + ": " + code
}

// errorNames gives the words for a type and its codes, in the order of their numbers:
// ofp_error_type and the enums below it.
func errorNames(t uint16) (name string, codes []string) {
	words := func(s string) []string { return strings.Split(s, "|") }
	switch t {
	case of.ET_HELLO_FAILED:
		return "hello failed", words("no common version|not permitted")
	case of.ET_BAD_REQUEST:
		return "bad request", words("version not supported|type not supported|multipart kind not supported|experimenter unknown|experimenter type unknown|not permitted|wrong length|" +
			"buffer already used|buffer unknown|no such table|the controller is a slave here|no such port|packet not understood|too many multipart requests|the rest of a multipart request did not come|the rest of a multipart reply did not come|" +
			"bundle cannot be scheduled|pipeline field expected|reason unknown")
	case of.ET_BAD_ACTION:
		return "bad action", words("type unknown|wrong length|experimenter unknown|experimenter type unknown|no such output port|bad argument|not permitted|too many actions|" +
			"no such queue|no such group|does not fit the match|order not supported|tag not supported|field cannot be set|wrong length of a field to set|bad value of a field to set|mask of a field to set not supported|no such meter")
	case of.ET_BAD_INSTRUCTION:
		return "bad instruction", words("instruction unknown|instruction not supported by the table|no such table to go to|metadata not supported|metadata mask not supported|" +
			"experimenter unknown|experimenter type unknown|wrong length|not permitted|instruction given twice")
	case of.PET_BAD_MATCH:
		return "bad match", words("match type not supported|wrong length|tag not supported|data-link address mask not supported|network address mask not supported|" +
			"fields left open that must be given|field not supported|value not supported|mask not supported|a field lacks its prerequisite|field given twice|not permitted")
	case of.ET_FLOW_MOD_FAILED:
		return "flow-mod failed", words("reason unknown|table full|no such table|overlaps another rule|not permitted|timeout not supported|command unknown|flags not supported|" +
			"tables cannot be synchronised|priority not supported|the rule is synchronised from another")
	case of.ET_GROUP_MOD_FAILED:
		return "group-mod failed", words("group exists|invalid group|weights not supported|no room for groups|no room for buckets|groups not chained here|a port to watch is not supported|" +
			"groups would form a loop|no such group|another group leads to it|group type not supported|command unknown|bad bucket|bad port or group to watch|not permitted|no such bucket|bucket exists")
	case of.ET_PORT_MOD_FAILED:
		return "port-mod failed", words("no such port|wrong hardware address|configuration not supported|advertisement not supported|not permitted")
	case of.ET_TABLE_MOD_FAILED:
		return "table-mod failed", words("no such table|configuration not supported|not permitted")
	case of.ET_QUEUE_OP_FAILED:
		return "queue operation failed", words("no such port|no such queue|not permitted")
	case 10: // OFPET_SWITCH_CONFIG_FAILED, which the library lacks
		return "switch configuration failed", words("flags not supported|length not supported|not permitted")
	case of.ET_ROLE_REQUEST_FAILED:
		return "role request failed", words("stale generation|role change not supported|no such role|short ids not supported|short id in use")
	case of.ET_METER_MOD_FAILED:
		return "meter-mod failed", words("reason unknown|meter exists|invalid meter|no such meter|command unknown|flags not supported|rate not supported|burst not supported|" +
			"band type not supported|band value not supported|no room for meters|no room for bands")
	case of.ET_TABLE_FEATURES_FAILED:
		return "table features failed", words("no such table|bad metadata|property type unknown|wrong property length|property argument not supported|not permitted|capability not supported|too many entries asked for|features not supported|command unknown|too many tables")
	case 14: // from here on 1.4's: OFPET_BAD_PROPERTY and what follows
		return "bad property", words("type unknown|wrong length|value not supported|too many|given twice|experimenter unknown|experimenter type unknown|experimenter's value unknown|not permitted")
	case 15:
		return "asynchronous configuration failed", words("invalid mask|not supported|not permitted")
	case 16:
		return "flow monitor failed", words("reason unknown|monitor exists|invalid monitor|no such monitor|command unknown|flags not supported|no such table|bad port or group")
	case 17:
		return "bundle failed", words("reason unknown|not permitted|no such bundle|bundle exists|bundle closed|too many bundles|control type unknown|flags not supported or inconsistent|message of wrong length|" +
			"message with wrong transaction id|message not for bundles|messages do not go together|too many messages|a message failed|bundle took too long|another bundle is in progress|" +
			"scheduling not supported|scheduled too far ahead|scheduled too far back")
	}
	return "", nil
}

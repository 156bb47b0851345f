package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the canonical text of an action: output:2, output:controller:128 (the bytes
// to send), group:NAME, group:#7, group:NAME#7, set_queue:1, set_field:ipv4_dst=10.0.0.1,
// push_vlan, pop_vlan, dec_ttl, flood, next_app. Names of other than letters, digits
// and ._- are quoted as in Go.
func (a Action) String() string { return string(a.appendTo(nil)) }

func (a *Action) appendTo(b []byte) []byte {
	switch a.Type {
	case Output:
		b = append(append(b, "output:"...), portText(a.Arg)...)
		if a.MaxLen != 0 {
			b = strconv.AppendUint(append(b, ':'), uint64(a.MaxLen), 10)
		}
	case ToGroup:
		b = append(b, "group:"...)
		b = appendName(b, a.Name)
		if a.Arg != 0 || a.Name == "" {
			b = strconv.AppendUint(append(b, '#'), uint64(a.Arg), 10)
		}
	case SetQueue:
		b = strconv.AppendUint(append(b, "set_queue:"...), uint64(a.Arg), 10)
	case SetField:
		b = append(append(b, "set_field:"...), a.Field.String()...)
		b = a.Field.appendValue(append(b, '='), a.Value, a.Field.AllOnes())
	case PushVLAN:
		b = append(b, "push_vlan"...)
		if a.Arg != 0 {
			b = fmt.Appendf(b, ":0x%04x", a.Arg)
		}
	case PopVLAN:
		b = append(b, "pop_vlan"...)
	case DecTTL:
		b = append(b, "dec_ttl"...)
	case Flood:
		b = append(b, "flood"...)
	case NextApp:
		b = append(b, "next_app"...)
	default:
		b = fmt.Appendf(b, "action(%d)", uint8(a.Type))
	}
	return b
}

func appendName(b []byte, name string) []byte {
	for _, c := range []byte(name) {
		if !plainName(c) {
			return strconv.AppendQuote(b, name)
		}
	}
	return append(b, name...)
}

func plainName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}

// ParseAction is the inverse of [Action.String].
func ParseAction(text string) (Action, error) {
	verb, arg, has := strings.Cut(text, ":")
	for _, bare := range bareActions {
		if verb == bare.verb && !has {
			return Action{Type: bare.does}, nil
		}
	}
	if !has {
		return Action{}, fmt.Errorf("flow: %q is not an action such as output:2, group:NAME, set_field:FIELD=VALUE or pop_vlan", text)
	}
	a := Action{}
	var err error
	switch verb {
	case "output":
		port, limit, limited := strings.Cut(arg, ":")
		a.Type = Output
		if a.Arg, err = parsePort(port); err == nil && limited {
			var n uint64
			n, err = strconv.ParseUint(limit, 10, 16)
			a.MaxLen = uint16(n)
		}
	case "group":
		return parseGroupAction(text, arg)
	case "set_queue":
		a.Type = SetQueue
		a.Arg, err = parseUint32(arg, 10)
	case "push_vlan":
		a.Type = PushVLAN
		hex, ok := strings.CutPrefix(arg, "0x")
		if a.Arg, err = parseUint32(hex, 16); !ok && err == nil {
			err = fmt.Errorf("the EtherType is hexadecimal, with 0x")
		}
	case "set_field":
		return parseSetField(text, arg)
	default:
		return Action{}, fmt.Errorf("flow: %q is not an action: there is no %q", text, verb)
	}
	if err != nil {
		return Action{}, fmt.Errorf("flow: action %q: %w", text, err)
	}
	return a, nil
}

// bareActions are the actions without an argument. Read only.
var bareActions = [...]struct {
	verb string
	does ActionType
}{{"push_vlan", PushVLAN}, {"pop_vlan", PopVLAN}, {"dec_ttl", DecTTL}, {"flood", Flood}, {"next_app", NextApp}}

func parseUint32(text string, base int) (uint32, error) {
	n, err := strconv.ParseUint(text, base, 32)
	return uint32(n), err
}

func parseGroupAction(text, arg string) (Action, error) {
	a := Action{Type: ToGroup}
	rest := arg
	if quoted, err := strconv.QuotedPrefix(arg); err == nil && arg[0] == '"' {
		a.Name, _ = strconv.Unquote(quoted)
		rest = arg[len(quoted):]
	} else {
		n := 0
		for n < len(arg) && plainName(arg[n]) {
			n++
		}
		a.Name, rest = arg[:n], arg[n:]
	}
	if rest == "" && a.Name != "" {
		return a, nil
	}
	number, ok := strings.CutPrefix(rest, "#")
	n, err := parseUint32(number, 10)
	if !ok || err != nil {
		return Action{}, fmt.Errorf("flow: action %q is not of the form group:NAME, group:#7 or group:NAME#7", text)
	}
	a.Arg = n
	return a, nil
}

func parseSetField(text, arg string) (Action, error) {
	name, value, ok := strings.Cut(arg, "=")
	if !ok {
		return Action{}, fmt.Errorf("flow: action %q is not of the form set_field:FIELD=VALUE", text)
	}
	f, err := ParseField(name)
	if err != nil {
		return Action{}, err
	}
	v, mask, err := f.parseValue(value)
	if err != nil {
		return Action{}, err
	}
	if mask != f.AllOnes() {
		return Action{}, fmt.Errorf("flow: action %q: set_field takes no mask", text)
	}
	return Action{Type: SetField, Field: f, Value: v}, nil
}

// MarshalText returns the text of [Action.String]; an unknown type is an error.
func (a Action) MarshalText() ([]byte, error) {
	if a.Type == 0 || a.Type > NextApp || a.Type == SetField && !a.Field.Valid() {
		return nil, fmt.Errorf("flow: %s has no text", a)
	}
	return a.appendTo(nil), nil
}

// UnmarshalText accepts what [ParseAction] accepts.
func (a *Action) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAction(string(text))
	return err
}

// ActionsText joins the texts of actions with commas.
func ActionsText(actions []Action) string { return string(appendActions(nil, actions)) }

func appendActions(b []byte, actions []Action) []byte {
	for i := range actions {
		if i > 0 {
			b = append(b, ',')
		}
		b = actions[i].appendTo(b)
	}
	return b
}

// ParseActions is the inverse of [ActionsText]; the empty text is no action.
func ParseActions(text string) ([]Action, error) {
	var out []Action
	for text != "" {
		end, quoted := 0, false
		for ; end < len(text) && (quoted || text[end] != ','); end++ {
			switch {
			case text[end] == '"':
				quoted = !quoted
			case text[end] == '\\' && quoted:
				end++
			}
		}
		end = min(end, len(text))
		a, err := ParseAction(text[:end])
		if err != nil {
			return nil, err
		}
		out = append(out, a)
		if end == len(text) {
			break
		}
		if text = text[end+1:]; text == "" {
			return nil, fmt.Errorf("flow: a list of actions ends with a comma")
		}
	}
	return out, nil
}

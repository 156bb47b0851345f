package draft

import (
	"strconv"
	"strings"

	"sendim/core/model"
)

// maxName keeps names readable; technical names are core/naming's business.
const maxName = 60

// Clean makes legal ASCII of a label: accents go, everything but letters, digits, dot and
// underscore becomes a single dash. What is empty then, or says nothing ("None", "?"),
// gives "".
func Clean(label string) string {
	var b strings.Builder
	dash := false
	for _, r := range label {
		part := latin(r)
		if part == "" {
			dash = b.Len() > 0
			continue
		}
		if b.Len()+len(part) > maxName {
			break
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteString(part)
	}
	switch s := strings.TrimRight(b.String(), "."); strings.ToLower(s) {
	case "none", "null", "nan", "unknown":
		return ""
	default:
		return s
	}
}

// latin is a character without its accent, or "" for what no name should have.
func latin(r rune) string {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.':
		return string(r)
	case r < 0xc0:
		return ""
	}
	// Latin-1 and Latin Extended-A, by the letter that a reader of English would write.
	const table = "À A Á A Â A Ã A Ä A Å A Æ AE Ç C È E É E Ê E Ë E Ì I Í I Î I Ï I Ð D Ñ N Ò O Ó O Ô O Õ O Ö O Ø O Ù U Ú U Û U Ü U Ý Y Þ Th ß ss " +
		"à a á a â a ã a ä a å a æ ae ç c è e é e ê e ë e ì i í i î i ï i ð d ñ n ò o ó o ô o õ o ö o ø o ù u ú u û u ü u ý y þ th ÿ y " +
		"Ā A ā a Ă A ă a Ą A ą a Ć C ć c Č C č c Ď D ď d Đ D đ d Ē E ē e Ė E ė e Ę E ę e Ě E ě e Ğ G ğ g Ģ G ģ g Ī I ī i Į I į i İ I ı i Ķ K ķ k " +
		"Ļ L ļ l Ľ L ľ l Ł L ł l Ń N ń n Ņ N ņ n Ň N ň n Ō O ō o Ő O ő o Œ OE œ oe Ř R ř r Ś S ś s Ş S ş s Š S š s Ţ T ţ t Ť T ť t Ū U ū u Ů U ů u Ű U ű u Ų U ų u Ź Z ź z Ż Z ż z Ž Z ž z "
	_, rest, found := strings.Cut(table, string(r)+" ")
	if !found {
		return ""
	}
	part, _, _ := strings.Cut(rest, " ")
	return part
}

// nodeNames gives every node a name of its own: its label where nobody else has it, label
// and id where several share it, "n" and the id where it has no label.
func nodeNames(nodes []Node) (names []string, renamed int) {
	names = make([]string, len(nodes))
	shared := make(map[string]int, len(nodes))
	for i := range nodes {
		names[i] = wanted(&nodes[i])
		shared[names[i]]++
	}
	taken := namePool{taken: make(map[string]bool, len(nodes)), next: map[string]int{}}
	for i := range nodes {
		if name := names[i]; name != "" && (shared[name] == 1 || nodes[i].Keep && !taken.taken[name]) {
			taken.taken[name] = true
		} else {
			names[i] = ""
		}
	}
	for i := range nodes {
		if names[i] == "" {
			names[i] = taken.free(withID(wanted(&nodes[i]), Clean(nodes[i].ID)))
		}
		if names[i] != nodes[i].ID && !nodes[i].Outside {
			renamed++
		}
	}
	return names, renamed
}

// wanted is the name that a node would have if it were the only one.
func wanted(n *Node) string {
	label := n.Label
	if label == "" {
		label = n.ID
	}
	if n.Keep && model.CheckID(label) == nil {
		return label
	}
	name := Clean(label)
	if number(name) {
		name = "n" + name
	}
	return name
}

// withID makes a name that others want as well tell its node by the file's id.
func withID(name, id string) string {
	switch {
	case name == "" && (id == "" || number(id)):
		return "n" + id
	case name == "":
		return id
	case id != "" && id != name && "n"+id != name:
		return name + "-" + id
	}
	return name
}

type namePool struct {
	taken map[string]bool
	next  map[string]int
}

// free takes the name, or the first of name-2, name-3, ... that nobody has.
func (p *namePool) free(name string) string {
	out := name
	for p.taken[out] || out == "n" {
		p.next[name] = max(2, p.next[name]+1)
		out = name + "-" + strconv.Itoa(p.next[name])
	}
	p.taken[out] = true
	return out
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// legal keeps a wanted name of a link only if it is one.
func legal(name string) string {
	if model.CheckID(name) != nil {
		return ""
	}
	return name
}

package prompt

import (
	"errors"
	"strings"
)

// errQuote says that a line ends within quotes.
var errQuote = errors.New("a quote is not closed")

// Split takes a line apart at blanks; quotes keep them, and a # that begins a word begins
// a comment.
func Split(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	inWord := false
scan:
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == '#' && !inWord:
			break scan
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			if inWord {
				out = append(out, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errQuote
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}

// Quote makes a line of words that Split, and a shell, take apart into the same words.
func Quote(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\r\n'\"\\|&;<>()$`*?[]{}#~") {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// first parts a line into its first word, which has no quotes, and what follows it.
func first(line string) (word, rest string) {
	line = strings.TrimSpace(line)
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimSpace(line[i:])
}

// Names of hosts are replaced between these characters, at which a shell parts words;
// Mininet knows blanks only. In what is given to another shell, quotes part words, too.
const (
	between       = " \t\n;|&()<>"
	betweenQuotes = between + "'\"`"
)

// replaceWords puts others in the place of the words of a command, where other knows one.
// All else stays as it is.
func replaceWords(text, between string, other func(string) (string, bool)) string {
	var out strings.Builder
	for text != "" {
		i := strings.IndexAny(text, between)
		if i == 0 {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		word := text
		if i > 0 {
			word = text[:i]
		}
		text = text[len(word):]
		if o, ok := other(word); ok {
			word = o
		}
		out.WriteString(word)
	}
	return out.String()
}

// background says whether a command is to go on by itself, as in "sleep 5 &", and gives it
// without the sign.
func background(text string) (string, bool) {
	rest, ok := strings.CutSuffix(strings.TrimSpace(text), "&")
	if !ok || strings.HasSuffix(rest, "&") || strings.HasSuffix(rest, "\\") || strings.HasSuffix(rest, ">") || strings.HasSuffix(rest, "<") {
		return text, false
	}
	if _, err := Split(rest); err != nil { // the sign is in quotes
		return text, false
	}
	return strings.TrimSpace(rest), strings.TrimSpace(rest) != ""
}

package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// record writes the whole stream of tokens, with every position, one token a line, and the error at its end.
func record(s *Scanner) string {
	var out strings.Builder
	for {
		k, err := s.Next()
		switch {
		case err != nil:
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				fmt.Fprintf(&out, "%s @%d %s\n", syntax.Code, syntax.Pos.Offset, err)
			} else {
				fmt.Fprintf(&out, "error %s\n", err)
			}
			return out.String()
		case k == EOF:
			fmt.Fprintf(&out, "eof %s @%d\n", s.Pos(), s.Pos().Offset)
			return out.String()
		}
		fmt.Fprintf(&out, "%s @%d depth %d: ", s.Pos(), s.Pos().Offset, s.Depth())
		switch k {
		case StartElement:
			fmt.Fprintf(&out, "<%s>", s.Name())
			for i, a := range s.Attrs() {
				fmt.Fprintf(&out, " %s %s=%s %q", s.NamePos(i), a.Name, s.ValuePos(i), a.Value)
			}
		case EndElement:
			fmt.Fprintf(&out, "</%s>", s.Name())
		case Text:
			fmt.Fprintf(&out, "text %q", s.Text())
		case Comment:
			fmt.Fprintf(&out, "comment %q", s.Text())
		case ProcInst:
			fmt.Fprintf(&out, "instruction %s %q", s.Name(), s.Text())
		}
		out.WriteByte('\n')
	}
}

func keeping(s *Scanner, t Tokens) *Scanner {
	s.Keep(t)
	return s
}

const all = Spaces | Comments | ProcInsts

func TestTokensCarryTextAttributesAndPlaces(t *testing.T) {
	for _, c := range []struct {
		name, in string
		keep     Tokens
		want     string
	}{
		{"a self-closing element has a start and an end", `<a/>`, 0,
			"1:1 @0 depth 1: <a>\n1:1 @0 depth 0: </a>\neof 1:5 @4\n"},
		{"attributes come in order, with the places of names and values", "<node id=\"n1\"\n  type = 'switch' />", 0,
			"1:1 @0 depth 1: <node> 1:7 id=1:11 \"n1\" 2:3 type=2:11 \"switch\"\n1:1 @0 depth 0: </node>\neof 2:21 @34\n"},
		{"white space between tags is left out", "<a>\n <b> </b>\n</a>\n", 0,
			"1:1 @0 depth 1: <a>\n2:2 @5 depth 2: <b>\n2:6 @9 depth 1: </b>\n3:1 @14 depth 0: </a>\neof 4:1 @19\n"},
		{"white space between tags is kept if asked for", "\n<a>\r\n <b/></a>", Spaces,
			"2:1 @1 depth 1: <a>\n2:4 @4 depth 1: text \"\\n \"\n3:2 @7 depth 2: <b>\n3:2 @7 depth 1: </b>\n3:6 @11 depth 0: </a>\neof 3:10 @15\n"},
		{"white space around text is part of it", "<a> x </a>", 0,
			"1:1 @0 depth 1: <a>\n1:4 @3 depth 1: text \" x \"\n1:7 @6 depth 0: </a>\neof 1:11 @10\n"},
		{"references are resolved", "<a b='&lt;&quot;&#x41;'>&amp;&gt;&apos;&#8364;&#32;</a>", 0,
			"1:1 @0 depth 1: <a> 1:4 b=1:7 \"<\\\"A\"\n1:25 @24 depth 1: text \"&>'€ \"\n1:52 @51 depth 0: </a>\neof 1:56 @55\n"},
		{"a reference to white space is text", "<a>&#32;</a>", 0,
			"1:1 @0 depth 1: <a>\n1:4 @3 depth 1: text \" \"\n1:9 @8 depth 0: </a>\neof 1:13 @12\n"},
		{"line ends become line feeds", "<a>x\r\ny\rz\n</a>", 0,
			"1:1 @0 depth 1: <a>\n1:4 @3 depth 1: text \"x\\ny\\nz\\n\"\n3:1 @10 depth 0: </a>\neof 3:5 @14\n"},
		{"line ends and tabs in values become spaces, written as references they stay", "<a b='x\r\ny\tz\r&#10;&#9;'/>", 0,
			"1:1 @0 depth 1: <a> 1:4 b=1:7 \"x y z \\n\\t\"\n1:1 @0 depth 0: </a>\neof 2:17 @25\n"},
		{"CDATA is text as it stands", "<a>1<![CDATA[<&]]]]>2</a>", 0,
			"1:1 @0 depth 1: <a>\n1:4 @3 depth 1: text \"1\"\n1:5 @4 depth 1: text \"<&]]\"\n1:21 @20 depth 1: text \"2\"\n1:22 @21 depth 0: </a>\neof 1:26 @25\n"},
		{"comments and instructions are passed over", "<?p?><!-- c --><a><!----><?p q?></a><!-- - -->", 0,
			"1:16 @15 depth 1: <a>\n1:33 @32 depth 0: </a>\neof 1:47 @46\n"},
		{"comments and instructions are kept if asked for", "<?p?><!-- c\r\n --><a><?p  q ?></a>", all,
			"1:1 @0 depth 0: instruction p \"\"\n1:6 @5 depth 0: comment \" c\\n \"\n2:5 @17 depth 1: <a>\n2:8 @20 depth 1: instruction p \"q \"\n2:17 @29 depth 0: </a>\neof 2:21 @33\n"},
		{"a prefix is part of the name", "<x:a xmlns:x='u' x:b='1'></x:a >", 0,
			"1:1 @0 depth 1: <x:a> 1:6 xmlns:x=1:15 \"u\" 1:18 x:b=1:23 \"1\"\n1:26 @25 depth 0: </x:a>\neof 1:33 @32\n"},
		{"columns count characters, offsets count bytes", "<é ü='öö'>→<b/></é>", 0,
			"1:1 @0 depth 1: <é> 1:4 ü=1:7 \"öö\"\n1:11 @14 depth 1: text \"→\"\n1:12 @17 depth 2: <b>\n1:12 @17 depth 1: </b>\n1:16 @21 depth 0: </é>\neof 1:20 @26\n"},
		{"a byte order mark takes no column", "\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><a/>", 0,
			"1:57 @59 depth 1: <a>\n1:57 @59 depth 0: </a>\neof 1:61 @63\n"},
		{"Latin-1 is read where it is declared, and offsets are those of the file",
			"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a n='Z\xFCrich'>Gen\xE8ve<b/></a>", 0,
			"2:1 @44 depth 1: <a> 2:4 n=2:7 \"Zürich\"\n2:15 @58 depth 1: text \"Genève\"\n2:21 @64 depth 2: <b>\n2:21 @64 depth 1: </b>\n2:25 @68 depth 0: </a>\neof 2:29 @72\n"},
		{"US-ASCII is read where it is declared", "<?xml version=\"1.0\" encoding=\"us-ascii\"?><a/>", 0,
			"1:42 @41 depth 1: <a>\n1:42 @41 depth 0: </a>\neof 1:46 @45\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := record(keeping(NewBytes([]byte(c.in), Limits{}), c.keep)); got != c.want {
				t.Errorf("bytes: got\n%swant\n%s", got, c.want)
			}
			if got := record(keeping(New(iotest.OneByteReader(strings.NewReader(c.in)), Limits{}), c.keep)); got != c.want {
				t.Errorf("reader: got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestLocalCutsThePrefixOff(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "x:a": "a"} {
		if got := string(Local([]byte(in))); got != want {
			t.Errorf("Local(%q) = %q", in, got)
		}
	}
}

func TestValueFindsAnAttributeByItsName(t *testing.T) {
	s := NewBytes([]byte(`<a b="1" c=""/>`), Limits{})
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	if v, ok := s.Value("c"); !ok || len(v) != 0 {
		t.Errorf("c = %q %v", v, ok)
	}
	if _, ok := s.Value("d"); ok {
		t.Error("d is there")
	}
}

func TestSkipEndsWithTheCurrentElement(t *testing.T) {
	s := NewBytes([]byte(`<r><a><b/>x<c>y</c></a><d/><e>t<f/></e></r>`), Limits{})
	next := func(k Kind, name string) {
		t.Helper()
		if got, err := s.Next(); got != k || err != nil || string(s.Name()) != name {
			t.Fatalf("got %d %q %v, want %d %q", got, s.Name(), err, k, name)
		}
	}
	skip := func() {
		t.Helper()
		if err := s.Skip(); err != nil {
			t.Fatal(err)
		}
	}
	next(StartElement, "r")
	next(StartElement, "a")
	skip() // the whole of a
	if string(s.Name()) != "a" || s.Kind() != EndElement {
		t.Fatalf("after Skip: %d %q", s.Kind(), s.Name())
	}
	next(StartElement, "d")
	skip() // self-closing: only its end
	next(StartElement, "e")
	if k, _ := s.Next(); k != Text {
		t.Fatal(k)
	}
	skip() // from the text: what is left of e
	next(EndElement, "r")
	skip() // nothing is open
	if k, err := s.Next(); k != EOF || err != nil {
		t.Fatal(k, err)
	}
	if k, err := s.Next(); k != EOF || err != nil {
		t.Fatal("EOF does not stay:", k, err)
	}
	broken := NewBytes([]byte(`<a><b></a>`), Limits{})
	broken.Next()
	if err := broken.Skip(); err == nil || broken.Skip() == nil {
		t.Fatal("Skip hides a fault")
	}
}

func TestAReadErrorIsPassedOn(t *testing.T) {
	lost := errors.New("line lost")
	s := New(io.MultiReader(strings.NewReader("<a><b/>"), iotest.ErrReader(lost)), Limits{})
	for range 3 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Next()
	if !errors.Is(err, lost) || err.Error() != "read XML near 1:8: line lost" {
		t.Fatal(err)
	}
	if _, again := s.Next(); again != err {
		t.Fatal("the error does not stay")
	}
}

func TestAReaderThatGivesNothingIsGivenUp(t *testing.T) {
	if _, err := New(idle{}, Limits{}).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Fatal(err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// pieces hands out data in pieces of the given sizes, over and over.
type pieces struct {
	data  []byte
	sizes []int
	turn  int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.sizes[p.turn%len(p.sizes)])], p.data)
	p.turn++
	p.data = p.data[n:]
	return n, nil
}

// Documents here are larger than windows of 4 KiB, so tokens are cut everywhere.
func TestTheStreamDoesNotDependOnHowTheReaderCutsIt(t *testing.T) {
	fragments := []string{"<a>", "<a>", "</a>", "</a>", "<node id=\"n1\" type='&lt;x\r\n'>", "</node>", "<é:b ö='ü→𝄞'/>", " ", "\n", "\r\n", "\r",
		"text", "é→𝄞", "&amp;", "&#x20AC;", "]]", "]", "<!-- c -->", "<![CDATA[ ]] > ]]>", "<?p i?>", "<b c='", "\"", "<", "&", "\x00", "\xE9",
		strings.Repeat("<l to='n9'/>\n", 300), strings.Repeat("long text\n", 200), strings.Repeat(" ", 3000), "<e v='" + strings.Repeat("v&lt;", 250) + "'/>"}
	heads := []string{"", "\xEF\xBB\xBF", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='latin1'?>", "<?xml version='1.0' encoding='ascii'?>\r\n"}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SampledFrom(heads).Draw(t, "head") + "<r>" +
			strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 40).Draw(t, "fragments"), "") + "</r>"
		lim := Limits{MaxToken: 4096, MaxAttrValue: rapid.SampledFrom([]int{0, 9, 1000}).Draw(t, "value"),
			MaxName: rapid.SampledFrom([]int{0, 4}).Draw(t, "name"), MaxBytes: rapid.SampledFrom([]int64{0, 500, 5000}).Draw(t, "bytes")}
		keep := rapid.SampledFrom([]Tokens{0, all}).Draw(t, "keep")
		sizes := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 5).Draw(t, "sizes")
		want := record(keeping(NewBytes([]byte(in), lim), keep))
		for name, r := range map[string]io.Reader{
			"pieces":   &pieces{data: []byte(in), sizes: sizes},
			"one byte": iotest.OneByteReader(strings.NewReader(in)),
			"with EOF": iotest.DataErrReader(bytes.NewReader([]byte(in))),
		} {
			if got := record(keeping(New(r, lim), keep)); got != want {
				t.Fatalf("%s: got\n%s\nwant\n%s", name, got, want)
			}
		}
	})
}

func TestPlacesAreThoseOfCountingCharacterByCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"\n", "\v", "x", "a longer piece", "é", "→", "𝄞", "\r\n", strings.Repeat("\n.", 99)}), 0, 30).Draw(t, "text"), ""))
		got := place{line: 1, col: 1}
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		for cut > 0 && cut < len(text) && text[cut]&0xC0 == 0x80 {
			cut--
		}
		got.over(text[:cut], false)
		got.over(text[cut:], false)
		want := place{off: int64(len(text)), line: 1, col: 1}
		for _, r := range string(text) {
			want.col++
			if r == '\n' {
				want.line, want.col = want.line+1, 1
			}
		}
		if got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

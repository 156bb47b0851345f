package xmlscan

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

func TestFaultsAreToldWithTheirPlace(t *testing.T) {
	small := Limits{MaxDepth: 3, MaxName: 8, MaxAttrs: 2, MaxAttrValue: 5, MaxToken: 4096, MaxBytes: 6000}
	for _, c := range []struct {
		name, in string
		code     Code
		want     string
	}{
		{"an empty file", "", Empty, "1:1: the file is empty: a root element is expected"},
		{"a byte order mark and nothing else", "\xEF\xBB\xBF", Empty, "1:1: the file has no root element"},
		{"only white space and comments", "\n<!-- soon -->\n", Empty, "3:1: the file has no root element"},
		{"text instead of XML", "hello", Outside, "1:1: XML must begin with <, found h"},
		{"JSON instead of XML", "{\"nodes\": []}", Outside, "1:1: XML must begin with <, found {"},
		{"a program", "\x7FELF\x02\x01\x00", Binary, "1:1: binary data, not XML: byte 0x7F"},
		{"a picture", "\x89PNG\r\n", Binary, "1:1: binary data, not XML: byte 0x89"},
		{"a zero byte at the beginning", "\x00\x01\x02", Binary, "1:1: binary data, not XML: byte 0x00"},
		{"a zero byte in text", "<a>\nx\x00</a>", Binary, "2:2: binary data, not XML: byte 0x00"},
		{"a zero byte in a tag", "<a \x00/>", Binary, "1:4: binary data, not XML: byte 0x00"},
		{"a zero byte in a name", "<a\x00/>", Binary, "1:3: binary data, not XML: byte 0x00"},
		{"a zero byte in an end tag", "<a></a\x00>", Binary, "1:7: binary data, not XML: byte 0x00"},
		{"gzip", "\x1F\x8B\x08\x00", Binary, "1:1: gzip data, not XML: unpack the file first"},
		{"a zip archive", "PK\x03\x04\x14", Binary, "1:1: a zip archive, not XML: unpack the file first"},
		{"UTF-16 with its mark, big end first", "\xFE\xFF\x00<\x00a", Encoding, "1:1: the encoding UTF-16 is not supported; save the file as UTF-8"},
		{"UTF-16 with its mark, little end first", "\xFF\xFE<\x00a\x00", Encoding, "1:1: the encoding UTF-16 is not supported; save the file as UTF-8"},
		{"UTF-16 without a mark", "<\x00a\x00", Encoding, "1:1: the encoding UTF-16 is not supported; save the file as UTF-8"},
		{"UTF-32", "\xFF\xFE\x00\x00<\x00\x00\x00", Encoding, "1:1: the encoding UTF-32 is not supported; save the file as UTF-8"},
		{"an encoding that is not read", "<?xml version=\"1.0\" encoding=\"windows-1252\"?><a/>", Encoding, `1:31: the encoding "windows-1252" is not supported; save the file as UTF-8 (ISO-8859-1 and US-ASCII are read, too)`},
		{"Latin-1 declared behind a byte order mark of UTF-8", "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", Encoding, "1:31: the file declares the encoding ISO-8859-1 but begins with the byte order mark of UTF-8"},

		{"XML 1.1", "<?xml version=\"1.1\"?><a/>", Declaration, `1:16: XML version "1.1" is not supported; 1.0 is`},
		{"a declaration without a version", "<?xml encoding='UTF-8'?><a/>", Declaration, `1:1: the XML declaration must have the form <?xml version="1.0" encoding="UTF-8"?>`},
		{"a declaration in the wrong order", "<?xml encoding='UTF-8' version='1.0'?><a/>", Declaration, `1:24: the XML declaration must have the form <?xml version="1.0" encoding="UTF-8"?>`},
		{"a declaration with an unquoted value", "<?xml version=1.0?><a/>", Declaration, `1:15: the XML declaration must have the form <?xml version="1.0" encoding="UTF-8"?>`},
		{"a declaration with an unknown word", "<?xml version='1.0' lang='en'?><a/>", Declaration, `1:21: the XML declaration must have the form <?xml version="1.0" encoding="UTF-8"?>`},
		{"a declaration that is not closed", "<?xml version='1.0'><a/>", Declaration, "1:1: the XML declaration <?xml is not closed by ?>"},
		{"a declaration with a wrong standalone", "<?xml version='1.0' standalone='maybe'?><a/>", Declaration, "1:33: standalone must be yes or no"},
		{"white space before the declaration", "\n<?xml version='1.0'?><a/>", Declaration, "2:1: <?xml ...?> is allowed only at the very beginning of the file, without anything before it"},
		{"a declaration in capitals", "<?XML version='1.0'?><a/>", Declaration, "1:1: <?XML is reserved; the XML declaration is written <?xml"},

		{"a document type", "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", Doctype, "2:1: <!DOCTYPE> is refused: document type definitions and entities are not supported; remove it"},
		{"some other declaration", "<a><!ELEMENT b></a>", Markup, "1:4: <! must begin a comment <!-- ... --> or a CDATA section <![CDATA[ ... ]]>"},
		{"an unknown entity", "<a>\n  caf&eacute;</a>", Entity, "2:6: unknown entity &eacute; (known are &lt; &gt; &amp; &apos; &quot; and characters by number such as &#8364;)"},
		{"a bare ampersand in text", "<a>R & D</a>", Reference, "1:6: & must be written &amp; unless it begins a reference such as &lt; or &#8364;"},
		{"a bare ampersand in a value", "<a url='x?a=1&b=2'/>", Reference, "1:14: & must be written &amp; unless it begins a reference such as &lt; or &#8364;"},
		{"an empty reference", "<a>&;</a>", Reference, "1:4: & must be written &amp; unless it begins a reference such as &lt; or &#8364;"},
		{"a character reference without digits", "<a>&#;</a>", Reference, "1:4: &#; is not a character: write &# and a decimal number, or &#x and a hexadecimal one"},
		{"a character reference with a wrong digit", "<a>&#12f;</a>", Reference, "1:4: &#12f; is not a character: write &# and a decimal number, or &#x and a hexadecimal one"},
		{"a reference to a forbidden character", "<a>&#0;</a>", Character, "1:4: &#0; stands for a character that is not allowed in XML"},
		{"a reference to half a surrogate pair", "<a>&#xD800;</a>", Character, "1:4: &#xD800; stands for a character that is not allowed in XML"},
		{"a reference beyond Unicode", "<a>&#x110000;</a>", Character, "1:4: &#x110000; stands for a character that is not allowed in XML"},
		{"a reference far beyond Unicode", "<a>&#99999999999999999999;</a>", Character, "1:4: &#99999999999999999999; stands for a character that is not allowed in XML"},

		{"a control character", "<a>\x07</a>", Character, "1:4: the control character U+0007 is not allowed in XML"},
		{"a control character in a value", "<a b='\x1B[0m'/>", Character, "1:7: the control character U+001B is not allowed in XML"},
		{"a control character in a comment", "<a><!-- \x08 --></a>", Character, "1:9: the control character U+0008 is not allowed in XML"},
		{"U+FFFE", "<a>\xEF\xBF\xBE</a>", Character, "1:4: the character U+FFFE is not allowed in XML"},
		{"Latin-1 that is not declared", "<a>\n<b n='Z\xFCrich'/></a>", Character, `2:8: byte 0xFC is not UTF-8; save the file as UTF-8, or begin it with <?xml version="1.0" encoding="ISO-8859-1"?> if that is what it is`},
		{"bad UTF-8 in text", "<a>\xC3(</a>", Character, `1:4: byte 0xC3 is not UTF-8; save the file as UTF-8, or begin it with <?xml version="1.0" encoding="ISO-8859-1"?> if that is what it is`},
		{"overlong UTF-8", "<a>\xC0\x80</a>", Character, `1:4: byte 0xC0 is not UTF-8; save the file as UTF-8, or begin it with <?xml version="1.0" encoding="ISO-8859-1"?> if that is what it is`},
		{"half a character at the end", "<a>\xE2\x82", Character, `1:4: byte 0xE2 is not UTF-8; save the file as UTF-8, or begin it with <?xml version="1.0" encoding="ISO-8859-1"?> if that is what it is`},
		{"Latin-1 in a file declared US-ASCII", "<?xml version='1.0' encoding='US-ASCII'?><a>\xE9</a>", Character, "1:45: byte 0xE9 in a file that declares the encoding US-ASCII; declare UTF-8 or ISO-8859-1"},
		{"UTF-8 in a name in a file declared US-ASCII", "<?xml version='1.0' encoding='US-ASCII'?><\xC3\xA9/>", Character, "1:43: byte 0xC3 in a file that declares the encoding US-ASCII; declare UTF-8 or ISO-8859-1"},

		{"an element that is not closed", "<system>\n  <node>\n", Unclosed, "3:1: <node> opened at 2:3 is not closed"},
		{"text that is not closed", "<a>text", Unclosed, "1:8: <a> opened at 1:1 is not closed"},
		{"the wrong end tag", "<system>\n  <node>\n    </link>", Mismatch, "3:5: </link> does not match <node> opened at 2:3"},
		{"an end tag too many", "<a/></a>", Mismatch, "1:5: </a> closes nothing: no element is open"},
		{"a second root", "<a/>\n<b/>", Outside, "2:1: a second root element <b>: a file has exactly one"},
		{"text after the root", "<a/>\nxyz", Outside, "2:1: text after the end of the root element, beginning with x"},
		{"CDATA outside the root", "<![CDATA[x]]><a/>", Outside, "1:1: a CDATA section outside the root element"},
		{"the end of the file inside a tag", "<a>\n<node id='1'", Truncated, "2:13: the file ends inside the tag <node that begins at 2:1"},
		{"the end of the file inside a value", "<a>\n<node id='1", Truncated, "2:12: the file ends inside the tag <node that begins at 2:1"},
		{"the end of the file inside an end tag", "<a></a", Truncated, "1:7: the file ends inside the tag </a that begins at 1:4"},
		{"the end of the file inside a comment", "<a><!-- ", Truncated, "1:9: the file ends inside the comment that begins at 1:4"},
		{"the end of the file inside CDATA", "<a><![CDATA[ ]]", Truncated, "1:16: the file ends inside the CDATA section that begins at 1:4"},
		{"the end of the file inside a reference", "<a>&am", Truncated, "1:7: the file ends inside a reference: & itself must be written &amp;"},
		{"the end of the file inside an instruction", "<a/><?p ", Truncated, "1:9: the file ends inside the processing instruction that begins at 1:5"},
		{"the end of the file inside <!", "<a><!-", Truncated, "1:7: the file ends inside <!... that begins at 1:4"},
		{"the end of the file after <", "<a><", Truncated, "1:5: the file ends after <"},

		{"a tag without a name", "<a>< b/></a>", Name, "1:5: an element name expected after < (a < in text must be written &lt;), found a space"},
		{"a less-than sign in text", "<a>1 < 2</a>", Name, "1:7: an element name expected after < (a < in text must be written &lt;), found a space"},
		{"a name that begins with a digit", "<a><1st/></a>", Name, "1:5: an element name expected after < (a < in text must be written &lt;), found 1"},
		{"a name with two colons", "<a:b:c/>", Name, "1:5: a name has at most one colon, between prefix and name"},
		{"a name that ends with a colon", "<a:/>", Name, "1:4: a name has at most one colon, between prefix and name"},
		{"a name that begins with a colon", "<:a/>", Name, "1:2: a name has at most one colon, between prefix and name"},
		{"a digit behind the colon", "<a:1/>", Name, "1:4: a name has at most one colon, between prefix and name"},
		{"an attribute that begins with a digit", "<a 1='x'/>", Name, "1:4: an attribute name, > or /> expected, found 1"},
		{"an instruction without a target", "<? p?><a/>", Name, "1:3: the target of a processing instruction expected after <?, found a space"},
		{"an instruction with a colon", "<?p:q?><a/>", Name, "1:3: the target of a processing instruction has no colon"},
		{"an instruction with rubbish behind its target", "<?p,q?><a/>", Markup, "1:4: a space or ?> expected after <?p, found ,"},
		{"an attribute without a value", "<node id type='x'/>", Attribute, `1:7: the attribute id of <node> has no value: write id="..."`},
		{"an attribute that is not quoted", "<node id=7/>", Attribute, `1:10: the value of the attribute id of <node> must be quoted: id="..."`},
		{"a missing closing quote", "<node id=\"n1>\n<link/>\n</node>", Attribute, "2:1: < in the value of the attribute id of <node> must be written &lt; (or the closing quote is missing)"},
		{"an attribute given twice", "<node id='1'\n type='x' id='2'/>", Duplicate, "2:11: the attribute id of <node> is given twice, first at 1:7"},
		{"no space between attributes", "<node id='1'type='x'/>", Tag, "1:13: a space, > or /> expected after an attribute of <node>, found t"},
		{"a slash in the wrong place", "<node / >", Tag, "1:8: > expected after / at the end of the tag <node>, found a space"},
		{"rubbish behind a name", "<node,/>", Tag, "1:6: a space, > or /> expected after the name in <node>, found ,"},
		{"rubbish in an end tag", "<a></a b>", Tag, "1:8: > expected at the end of </a>, found b"},
		{"two dashes in a comment", "<a>\n<!-- a -- b --></a>", Markup, "2:8: -- is not allowed inside a comment (it begins at 2:1)"},
		{"the end of CDATA in text", "<a>x]]>y</a>", Markup, "1:5: ]]> in text must be written ]]&gt;"},

		{"elements nested too deep", "<a><b><c><d/></c></b></a>", TooLarge, "1:10: <d> is nested more than 3 elements deep"},
		{"a name that is too long", "<a><linklinkl/></a>", TooLarge, "1:5: a name is longer than 8 bytes"},
		{"too many attributes", "<a b='' c='' d=''/>", TooLarge, "1:14: <a> has more than 2 attributes"},
		{"a value that is too long", "<a b='123456'/>", TooLarge, "1:7: the value of the attribute b of <a> is longer than 5 bytes"},
		{"a text that is too long", "<a>" + strings.Repeat("x", 5000) + "</a>", TooLarge, "1:4: a tag, text or comment is longer than 4096 bytes"},
		{"a comment that is too long", "<a><!--" + strings.Repeat("x", 5000) + "--></a>", TooLarge, "1:4: a tag, text or comment is longer than 4096 bytes"},
		{"white space that is too long", "<a>" + strings.Repeat(" ", 5000) + "</a>", TooLarge, "1:4: a tag, text or comment is longer than 4096 bytes"},
		{"a file that is too long", "<a>" + strings.Repeat("<b/>\n", 2000) + "</a>", TooLarge, "1200:1: the file is larger than 6000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lim := Limits{}
			if c.code == TooLarge {
				lim = small
			}
			_, err := New(strings.NewReader(c.in), lim).drain()
			var got *SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("no SyntaxError but %v", err)
			}
			if _, other := NewBytes([]byte(c.in), lim).drain(); other == nil || other.Error() != err.Error() {
				t.Errorf("in place: %v", other)
			}
			if got.Code != c.code || err.Error() != c.want {
				t.Errorf("code %s, want %s\n got %s\nwant %s", got.Code, c.code, err, c.want)
			}
		})
	}
}

// drain reads to the end and says how many tokens there were.
func (s *Scanner) drain() (n int, err error) {
	for ; ; n++ {
		if k, err := s.Next(); err != nil || k == EOF {
			return n, err
		}
	}
}

// endless gives a beginning, and then the same piece for ever.
type endless struct{ begin, piece string }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.begin)
	e.begin = e.begin[n:]
	for n > 0 && len(e.begin) > 0 || n+len(e.piece) <= len(p) {
		if len(e.begin) > 0 {
			return n, nil
		}
		n += copy(p[n:], e.piece)
	}
	if n == 0 { // the window's end is smaller than the piece
		n = copy(p, e.piece)
		e.begin = e.piece[n:]
	}
	return n, nil
}

func TestBombsEndInAnErrorWithBoundedMemory(t *testing.T) {
	for _, c := range []struct {
		name, begin, piece string
		lim                Limits
		want               string
	}{
		{"elements without end, each in the other", "", "<a>", Limits{}, "1:769: <a> is nested more than 256 elements deep"},
		{"a name without end", "<", "a", Limits{}, "1:2: a name is longer than 1024 bytes"},
		{"a value without end", "<a b='", "x", Limits{}, "1:7: the value of the attribute b of <a> is longer than 1048576 bytes"},
		{"a value of references without end", "<a b='", "&lt;", Limits{}, "1:7: the value of the attribute b of <a> is longer than 1048576 bytes"},
		{"attributes without end", "<a", " b='c'", Limits{}, "1:1540: <a> has more than 256 attributes"},
		{"text without end", "<a>", "text ", Limits{}, "1:4: a tag, text or comment is longer than 16777216 bytes"},
		{"references without end", "<a>", "&amp;", Limits{}, "1:4: a tag, text or comment is longer than 16777216 bytes"},
		{"white space without end", "<a>", " ", Limits{}, "1:4: a tag, text or comment is longer than 16777216 bytes"},
		{"a comment without end", "<!--", "x", Limits{}, "1:1: a tag, text or comment is longer than 16777216 bytes"},
		{"an instruction without end", "<?p ", "x", Limits{}, "1:1: a tag, text or comment is longer than 16777216 bytes"},
		{"elements without end, one after the other", "<a>\n", "<b/>\n", Limits{MaxBytes: 100 << 20}, "20971520:5: the file is larger than 104857600 bytes"},
		{"zero bytes without end", "", "\x00", Limits{}, "1:1: binary data, not XML: byte 0x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(io.Reader(&endless{c.begin, c.piece}), c.lim)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.drain()
			runtime.ReadMemStats(&after)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			// All windows and buffers there ever were: they double up to the longest token.
			if total := after.TotalAlloc - before.TotalAlloc; total > 160<<20 {
				t.Errorf("%d MiB were allocated", total>>20)
			}
			if held := len(s.store) + cap(s.scratch); held > 64<<20 {
				t.Errorf("%d MiB are held", held>>20)
			}
		})
	}
}

func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	for name, in := range map[string]string{
		"depth":      "<a><b><c/></b></a>",
		"name":       "<a><linklink/></a>",
		"attributes": "<a b='' c=''/>",
		"value":      "<a b='12345'/>",
		"references": "<a b='&lt;1'/>",
		"text":       "<a>" + strings.Repeat("x", 4095) + "</a>",
		"bytes":      "<a>" + strings.Repeat("<b/>\n", 1198) + "   </a>",
	} {
		lim := Limits{MaxDepth: 3, MaxName: 8, MaxAttrs: 2, MaxAttrValue: 5, MaxToken: 4096, MaxBytes: 6000}
		if _, err := New(strings.NewReader(in), lim).drain(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := NewBytes([]byte(in), lim).drain(); err != nil {
			t.Errorf("%s in place: %v", name, err)
		}
	}
}

func TestDuplicatesAreFoundAmongManyAttributes(t *testing.T) {
	var in strings.Builder
	in.WriteString("<a")
	for i := range 200 {
		in.WriteString("\nn" + strings.Repeat("x", i%100) + string(rune('a'+i/100)) + "='1'")
	}
	if _, err := NewBytes([]byte(in.String()+"/>"), Limits{}).drain(); err != nil {
		t.Fatal(err)
	}
	in.WriteString("\nnxb='1'\nna='1'/>")
	want := "202:1: the attribute nxb of <a> is given twice, first at 103:1"
	if _, err := NewBytes([]byte(in.String()), Limits{}).drain(); err == nil || err.Error() != want {
		t.Fatal(err)
	}
}

func TestAnErrorStays(t *testing.T) {
	s := NewBytes([]byte("<a></b><a/>"), Limits{})
	_, first := s.drain()
	if _, second := s.Next(); second != first || s.Kind() != None {
		t.Fatal(second)
	}
}

// The text with the open tag has long left the window when the fault is found.
func TestTheOpenTagIsRememberedFarBack(t *testing.T) {
	in := "<system>\n <node>" + strings.Repeat("\n  <link to='é'/>", 100_000) + "\n </nod>"
	want := "100003:2: </nod> does not match <node> opened at 2:2"
	for name, s := range map[string]*Scanner{
		"reader":   New(strings.NewReader(in), Limits{}),
		"in place": NewBytes([]byte(in), Limits{}),
	} {
		if _, err := s.drain(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

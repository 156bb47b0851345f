package descriptors

import (
	"bytes"
	"fmt"
	"strings"
)

// SystemSchema gives the XML schema of system descriptors, as schema/system.xsd holds
// it. A schema knows less than the decoder: references, selectors and what contradicts
// what are the decoder's alone.
func SystemSchema() []byte { return schema(systemElement()) }

// DeploymentSchema gives the XML schema of deployment descriptors.
func DeploymentSchema() []byte { return schema(deploymentElement()) }

// typeInfo describes a kind of value to people and to schemas.
type typeInfo struct {
	name    string
	doc     string
	pattern string // of XML Schema; "" any text
}

func (k kind) info() typeInfo {
	const decimal = `[0-9]*\.?[0-9]+([eE][+\-]?[0-9]+)?`
	const idPattern = `[^\s:#,=*?\[\]\\]([^:#,=*?\[\]\\]*[^\s:#,=*?\[\]\\])?`
	switch k {
	case id:
		return typeInfo{"id", "a new id: text without --, :, #, comma, =, *, ?, brackets and backslash, of at most 255 bytes", idPattern}
	case ref:
		return typeInfo{"reference", "the id of something declared anywhere", idPattern}
	case end:
		return typeInfo{"end", "a node, or NODE:PORT", `[^\s:#,=*?\[\]\\][^:#,=*?\[\]\\]*(:[0-9]+)?`}
	case selector:
		return typeInfo{"selector", "ids, globs (dc-h*), type=host, label=WORD, PROPERTY=VALUE; a comma joins several", `.+`}
	case rate:
		return typeInfo{"rate", "10Mbps, 2.5Gbps, 800kbps, 5bps", decimal + ` *[TGMkK]?(bps|bit|bit/s)|0`}
	case span:
		return typeInfo{"time", "5ms, 1.5s, 20us, 2min, 1h", decimal + ` *(h|min|m|s|ms|us|µs|μs|ns|ps)|0`}
	case size:
		return typeInfo{"size", "1514B, 64KB (64000), 10MB, 4GiB", decimal + ` *([TGMKk]?B|[TGMK]iB)|0`}
	case share:
		return typeInfo{"share", "1% or 0.01", decimal + ` *%?`}
	case queue:
		return typeInfo{"queue", "100p (packets) or 150KB", `[0-9]+ *p|` + decimal + ` *([TGMKk]?B|[TGMK]iB)`}
	case integer:
		return typeInfo{"integer", "a whole number", `[+\-]?[0-9]+`}
	case number:
		return typeInfo{"number", "a decimal number", decimal}
	case boolean:
		return typeInfo{"boolean", "true or false", `true|false|1|0|yes|no`}
	case address:
		return typeInfo{"address", "an IPv4 address", `[0-9]+(\.[0-9]+){3}`}
	case prefix:
		return typeInfo{"prefix", "an IPv4 address with the length of its prefix: 10.0.0.1/24", `[0-9]+(\.[0-9]+){3}(/[0-9]+)?`}
	case mac:
		return typeInfo{"mac", "an Ethernet address: 00:00:00:00:00:01", `[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}`}
	case dpid:
		return typeInfo{"dpid", "64 bits in hexadecimal: 0x1", `(0x)?[0-9a-fA-F:]+`}
	case protport:
		return typeInfo{"port", "tcp/80, udp/53", `[a-zA-Z]+/[0-9]+`}
	case href:
		return typeInfo{"path", "a relative path with forward slashes", `.+`}
	case fraction:
		return typeInfo{"fraction", "1/100", `[0-9]+( */ *[0-9]+)?`}
	case workers:
		return typeInfo{"workers", "auto or a number", `auto|[0-9]+`}
	case digest:
		return typeInfo{"sha256", "64 hexadecimal digits", `[0-9a-fA-F]{64}`}
	case chunks:
		return typeInfo{"chunks", "chunk sizes and gaps: 34, 30D, 300G, 4.4*15, 40+200G*100, R, 10R1000, 10000/20; a comma joins several", `.+`}
	case ports:
		return typeInfo{"ports", "NODES:PORT or NODES:*, where NODES is an id or a glob; a comma joins several", `.+:.+`}
	case gapLaw, spanLaw, packetLaw:
		return lawInfo(k)
	case labels:
		return typeInfo{"words", "words separated by blanks", ``}
	}
	return typeInfo{"text", "any text", ``}
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

func schema(root *element) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!-- Generated from the table that the decoder checks against; see SystemSchema and DeploymentSchema. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
`)
	writeElement(&b, root, 1, "")
	seen := map[kind]bool{}
	var visit func(*element)
	visit = func(e *element) {
		for _, a := range e.attrs {
			if t := a.kind.info(); a.kind != choice && t.pattern != "" && !seen[a.kind] {
				seen[a.kind] = true
				fmt.Fprintf(&b, "  <xs:simpleType name=\"%s\">\n    <xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>\n    <xs:restriction base=\"xs:string\"><xs:pattern value=\"%s\"/></xs:restriction>\n  </xs:simpleType>\n",
					t.name, escaped(t.doc), escaped(t.pattern))
			}
		}
		for _, c := range e.children {
			visit(c)
		}
	}
	visit(root)
	b.WriteString("</xs:schema>\n")
	return b.Bytes()
}

func writeElement(b *bytes.Buffer, e *element, depth int, occurs string) {
	in := strings.Repeat("  ", depth)
	fmt.Fprintf(b, "%s<xs:element name=\"%s\"%s>\n", in, e.name, occurs)
	fmt.Fprintf(b, "%s  <xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>\n", in, escaped(e.doc))
	fmt.Fprintf(b, "%s  <xs:complexType>\n", in)
	if len(e.children) > 0 {
		fmt.Fprintf(b, "%s    <xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\">\n", in)
		for _, c := range e.children {
			writeElement(b, c, depth+3, "")
		}
		fmt.Fprintf(b, "%s    </xs:choice>\n", in)
	}
	for _, a := range e.attrs {
		use := ""
		if a.required {
			use = ` use="required"`
		}
		doc := a.doc
		if a.initial != "" {
			doc += "; default: " + a.initial
		}
		fmt.Fprintf(b, "%s    <xs:attribute name=\"%s\"%s", in, a.name, use)
		if a.kind != choice {
			name := "xs:string"
			if t := a.kind.info(); t.pattern != "" {
				name = t.name
			}
			fmt.Fprintf(b, " type=\"%s\"", name)
		}
		fmt.Fprintf(b, ">\n%s      <xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>\n", in, escaped(doc))
		if a.kind == choice {
			fmt.Fprintf(b, "%s      <xs:simpleType><xs:restriction base=\"xs:string\">", in)
			for _, c := range a.choices {
				fmt.Fprintf(b, "<xs:enumeration value=\"%s\"/>", escaped(c))
			}
			b.WriteString("</xs:restriction></xs:simpleType>\n")
		}
		fmt.Fprintf(b, "%s    </xs:attribute>\n", in)
	}
	if e.free {
		fmt.Fprintf(b, "%s    <xs:anyAttribute namespace=\"##any\" processContents=\"skip\"/>\n", in)
	}
	fmt.Fprintf(b, "%s  </xs:complexType>\n%s</xs:element>\n", in, in)
}

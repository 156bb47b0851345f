package xmlscan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"testing"
)

// descriptor writes a system descriptor of nodes switches with links links each; 100,000 and 10 make 25 MB.
func descriptor(nodes, links int) []byte {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<system>\n")
	for i := range nodes {
		b = append(b, "  <node id=\"n"...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, "\" type=\"switch\">\n"...)
		for j := range links {
			b = append(b, "    <link to=\"n"...)
			b = strconv.AppendInt(b, int64((i*7919+j*104729)%nodes), 10)
			b = append(b, "\"/>\n"...)
		}
		b = append(b, "  </node>\n"...)
	}
	return append(b, "</system>\n"...)
}

func drain(b *testing.B, s *Scanner, positions bool) {
	for {
		k, err := s.Next()
		if err != nil {
			b.Fatal(err)
		}
		if k == EOF {
			return
		}
		if positions && k == StartElement && s.Pos().Line == 0 {
			b.Fatal("no line")
		}
	}
}

func BenchmarkDescriptorBytes(b *testing.B) {
	data := descriptor(100_000, 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, NewBytes(data, Limits{}), false)
	}
}

func BenchmarkDescriptorReader(b *testing.B) {
	data := descriptor(100_000, 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, New(bytes.NewReader(data), Limits{}), false)
	}
}

// The position of every element is asked for.
func BenchmarkDescriptorPositions(b *testing.B) {
	data := descriptor(100_000, 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, NewBytes(data, Limits{}), true)
	}
}

func BenchmarkText(b *testing.B) {
	data := bytes.Repeat([]byte("<data key=\"d1\">Zürich &amp; Genève, 47.36667</data>\n"), 100_000)
	data = append(append([]byte("<g>"), data...), "</g>"...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		drain(b, NewBytes(data, Limits{}), false)
	}
}

func BenchmarkReference(b *testing.B) {
	data := descriptor(10_000, 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(data))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

package mininet

import (
	"fmt"
	"strconv"
	"strings"

	"sendim/core/model"
)

// quote makes a Python string literal: Go's escapes of ASCII text are Python's too.
func quote(s string) string { return strconv.QuoteToASCII(strings.ToValidUTF8(s, "?")) }

// quoteTriple keeps a label from ending the table's literal or escaping in it.
func quoteTriple(s string) string {
	return strings.NewReplacer("'", "`", `\`, "/").Replace(strings.ToValidUTF8(s, "?"))
}

func address(ip uint32) string { return string(appendAddress(nil, ip)) }

func appendAddress(b []byte, ip uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		b = strconv.AppendUint(b, uint64(ip>>shift&0xff), 10)
		if shift > 0 {
			b = append(b, '.')
		}
	}
	return b
}

func ether(mac uint64) string { return string(appendEther(nil, mac)) }

func appendEther(b []byte, mac uint64) []byte {
	const digits = "0123456789abcdef"
	text := [17]byte{2: ':', 5: ':', 8: ':', 11: ':', 14: ':'}
	for i := range 6 {
		text[3*i], text[3*i+1] = digits[mac>>(44-8*i)&0xf], digits[mac>>(40-8*i)&0xf]
	}
	return append(b, text[:]...)
}

// limits writes what a direction of a link is like as arguments of limit(), each with a
// comma before it; nothing for a link that limits nothing.
func limits(s *model.LinkSpec) string {
	var b strings.Builder
	if s.Rate > 0 {
		queue := s.Queue
		if queue == (model.QueueLimit{}) {
			queue = model.DefaultQueue
		}
		fmt.Fprintf(&b, ", rate=%d", int64(s.Rate))
		if queue.Bytes > 0 {
			fmt.Fprintf(&b, ", bytes=%d", int64(queue.Bytes))
		} else {
			fmt.Fprintf(&b, ", packets=%d", queue.Packets)
		}
	}
	if s.Delay > 0 {
		fmt.Fprintf(&b, ", delay=%s", number(s.Delay.Seconds()*1e3))
	}
	if s.Jitter > 0 {
		fmt.Fprintf(&b, ", jitter=%s", number(s.Jitter.Seconds()*1e3))
	}
	if s.Loss > 0 {
		fmt.Fprintf(&b, ", loss=%s", number(s.Loss))
	}
	if s.MTU > 0 && s.MTU != 1500 {
		fmt.Fprintf(&b, ", mtu=%d", s.MTU)
	}
	return b.String()
}

// number writes a float as Python reads it.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

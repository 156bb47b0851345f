package wire

import (
	"bytes"
	"encoding/binary"
	"strings"

	"sendim/core/flow"
	"sendim/core/model"
)

// Description is what a switch says of itself in words (section 7.3.5.1): for people, and
// for whoever must know what he talks to.
type Description struct {
	Manufacturer string `json:"manufacturer"`
	Hardware     string `json:"hardware"`
	Software     string `json:"software"`
	Serial       string `json:"serial,omitempty"`
	Datapath     string `json:"datapath,omitempty"`
}

// DecodeDescription reads the body of a description.
func DecodeDescription(b []byte) (d Description, err error) {
	const length = 3*256 + 32 + 256
	if len(b) < length {
		return d, short("ofp_desc", len(b), length)
	}
	for _, field := range []struct {
		to   *string
		size int
	}{{&d.Manufacturer, 256}, {&d.Hardware, 256}, {&d.Software, 256}, {&d.Serial, 32}, {&d.Datapath, 256}} {
		text, _, _ := bytes.Cut(b[:field.size], []byte{0})
		*field.to = strings.ToValidUTF8(string(text), "?")
		b = b[field.size:]
	}
	return d, nil
}

// DecodeTables reads the body of table statistics (section 7.3.5.3).
func DecodeTables(b []byte) (out []flow.TableStat, err error) {
	const length = 24
	for ; len(b) > 0; b = b[length:] {
		if len(b) < length {
			return nil, short("ofp_table_stats", len(b), length)
		}
		out = append(out, flow.TableStat{Table: b[0], Rules: int(binary.BigEndian.Uint32(b[4:])), Lookups: counted(b[8:]), Matched: counted(b[16:])})
	}
	return out, nil
}

// QueueStat is what a queue of a port has sent and dropped.
type QueueStat struct {
	Port    uint32
	Queue   uint32
	Sent    flow.Counters
	Dropped uint64     // packets, for want of room
	Age     model.Time // since the queue was made
}

// DecodeQueues reads the body of queue statistics (section 7.3.5.10). What a switch does
// not count is zero.
func (V13) DecodeQueues(b []byte) (out []QueueStat, err error) {
	const length = 40
	for ; len(b) > 0; b = b[length:] {
		if len(b) < length {
			return nil, short("ofp_queue_stats", len(b), length)
		}
		q := QueueStat{Port: binary.BigEndian.Uint32(b), Queue: binary.BigEndian.Uint32(b[4:]), Dropped: counted(b[24:]), Age: duration(b[32:])}
		q.Sent = flow.Counters{Packets: counted(b[16:]), Bytes: counted(b[8:])}
		out = append(out, q)
	}
	return out, nil
}

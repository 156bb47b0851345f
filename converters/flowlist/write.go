package flowlist

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sendim/core/model"
)

// Header are the columns that Write writes.
func Header() []string {
	return []string{"id", "from", "to", "start_s", "duration_s", "size_bytes", "rate_bps", "transport", "class", "profile", "tenant",
		"granularity", "packet_bytes", "chunk_bytes", "chunks", "srcport", "dstport", "count", "pattern"}
}

// Write writes flows as a table that Read reads back as they are, whatever became of
// the traffic they were drawn from. Its error wraps that of w.
func Write(w io.Writer, n *model.Network, flows []model.Flow) error {
	buf := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buf)
	if err := out.Write(Header()); err != nil {
		return fmt.Errorf("write flows: %w", err)
	}
	row := make([]string, 0, len(Header()))
	for i := range flows {
		f := &flows[i]
		to := f.Service
		if to == "" {
			to = n.NodeName(f.To)
		}
		count := int64(f.Count)
		if f.Duration > 0 { // it follows from the duration
			count = 0
		}
		row = append(row[:0], f.ID, n.NodeName(f.From), to, seconds(f.Start), some(int64(f.Duration), func(v int64) string { return seconds(model.Time(v)) }),
			number(int64(f.Size)), number(int64(f.Rate)), known(f.Transport != model.TransportAuto, f.Transport), f.Class, f.Profile, f.Tenant,
			known(f.Granularity != model.GranularityAuto, f.Granularity), number(int64(f.Packet)), number(int64(f.Chunk)), f.Chunks,
			number(int64(f.SrcPort)), number(int64(f.DstPort)), number(count), f.Pattern)
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write flows: %w", err)
		}
	}
	out.Flush()
	err := out.Error()
	if err == nil {
		err = buf.Flush()
	}
	if err != nil {
		return fmt.Errorf("write flows: %w", err)
	}
	return nil
}

func some(v int64, text func(int64) string) string {
	if v == 0 {
		return ""
	}
	return text(v)
}

func number(v int64) string { return some(v, func(v int64) string { return strconv.FormatInt(v, 10) }) }

func known(yes bool, v fmt.Stringer) string {
	if !yes {
		return ""
	}
	return v.String()
}

// seconds writes a time that is not negative as seconds, exactly.
func seconds(t model.Time) string {
	whole, rest := int64(t)/int64(model.Second), int64(t)%int64(model.Second)
	if rest == 0 {
		return strconv.FormatInt(whole, 10)
	}
	return strings.TrimRight(fmt.Sprintf("%d.%012d", whole, rest), "0")
}

package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"sendim/core/model"
)

// Filter says which entries are wanted; a part that is not set wants all.
type Filter struct {
	From, To *model.Time // entries at To are not wanted
	Kinds    []Kind
	Node     string // named anywhere in an entry as a node
	Link     string
	Flow     string
	App      string
}

// Wants says whether an entry passes.
func (f *Filter) Wants(e *Entry) bool {
	return f.head(e.At, e.Kind) && (f.Node == "" || e.About(f.Node)) && (f.Link == "" || e.Link == f.Link) &&
		(f.Flow == "" || e.Flow == f.Flow || e.Result != nil && e.Result.ID == f.Flow) && (f.App == "" || e.App == f.App)
}

func (f *Filter) head(at model.Time, kind Kind) bool {
	return (f.From == nil || at >= *f.From) && (f.To == nil || at < *f.To) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, kind))
}

// About says whether an entry names a node anywhere.
func (e *Entry) About(node string) bool {
	switch {
	case e.Node == node:
		return true
	case e.Result != nil && (e.Result.From == node || e.Result.To == node):
		return true
	case e.Ping != nil && (e.Ping.From == node || e.Ping.To == node):
		return true
	case e.Sample != nil && (e.Sample.From == node || e.Sample.To == node):
		return true
	case e.Queue != nil && (e.Queue.From == node || e.Queue.To == node):
		return true
	}
	return false
}

// Line is an entry and the line it was read from. Both are valid until the next one.
type Line struct {
	Text  []byte // without the line's end
	Entry *Entry
}

// longestLine bounds a line, so that a file that is none of ours does not fill the memory.
const longestLine = 256 << 20

// Select yields the entries of a trace that a filter wants, in order; after an error it
// ends. It takes as much memory as the longest line, and most lines that are not wanted
// only a look at their beginning. A last line cut short ends the sequence with
// io.ErrUnexpectedEOF, as in Read.
func Select(r io.Reader, f Filter) iter.Seq2[Line, error] {
	names := f.quoted()
	return func(yield func(Line, error) bool) {
		in := bufio.NewReaderSize(r, 1<<18)
		var whole []byte
		for number := 1; ; number++ {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				whole = append(whole[:0], line...)
				for errors.Is(err, bufio.ErrBufferFull) && len(whole) < longestLine {
					line, err = in.ReadSlice('\n')
					whole = append(whole, line...)
				}
				line = whole
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Line{}, fmt.Errorf("reading trace entry %d: %w", number, err))
				return
			}
			last := err != nil
			text := bytes.TrimRight(line, "\r\n")
			if len(bytes.TrimSpace(text)) > 0 && f.might(text, names) {
				var e Entry
				switch err := json.Unmarshal(text, &e); {
				case err != nil && last:
					yield(Line{}, io.ErrUnexpectedEOF)
					return
				case err != nil:
					yield(Line{}, fmt.Errorf("reading trace entry %d: %w", number, err))
					return
				}
				if f.Wants(&e) && !yield(Line{text, &e}, nil) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

// quoted is what must stand in a line somewhere: the names asked for, as JSON has them.
func (f *Filter) quoted() (out [][]byte) {
	for _, name := range []string{f.Node, f.Link, f.Flow, f.App} {
		if name != "" && plain(name) { // others may be written in several ways
			out = append(out, []byte(`"`+name+`"`))
		}
	}
	return out
}

// might says whether a line, as Writer writes them, can be wanted, without taking it apart.
func (f *Filter) might(text []byte, names [][]byte) bool {
	for _, n := range names {
		if !bytes.Contains(text, n) {
			return false
		}
	}
	rest, ok := bytes.CutPrefix(text, []byte(`{"at":`))
	end := bytes.IndexByte(rest, ',')
	if !ok || end < 0 {
		return true
	}
	at, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	kind, ok := bytes.CutPrefix(rest[end:], []byte(`,"kind":"`))
	stop := bytes.IndexByte(kind, '"')
	if err != nil || !ok || stop < 0 || bytes.IndexByte(kind[:stop], '\\') >= 0 {
		return true
	}
	return f.head(model.Time(at), Kind(kind[:stop]))
}

// Unpack gives the lines of a trace that may be packed by gzip (RFC 1952).
func Unpack(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, err := in.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return in, nil
	}
	out, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpacking the trace: %w", err)
	}
	return out, nil
}

// Kinds lists the kinds of entries there are.
func Kinds() []Kind {
	return []Kind{ChangeStep, SwitchUp, SwitchDown, PortStatus, PacketIn, FlowRemoved, RuleMod, GroupMod, MeterMod, PacketOut, PortRate, Refused,
		AppStarted, AppLost, AppBack, AppLog, AppMetric, FlowStart, FlowEnd, PingEnd, ExecEnd, LinkDown, LinkUp, LinkSet, NodeDown, NodeUp,
		PortDown, PortUp,
		ControlDown, ControlUp, ControllerDown, ControllerUp, ControlSet, MemberLeft, MemberCame, LinkSample, LinkTotal, FlowPoint, QueuePoint, NodePoint, Packet, RunStart, RunEnd, TestVerdict, Warning, MachineLoad, DaemonLost, DaemonBack}
}

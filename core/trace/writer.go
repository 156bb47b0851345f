package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

// Writer is a Sink that writes one JSON object a line. The first error sticks and is
// returned by Close; entries after it are dropped.
type Writer struct {
	mu    sync.Mutex
	buf   *bufio.Writer
	lines *liner
	count int64
	err   error
}

// NewWriter writes to w; Close flushes, it does not close w.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriterSize(w, 1<<16)
	return &Writer{buf: buf, lines: newLiner()}
}

// Emit writes one line.
func (w *Writer) Emit(e *Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.count++
	line, err := w.lines.of(e)
	if err == nil {
		_, err = w.buf.Write(line)
	}
	w.err = err
}

// Count is the number of entries so far.
func (w *Writer) Count() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// Recount says how many entries there are after the underlying file was cut.
func (w *Writer) Recount(entries int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count = entries
}

// Flush brings everything written so far to the underlying writer.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	return w.err
}

// Close flushes and gives the first error.
func (w *Writer) Close() error {
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	return nil
}

// Read yields the entries of a trace in order; after an error it ends. A last line cut
// short, as a killed run leaves it, ends the sequence with io.ErrUnexpectedEOF.
func Read(r io.Reader) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		dec := json.NewDecoder(r)
		for line := 1; ; line++ {
			var e Entry
			switch err := dec.Decode(&e); {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, io.ErrUnexpectedEOF):
				yield(nil, io.ErrUnexpectedEOF)
				return
			case err != nil:
				yield(nil, fmt.Errorf("reading trace entry %d: %w", line, err))
				return
			}
			if !yield(&e, nil) {
				return
			}
		}
	}
}

// Tee is a Sink that gives every entry to several sinks, in order.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

func (t tee) Emit(e *Entry) {
	for _, s := range t {
		s.Emit(e)
	}
}

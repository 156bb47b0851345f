package netns

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// wires is a connected pair.
func wires(t *testing.T) (*wire, *wire) {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*wire
	for i, fd := range pair {
		if ends[i], err = newWire(os.NewFile(uintptr(fd), "end")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ends[i].conn.Close() })
	}
	return ends[0], ends[1]
}

func TestMessagesArriveWholeWithTheirFiles(t *testing.T) {
	a, b := wires(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sent := []message{
		{Op: opListen, ID: 1, Network: "tcp"},
		{Op: opExec, ID: 2, Argv: []string{"x", strings.Repeat("y", 1<<20)}},
		{Op: opStop, ID: 3},
	}
	go func() {
		defer w.Close()
		for i, m := range sent {
			var files []*os.File
			if i == 1 {
				files = []*os.File{w, w, w}
			}
			if err := a.send(m, files...); err != nil {
				t.Error(err)
			}
		}
		_ = a.conn.Close()
	}()
	for i, want := range sent {
		m, files, err := b.receive()
		if err != nil || !reflect.DeepEqual(m, want) || len(files) != 3*(i%2) {
			t.Fatalf("message %d: %v, %d files, %v", i, m.Op, len(files), err)
		}
		for _, f := range files {
			if _, err := f.WriteString("x"); err != nil {
				t.Error(err)
			}
			_ = f.Close()
		}
	}
	if _, _, err := b.receive(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != "xxx" {
		t.Errorf("through the files: %q %v", text, err)
	}
}

func TestALengthBeyondTheBoundEndsTheTalk(t *testing.T) {
	a, b := wires(t)
	if _, err := a.conn.Write([]byte{0xff, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.receive(); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Error(err)
	}
	if err := a.send(message{Op: opExec, Argv: []string{strings.Repeat("x", maxBody)}}); err == nil {
		t.Error("sent too much")
	}
}

func FuzzReadBody(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0d{\"op\":\"exec\"}"))
	f.Add([]byte("\x00\x00\x00\x02[]"))
	f.Add([]byte("\x00\x00\x01\x00{"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 {
			return
		}
		m, err := readBody([4]byte(data[:4]), bytes.NewReader(data[4:]))
		if err == nil && int(binary.BigEndian.Uint32(data)) > len(data)-4 {
			t.Errorf("%+v out of too little", m)
		}
	})
}

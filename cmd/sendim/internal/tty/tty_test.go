package tty

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"sendim/integrators/labtest"
)

func TestWhatOneSideWritesTheOtherReads(t *testing.T) {
	master, slave, err := Open()
	if err != nil {
		labtest.Lacks(t, err)
	}
	defer master.Close()
	defer slave.Close()
	if err := SetSize(master, Size{11, 33}); err != nil {
		t.Fatal(err)
	}
	if got := GetSize(slave); got != (Size{11, 33}) {
		t.Errorf("the size is %v", got)
	}
	restore, err := Raw(slave, true)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(master, "\x03ä\r")
	buf := make([]byte, 10)
	if n, err := io.ReadFull(slave, buf[:4]); err != nil || string(buf[:n]) != "\x03ä\r" {
		t.Errorf("raw, it reads %q, %v", buf[:n], err)
	}
	restore()
	io.WriteString(master, "one\rtwo\rthr")
	if n, err := slave.Read(buf); err != nil || string(buf[:n]) != "one\n" {
		t.Errorf("restored, it reads %q, %v", buf[:n], err)
	}
	if got := Unread(slave); string(got) != "two\nthr" {
		t.Errorf("left unread is %q", got)
	}
	if restore, err = Raw(slave, false); err != nil {
		t.Fatal(err)
	}
	restore()
}

func TestAProgramWaitsForWhatIsTyped(t *testing.T) {
	master, slave, err := Open()
	if err != nil {
		labtest.Lacks(t, err)
	}
	defer master.Close()
	defer slave.Close()
	cat := exec.Command("head", "-1")
	cat.Stdin = slave
	var out bytes.Buffer
	cat.Stdout = &out
	if err := cat.Start(); err != nil {
		labtest.Lacks(t, err)
	}
	time.Sleep(50 * time.Millisecond) // so that it most likely reads already
	io.WriteString(master, "late\r")
	if err := cat.Wait(); err != nil || out.String() != "late\n" {
		t.Errorf("it reads %q, %v", out.String(), err)
	}
}

func TestALineIsRead(t *testing.T) {
	master, slave, err := Open()
	if err != nil {
		labtest.Lacks(t, err)
	}
	defer master.Close()
	defer slave.Close()
	buf := make([]byte, 10)
	io.WriteString(master, "line\r")
	if n, err := slave.Read(buf); err != nil || string(buf[:n]) != "line\n" {
		t.Errorf("restored, it reads %q, %v", buf[:n], err)
	}
}

func TestAReadThatWaitsEndsWithCloseAndLeavesTheRest(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	k, err := NewKeys(r, 1)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "ab")
	buf := make([]byte, 10)
	if n, err := k.Read(buf); n != 1 || err != nil || buf[0] != 'a' {
		t.Fatalf("%d %v %q", n, err, buf[:1])
	}
	next, err := NewKeys(r, 0)
	if err != nil {
		t.Fatal(err)
	}
	k.Close()
	if _, err := k.Read(buf); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
	if n, _ := next.Read(buf); string(buf[:n]) != "b" {
		t.Errorf("the next reader gets %q", buf[:n])
	}
	ended := make(chan error)
	go func() { _, err := next.Read(buf); ended <- err }()
	time.Sleep(10 * time.Millisecond) // so that it most likely waits already; either way it must end
	next.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("a closed Read gives %v", err)
	}
}

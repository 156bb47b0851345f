package wire_test

import (
	"bufio"
	"bytes"
	"testing"
	"testing/iotest"

	"sendim/integrators/controller/embedded/wire"
	"sendim/integrators/controller/embedded/wire/wiretest"
)

func TestMessagesOfAnyLengthAreReadOneAfterTheOther(t *testing.T) {
	var stream, want []byte
	var lengths []int
	for _, n := range []int{0, 1, 4087, 4088, 4089, 16376, 16377, 40000, wire.MaxMessage - 8, 3} {
		body := bytes.Repeat([]byte{byte(n)}, n)
		for i := range body {
			body[i] += byte(i * i)
		}
		stream = append(stream, wiretest.Message(wire.Version13, wire.TypeEchoRequest, uint32(n), body)...)
		lengths = append(lengths, n+8)
	}
	for name, r := range map[string]*bufio.Reader{
		"at once":      bufio.NewReader(bytes.NewReader(stream)),
		"byte by byte": bufio.NewReader(iotest.OneByteReader(bytes.NewReader(stream))),
	} {
		want = stream
		for _, n := range lengths {
			m, err := wire.Read(r)
			if err != nil || !bytes.Equal(m, want[:n]) {
				t.Fatalf("%s: a message of %d bytes: got %d, %v", name, n, len(m), err)
			}
			want = want[n:]
		}
	}
}

package probe_test

import (
	"fmt"
	"testing"

	"sendim/core/model"
	"sendim/integrators/controller/probe"
)

// Bytes that nobody signed, cut or bent LLDP among them, are nothing to a reader.
func FuzzLLDPIsOursOnlyAsItWasSigned(f *testing.F) {
	s := probe.Seal{Key: [32]byte{1, 2, 3}}
	f.Add(s.Frame(probe.Note{DPID: 0x1234, Port: 7, Sent: 99}))
	other := probe.Seal{}
	f.Add(other.Frame(probe.Note{DPID: 1, Port: 1, Sent: 1}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, frame []byte) {
		n, _, ok := s.Read(frame)
		if !ok {
			return
		}
		again, _, ok := s.Read(s.Frame(n))
		if !ok || again != n {
			t.Errorf("%+v is not what %+v says", again, n)
		}
		if n != (probe.Note{DPID: 0x1234, Port: 7, Sent: 99}) {
			t.Errorf("somebody signed %+v", n)
		}
	})
}

func TestWhatWasSignedIsReadAsItWasSaid(t *testing.T) {
	s := probe.Seal{Key: [32]byte{1, 2, 3}}
	for _, n := range []probe.Note{{1, 1, 0}, {1<<64 - 1, 0xffffff00, model.Hour}, {0x100, 65535, 1}} {
		frame := s.Frame(n)
		if got, _, ok := s.Read(frame); !ok || got != n {
			t.Errorf("%+v is read as %+v, %v", n, got, ok)
		}
		for i := range frame {
			bent := append([]byte{}, frame...)
			bent[i] ^= 1
			if got, _, ok := s.Read(bent); ok && got != n {
				t.Errorf("with byte %d bent %+v is read as %+v", i, n, got)
			}
			s.Read(frame[:i])
		}
	}
	if fmt.Sprint(probe.Ours(0x02534e000001), probe.Ours(0x02534f000001)) != "true false" {
		t.Error("our addresses")
	}
}

package python_test

import (
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"

	"sendim/core/packet"
	"sendim/integrators/labtest"
)

func TestAnARPReplyOfPythonIsGosByteForByte(t *testing.T) {
	labtest.NeedsPython(t)
	out, err := exec.Command("/usr/bin/python3", "-c", `from sendim import *
print(arp_reply(mac("02:00:00:00:00:01"), ip("10.9.9.9"), mac("00:00:00:00:00:07"), ip("10.0.0.7")).hex())`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := packet.AppendPadded(nil, packet.ARPReply(0x020000000001, 10<<24|9<<16|9<<8|9, 7, 10<<24|7), nil)
	if got := strings.TrimSpace(string(out)); got != hex.EncodeToString(want) {
		t.Errorf("it is\n%s, not\n%x", got, want)
	}
}

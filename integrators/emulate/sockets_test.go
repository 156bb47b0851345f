package emulate

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"sendim/integrators/labtest"
)

// TestTheSocketThatSendsIsToldFromThoseThatReceive: taken for one of the others, it would
// keep its small buffer, and one full queue would starve all ports.
func TestTheSocketThatSendsIsToldFromThoseThatReceive(t *testing.T) {
	if os.Geteuid() != 0 {
		labtest.Lacks(t, "root, which packet sockets need")
	}
	open := func() int {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0) // as Open vSwitch opens both
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		return fd
	}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	sends, receives := open(), open()
	if err := unix.Bind(receives, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: lo.Index}); err != nil {
		t.Fatal(err)
	}
	if !unbound(sends) || unbound(receives) {
		t.Errorf("unbound: the one that sends %t, the one that receives %t", unbound(sends), unbound(receives))
	}
}

package emulate

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketDrops is how many packets found a socket's buffer full: SK_MEMINFO_DROPS, the
// last of the numbers of SO_MEMINFO (linux/sock_diag.h). Unlike PACKET_STATISTICS, asking
// does not set it back, which would disturb whose socket it is.
func socketDrops(fd int) int64 {
	var info [9]uint32
	size := uint32(unsafe.Sizeof(info))
	// golang.org/x/sys has no call for an option that is an array.
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || uintptr(size) < unsafe.Sizeof(info) {
		return 0
	}
	return int64(info[8])
}

package netns

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// offloads is which of a kernel's interface features are what a network card would do for
// a frame: checksums, segmentation, reassembly. Words of 32 features each.
type offloads []uint32

// The requests of linux/ethtool.h, and the set of names that is asked for.
const (
	ethtoolSetInfo     = 0x37
	ethtoolStrings     = 0x1b
	ethtoolSetFeatures = 0x3b
	featureNames       = 4 // ETH_SS_FEATURES
	nameLength         = 32
)

// isOffload says whether a feature, by the kernel's name, is such a one: what ethtool calls
// tx, sg, tso, gso and gro.
func isOffload(name string) bool {
	return strings.HasPrefix(name, "tx-checksum-") || strings.HasPrefix(name, "tx-scatter-gather") ||
		strings.HasPrefix(name, "tx-tcp") && strings.HasSuffix(name, "-segmentation") ||
		name == "tx-generic-segmentation" || name == "rx-gro"
}

// ethtool hands a request about an interface to the kernel, which answers in it.
func ethtool(socket int, name string, request []byte) error {
	r := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the kernel copies a whole struct ifreq
	}{data: unsafe.Pointer(&request[0])}
	copy(r.name[:unix.IFNAMSIZ-1], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r)))
	runtime.KeepAlive(request)
	if errno != 0 {
		return errno
	}
	return nil
}

// knownOffloads asks the kernel, by any interface.
func knownOffloads(socket int, name string) (offloads, error) {
	native := binary.NativeEndian
	info := make([]byte, 20)
	native.PutUint32(info, ethtoolSetInfo)
	native.PutUint64(info[8:], 1<<featureNames)
	if err := ethtool(socket, name, info); err != nil {
		return nil, fmt.Errorf("asking for the features of %s: %w", name, err)
	}
	count := native.Uint32(info[16:])
	if native.Uint64(info[8:]) == 0 || count == 0 || count > 1024 {
		return nil, fmt.Errorf("asking for the features of %s: %w", name, syscall.EOPNOTSUPP)
	}
	list := make([]byte, 12+count*nameLength)
	native.PutUint32(list, ethtoolStrings)
	native.PutUint32(list[4:], featureNames)
	native.PutUint32(list[8:], count)
	if err := ethtool(socket, name, list); err != nil {
		return nil, fmt.Errorf("asking for the names of the features of %s: %w", name, err)
	}
	out := make(offloads, (count+31)/32)
	for i := range count {
		text, _, _ := strings.Cut(string(list[12+i*nameLength:][:nameLength]), "\x00")
		if isOffload(text) {
			out[i/32] |= 1 << (i % 32)
		}
	}
	return out, nil
}

// switchOff keeps an interface from sending what only a network card could finish.
func (o offloads) switchOff(socket int, name string) error {
	native := binary.NativeEndian
	request := make([]byte, 8+8*len(o))
	native.PutUint32(request, ethtoolSetFeatures)
	native.PutUint32(request[4:], uint32(len(o)))
	for i, which := range o {
		native.PutUint32(request[8+8*i:], which) // which are meant; what they should be is 0
	}
	if err := ethtool(socket, name, request); err != nil {
		return fmt.Errorf("switching off the offloads of %s: %w", name, err)
	}
	return nil
}

//go:build !linux

package embedded

import "net"

// line is what reads and writes without Go's scheduler, which is done on Linux alone.
type line struct{}

func lineOf(net.Conn) *line { return nil }

func (*line) Read([]byte) (int, error) { return 0, nil }

func (*line) write([]byte) int { return 0 }

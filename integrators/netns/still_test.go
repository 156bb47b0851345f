package netns

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func sizeOf(t *testing.T, fd, option int) int {
	t.Helper()
	size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

func TestTheStreamsOfAProcessGetRoomAndNothingElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("buffers larger than the kernel's bound need root")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	datagrams, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range []int{pair[0], pair[1], datagrams[0], datagrams[1]} {
		defer unix.Close(fd)
	}
	before := sizeOf(t, datagrams[0], unix.SO_SNDBUF)
	const bytes = 16 << 20
	if n, err := enlargeStreams(os.Getpid(), bytes); err != nil || n < 2 {
		t.Fatalf("%d streams, %v", n, err)
	}
	for _, fd := range pair {
		if is := sizeOf(t, fd, unix.SO_SNDBUF); is != 2*bytes { // the kernel counts its own needs, too (socket(7))
			t.Errorf("a stream has room for %d", is)
		}
	}
	if is := sizeOf(t, datagrams[0], unix.SO_SNDBUF); is != before {
		t.Errorf("a datagram socket had room for %d and has for %d", before, is)
	}
}

func TestOnlyWhoSubscribesToNewsOfInterfacesBecomesDeaf(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("buffers larger than the kernel's bound need root")
	}
	socket := func(groups uint32) int {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
		if err == nil {
			err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups})
		}
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	subscriber, asker := socket(unix.RTMGRP_LINK), socket(0)
	defer unix.Close(subscriber)
	defer unix.Close(asker)
	before := sizeOf(t, asker, unix.SO_RCVBUF)
	for _, c := range []struct{ bytes, least, most int }{{deaf, 0, 8 << 10}, {hearing, hearing, 2 * hearing}} {
		if err := eachSocket(os.Getpid(), func(fd int) { resizeSubscription(fd, c.bytes) }); err != nil {
			t.Fatal(err)
		}
		if is := sizeOf(t, subscriber, unix.SO_RCVBUF); is < c.least || is > c.most {
			t.Errorf("after %d the subscriber has room for %d", c.bytes, is)
		}
		if is := sizeOf(t, asker, unix.SO_RCVBUF); is != before {
			t.Errorf("after %d whoever only asks has room for %d, and had for %d", c.bytes, is, before)
		}
	}
}

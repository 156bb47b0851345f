package netns

import (
	"fmt"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Features are what this machine's kernel can do to links, each tried out.
type Features struct {
	Netem bool `json:"netem"` // delay, loss, jitter
	HTB   bool `json:"htb"`   // rates by classes
	TBF   bool `json:"tbf"`   // one rate
	U32   bool `json:"u32"`   // filters that put packets into classes
	Veth  bool `json:"veth"`
	// Tap is an interface whose other end is a program: each bridge that Open
	// vSwitch carries in user space is one. It takes a /dev/net/tun that this
	// user may open.
	Tap bool `json:"tap"`
	// Bridge and VXLAN are the kernel's own, beside those of Open vSwitch.
	Bridge bool `json:"bridge"`
	VXLAN  bool `json:"vxlan"`
	// SwitchDatapath is the kernel datapath of Open vSwitch ("system").
	SwitchDatapath bool `json:"switch_datapath"`
}

// Probe tries out, in a network namespace that it throws away, what the kernel
// offers; it takes milliseconds, and a modular kernel loads the modules. It
// needs root or to be inside a sandbox (Sandbox.Probe); *NotPermittedError
// otherwise. The answer does not change while the machine runs: keep it.
func Probe() (Features, error) {
	type outcome struct {
		f   Features
		err error
	}
	result := make(chan outcome, 1)
	go func() {
		var o outcome
		o.f, o.err = probeElsewhere()
		result <- o
	}()
	o := <-result
	if o.err != nil {
		return Features{}, fmt.Errorf("probing the kernel's links: %w", o.err)
	}
	return o.f, nil
}

// probeElsewhere moves the calling thread into a namespace of its own for the
// time of the probe.
func probeElsewhere() (Features, error) {
	runtime.LockOSThread()
	home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Features{}, err
	}
	defer unix.Close(home)
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return Features{}, explain(err)
	}
	f, err := probeHere()
	// A thread that cannot go home stays locked and ends with its goroutine.
	if back := unix.Setns(home, unix.CLONE_NEWNET); back != nil {
		return Features{}, fmt.Errorf("leaving the namespace: %w", back)
	}
	runtime.UnlockOSThread()
	return f, err
}

// probeHere probes in the calling thread's network namespace, leaving a mess.
func probeHere() (Features, error) {
	var f Features
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return f, err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return f, err
	}
	root := netlink.QdiscAttrs{LinkIndex: lo.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
	f.Netem = replace(h, netlink.NewNetem(root, netlink.NetemQdiscAttrs{Latency: 1000}))
	f.TBF = replace(h, &netlink.Tbf{QdiscAttrs: root, Rate: 125000, Limit: 10000, Buffer: 10000})
	f.HTB = h.QdiscAdd(netlink.NewHtb(root)) == nil
	if f.HTB { // stays, for the filter to hang on
		f.U32 = h.FilterAdd(&netlink.U32{
			FilterAttrs: netlink.FilterAttrs{LinkIndex: lo.Attrs().Index, Parent: root.Handle, Priority: 1, Protocol: unix.ETH_P_IP},
			ClassId:     netlink.MakeHandle(1, 1),
		}) == nil
	}
	f.Veth = h.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "probe0"}, PeerName: "probe1"}) == nil
	f.Bridge = h.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "probe2"}}) == nil
	f.VXLAN = h.LinkAdd(&netlink.Vxlan{LinkAttrs: netlink.LinkAttrs{Name: "probe3"}, VxlanId: 1, Port: 4789}) == nil
	f.Tap = tap()
	_, err = netlink.GenlFamilyGet("ovs_datapath")
	f.SwitchDatapath = err == nil
	return f, nil
}

// replace puts a queueing discipline at the root and takes it away again.
func replace(h *netlink.Handle, q netlink.Qdisc) bool {
	if h.QdiscAdd(q) != nil {
		return false
	}
	return h.QdiscDel(q) == nil
}

// tap makes a tap interface, which goes with its file.
func tap() bool {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("probe4")
	if err != nil {
		return false
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	return unix.IoctlIfreq(fd, unix.TUNSETIFF, request) == nil
}

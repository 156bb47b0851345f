package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// host is a network namespace of its own, held by its descriptor.
type host struct {
	net int
	mnt int // its mount namespace, made for its first command; -1 before
}

// onOwnThread runs something that changes what its thread sees, on a thread that ends with
// it. It is never the thread that stands for the process in /proc: by that one the sandbox
// is entered and its counters are read.
func onOwnThread(what func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			err := onOwnThread(what) // on another: this one is taken until then
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- what() // still locked: the thread ends
	}()
	return <-done
}

func (in *initProcess) hostNamed(name string) (*host, error) {
	h := in.hosts[name]
	if h == nil {
		return nil, fmt.Errorf("there is no host %q: %w", name, syscall.ENOENT)
	}
	return h, nil
}

func write(path, text string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Write(fd, []byte(text))
		_ = unix.Close(fd)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// withoutIPv6 keeps the interfaces of a namespace, those to come included ("all" sets
// "default", too), from speaking IPv6 by themselves. A kernel without IPv6 does not have
// the file.
func withoutIPv6() error {
	if err := write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// makeHosts makes namespaces, on as many threads as there are cores: most of the work is
// the kernel's, for each namespace by itself.
func (in *initProcess) makeHosts(names []string) error {
	for i, name := range names {
		if in.hosts[name] != nil || name == "" || slices.Contains(names[:i], name) {
			return fmt.Errorf("host %q: %w", name, syscall.EEXIST)
		}
	}
	if err := onOwnThread(withoutIPv6); err != nil { // the sandbox's own
		return err
	}
	made := make([]*host, len(names))
	threads := min(runtime.NumCPU(), len(names))
	errs := make(chan error, threads)
	for t := range threads {
		go func() {
			errs <- onOwnThread(func() (err error) {
				for i := t; i < len(names) && err == nil; i += threads {
					made[i], err = makeHost(names[i])
				}
				return err
			})
		}()
	}
	var all []error
	for range threads {
		all = append(all, <-errs)
	}
	for i, h := range made {
		if h != nil {
			in.hosts[names[i]] = h
		}
	}
	return errors.Join(all...)
}

// makeHost moves the thread into a namespace that is new.
func makeHost(name string) (*host, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("making the network namespace of %s: %w", name, err)
	}
	fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("holding the network namespace of %s: %w", name, err)
	}
	h := &host{net: fd, mnt: -1}
	if err := furnishHost(); err != nil {
		return h, fmt.Errorf("host %s: %w", name, err)
	}
	return h, nil
}

// furnishHost readies the thread's namespace as a host's. A host answers for its address
// only on the link that has it, where Linux by default lets every interface of a host
// answer for all its addresses.
func furnishHost() error {
	if err := withoutIPv6(); err != nil {
		return err
	}
	if err := write("/proc/sys/net/ipv4/conf/all/arp_ignore", "1"); err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bringing up the loopback interface: %w", err)
	}
	return nil
}

// makeLinks makes pairs of interfaces from the sandbox's own namespace, many in a request,
// then readies the ends in hosts, host by host.
func (in *initProcess) makeLinks(links []Link) error {
	var order []string
	ends := map[string][]*End{}
	err := in.from(func(b *batch) error {
		for i := range links {
			r := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
			info := nl.NewIfInfomsg(unix.AF_UNSPEC)
			r.AddData(info)
			kind := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
			kind.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("veth"))
			peer := kind.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.VETH_INFO_PEER, info.Serialize())
			for k, add := range []func(kind int, data []byte){
				func(kind int, data []byte) { r.AddData(nl.NewRtAttr(kind, data)) },
				func(kind int, data []byte) { peer.AddRtAttr(kind, data) },
			} {
				e := &links[i][k]
				if len(e.Name) == 0 || len(e.Name) >= unix.IFNAMSIZ {
					return fmt.Errorf("interface name %q: %w", e.Name, syscall.EINVAL)
				}
				add(unix.IFLA_IFNAME, nl.ZeroTerminated(e.Name))
				// Unasked, the kernel makes a queue for each core, takes all but one into disuse, and
				// waits each time until no core could be sending by those.
				add(unix.IFLA_NUM_TX_QUEUES, nl.Uint32Attr(1))
				add(unix.IFLA_NUM_RX_QUEUES, nl.Uint32Attr(1))
				if len(e.MAC) > 0 {
					add(unix.IFLA_ADDRESS, e.MAC)
				}
				if e.MTU > 0 {
					add(unix.IFLA_MTU, nl.Uint32Attr(uint32(e.MTU)))
				}
				if e.Host == "" {
					continue
				}
				h, err := in.hostNamed(e.Host)
				if err != nil {
					return err
				}
				add(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(h.net)))
				if ends[e.Host] == nil {
					order = append(order, e.Host)
				}
				ends[e.Host] = append(ends[e.Host], e)
			}
			r.AddData(kind)
			b.add("making the link of", links[i][0].Name+" and "+links[i][1].Name, r)
			// Neither can be up before both are there. A switch wants what comes in, whomever it is
			// for: had it to say so itself, the kernel would tell of it, and it ask what was new.
			for k := range links[i] {
				if e := &links[i][k]; e.Host == "" && !e.Down {
					up := setFlags(0, unix.IFF_UP|unix.IFF_PROMISC, unix.IFF_UP|unix.IFF_PROMISC)
					up.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(e.Name)))
					b.add("setting the state of", e.Name, up)
				}
			}
		}
		return b.flush()
	})
	if err != nil {
		return err
	}
	return in.eachHost(order, func(name string, b *batch) error { return in.furnishEnds(ends[name], b) })
}

// from works from the sandbox's own namespace.
func (in *initProcess) from(what func(*batch) error) error {
	b, err := openBatch()
	if err != nil {
		return err
	}
	defer b.close()
	return what(b)
}

// eachHost works in the namespaces of hosts, one after the other; "" is the sandbox's own.
func (in *initProcess) eachHost(names []string, what func(name string, b *batch) error) error {
	return onOwnThread(func() error {
		home, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(home)
		for _, name := range names {
			fd := home
			if name != "" {
				h, err := in.hostNamed(name)
				if err != nil {
					return err
				}
				fd = h.net
			}
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("entering %s: %w", name, err)
			}
			if err := in.from(func(b *batch) error { return what(name, b) }); err != nil {
				if name != "" {
					err = fmt.Errorf("host %s: %w", name, err)
				}
				return err
			}
		}
		return nil
	})
}

// furnishEnds readies interfaces of the thread's namespace as a host's.
func (in *initProcess) furnishEnds(ends []*End, b *batch) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	for _, e := range ends {
		if in.offloads == nil {
			if in.offloads, err = knownOffloads(s, e.Name); err != nil {
				return err
			}
		}
		if err := in.offloads.switchOff(s, e.Name); err != nil {
			return err
		}
		index, err := indexOf(s, e.Name)
		if err != nil {
			return err
		}
		b.add("having neighbours stay known on", e.Name, neighbourTimers(index))
		if !e.Down {
			b.add("setting the state of", e.Name, setState(index, true))
		}
		if !e.Address.IsValid() {
			continue
		}
		b.add("giving its address to", e.Name, address(e.Address, index))
		if e.Down {
			continue
		}
		b.add("setting the default route to", e.Name, defaultRoute(index))
	}
	return b.flush()
}

// The attributes of linux/neighbour.h that set the timers of an interface's neighbours. In
// a batch they are quicker than the files below /proc/sys/net/ipv4/neigh: the kernel looks
// for those among the files of the same name of all namespaces.
const (
	tableName      = 1 // NDTA_NAME
	tableParams    = 6 // NDTA_PARMS
	paramInterface = 1 // NDTPA_IFINDEX
	paramReachable = 4 // NDTPA_BASE_REACHABLE_TIME
	paramStale     = 6 // NDTPA_GC_STALETIME
)

// neighbourTimers lets what an interface has learnt of its neighbours be valid for an hour
// and be kept for a day.
func neighbourTimers(index int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_SETNEIGHTBL, 0)
	r.AddRawData([]byte{unix.AF_INET, 0, 0, 0}) // struct ndtmsg
	r.AddRawData(nl.NewRtAttr(tableName, nl.ZeroTerminated("arp_cache")).Serialize())
	params := nl.NewRtAttr(tableParams, nil)
	params.AddRtAttr(paramInterface, nl.Uint32Attr(uint32(index)))
	params.AddRtAttr(paramReachable, nl.Uint64Attr(uint64(time.Hour/time.Millisecond)))
	params.AddRtAttr(paramStale, nl.Uint64Attr(uint64(24*time.Hour/time.Millisecond)))
	r.AddRawData(params.Serialize())
	return r
}

func indexOf(socket int, name string) (int, error) {
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(socket, unix.SIOCGIFINDEX, r)
	}
	if err != nil {
		return 0, fmt.Errorf("looking for interface %s: %w", name, err)
	}
	return int(r.Uint32()), nil
}

func address(p netip.Prefix, index int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	info := nl.NewIfAddrmsg(unix.AF_INET)
	info.Index, info.Prefixlen = uint32(index), uint8(p.Bits())
	r.AddData(info)
	own := p.Addr().As4()
	r.AddData(nl.NewRtAttr(unix.IFA_LOCAL, own[:]))
	r.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, own[:]))
	all := own
	for i, m := range net.CIDRMask(p.Bits(), 32) {
		all[i] |= ^m
	}
	r.AddData(nl.NewRtAttr(unix.IFA_BROADCAST, all[:]))
	return r
}

// setState takes an interface up or down.
func setState(index int, up bool) *nl.NetlinkRequest {
	if up {
		return setFlags(index, unix.IFF_UP, unix.IFF_UP)
	}
	return setFlags(index, unix.IFF_UP, 0)
}

// setFlags sets those flags of an interface that change; with index 0 its name is to follow.
func setFlags(index int, change, flags uint32) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWLINK, 0)
	info := nl.NewIfInfomsg(unix.AF_UNSPEC)
	info.Index, info.Change, info.Flags = int32(index), change, flags
	r.AddData(info)
	return r
}

// defaultRoute leads everywhere out of an interface.
func defaultRoute(index int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	info := nl.NewRtMsg()
	info.Family, info.Scope = unix.AF_INET, unix.RT_SCOPE_LINK
	r.AddData(info)
	r.AddData(nl.NewRtAttr(unix.RTA_OIF, nl.Uint32Attr(uint32(index))))
	return r
}

// byHost sorts things by the host they are in, keeping the order in which hosts appear.
func byHost[T any](list []T, host func(*T) string) (order []string, of map[string][]*T) {
	of = map[string][]*T{}
	for i := range list {
		name := host(&list[i])
		if of[name] == nil {
			order = append(order, name)
		}
		of[name] = append(of[name], &list[i])
	}
	return order, of
}

// withSocket is eachHost with a socket to ask about interfaces by.
func (in *initProcess) withSocket(names []string, what func(name string, b *batch, socket int) error) error {
	return in.eachHost(names, func(name string, b *batch) error {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(s)
		if err := what(name, b, s); err != nil {
			return err
		}
		return b.flush()
	})
}

func (in *initProcess) shape(list []Shaping) error {
	order, of := byHost(list, func(s *Shaping) string { return s.Host })
	return in.withSocket(order, func(name string, b *batch, socket int) error {
		for _, s := range of[name] {
			index, err := indexOf(socket, s.Interface)
			if err != nil {
				return err
			}
			s.shape(b, index)
		}
		return nil
	})
}

func (in *initProcess) setLinks(ends []End, up bool) error {
	order, of := byHost(ends, func(e *End) string { return e.Host })
	return in.withSocket(order, func(name string, b *batch, socket int) error {
		for _, e := range of[name] {
			index, err := indexOf(socket, e.Name)
			if err != nil {
				return err
			}
			b.add("setting the state of", e.Name, setState(index, up))
			if up && e.Address.IsValid() {
				b.add("setting the default route to", e.Name, defaultRoute(index))
			}
		}
		return nil
	})
}

// devices reads a host's counters.
func (in *initProcess) devices(name string) (text []byte, err error) {
	err = in.eachHost([]string{name}, func(string, *batch) error {
		text, err = os.ReadFile("/proc/thread-self/net/dev")
		return err
	})
	return text, err
}

// start starts a program, in a host where one is named.
func (in *initProcess) start(name string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	if name == "" {
		return syscall.ForkExec(argv[0], argv, attr)
	}
	h, err := in.hostNamed(name)
	if err != nil {
		return 0, err
	}
	err = onOwnThread(func() error {
		if err := h.enter(); err != nil {
			return fmt.Errorf("entering host %s: %w", name, err)
		}
		pid, err = syscall.ForkExec(argv[0], argv, attr)
		return err
	})
	return pid, err
}

// enter moves the thread into a host for good.
func (h *host) enter() error {
	if err := unix.Setns(h.net, unix.CLONE_NEWNET); err != nil {
		return err
	}
	if h.mnt >= 0 {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return err
		}
		return unix.Setns(h.mnt, unix.CLONE_NEWNS)
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := furnishSys(); err != nil {
		return err
	}
	fd, err := unix.Open("/proc/thread-self/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		h.mnt = fd
	}
	return err
}

// inhabit carries out a request about hosts and links, if it is one.
func (in *initProcess) inhabit(m message, r *message) (known bool) {
	var err error
	switch m.Op {
	case opHosts:
		err = in.makeHosts(m.Names)
	case opLinks:
		err = in.makeLinks(m.Links)
	case opShape:
		err = in.shape(m.Shapings)
	case opSetLinks:
		err = in.setLinks(m.Ends, m.Up)
	case opIntroduce:
		err = in.introduce(m.Names, m.Ends)
	case opDevices:
		r.Text, err = in.devices(m.Host)
	default:
		return in.depart(m, r)
	}
	if err != nil {
		r.fail(err)
	}
	return true
}

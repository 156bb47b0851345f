package netns

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// depart carries out a request about a network that changes while it lives, if it is one.
func (in *initProcess) depart(m message, r *message) (known bool) {
	var err error
	switch m.Op {
	case opRemoveLinks:
		err = in.removeLinks(m.Ends)
	case opRemoveHosts:
		err = in.removeHosts(m.Names)
	case opReaddress:
		err = in.readdress(m.Ends)
	case opIntroduceTo:
		err = in.introduceTo(m.Ends, m.Others)
	case opForget:
		err = in.forget(m.Names, m.Addresses)
	case opListHosts:
		r.Names = slices.Sorted(maps.Keys(in.hosts))
	default:
		return false
	}
	if err != nil {
		r.fail(err)
	}
	return true
}

func (in *initProcess) removeLinks(ends []End) error {
	order, of := byHost(ends, func(e *End) string { return e.Host })
	order = slices.DeleteFunc(order, func(name string) bool { return name != "" && in.hosts[name] == nil })
	return in.withSocket(order, func(name string, b *batch, socket int) error {
		for _, e := range of[name] {
			index, err := indexOf(socket, e.Name)
			if errors.Is(err, unix.ENODEV) {
				continue
			}
			if err != nil {
				return err
			}
			r := nl.NewNetlinkRequest(unix.RTM_DELLINK, 0)
			info := nl.NewIfInfomsg(unix.AF_UNSPEC)
			info.Index = int32(index)
			r.AddData(info)
			b.add("removing the link of", e.Name, r)
		}
		return nil
	})
}

// dying is how long the processes of a host may take to be gone after a SIGKILL.
const dying = 5 * time.Second

func (in *initProcess) removeHosts(names []string) error {
	doomed := map[uint64]string{} // by the number of the namespace
	for _, name := range names {
		if h := in.hosts[name]; h != nil {
			var s unix.Stat_t
			if err := unix.Fstat(h.net, &s); err != nil {
				return fmt.Errorf("looking at the network namespace of %s: %w", name, err)
			}
			doomed[s.Ino] = name
		}
	}
	for deadline := time.Now().Add(dying); ; time.Sleep(time.Millisecond) {
		left, err := in.kill(doomed)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("host %s: process %d does not end: %w", left[0].host, left[0].pid, syscall.EBUSY)
		}
	}
	for _, name := range doomed {
		h := in.hosts[name]
		delete(in.hosts, name)
		_ = unix.Close(h.net)
		if h.mnt >= 0 {
			_ = unix.Close(h.mnt)
		}
	}
	return nil
}

// inmate is a process in a host.
type inmate struct {
	host string
	pid  int
}

// kill kills all processes in network namespaces and lists them. A process that somebody
// else has moved there counts, too.
func (in *initProcess) kill(doomed map[uint64]string) (found []inmate, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == 1 {
			continue
		}
		var s unix.Stat_t
		if unix.Stat("/proc/"+e.Name()+"/ns/net", &s) != nil {
			continue // it has ended
		}
		if name, ok := doomed[s.Ino]; ok {
			in.mu.Lock() // nothing is reaped meanwhile: the number is still that process's
			if unix.Stat("/proc/"+e.Name()+"/ns/net", &s) == nil && doomed[s.Ino] == name {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				found = append(found, inmate{name, pid})
			}
			in.mu.Unlock()
		}
	}
	return found, nil
}

func (in *initProcess) readdress(ends []End) error {
	order, of := byHost(ends, func(e *End) string { return e.Host })
	return in.withSocket(order, func(name string, b *batch, socket int) error {
		for _, with := range []bool{false, true} { // an address is taken away before it is given anew
			for _, e := range of[name] {
				if e.Address.IsValid() != with {
					continue
				}
				index, err := indexOf(socket, e.Name)
				if err != nil {
					return err
				}
				if len(e.MAC) > 0 {
					r := nl.NewNetlinkRequest(unix.RTM_NEWLINK, 0)
					info := nl.NewIfInfomsg(unix.AF_UNSPEC)
					info.Index = int32(index)
					r.AddData(info)
					r.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, e.MAC))
					b.add("setting the Ethernet address of", e.Name, r)
				}
				if !with {
					if err := stripAddresses(b, index, e.Name); err != nil {
						return err
					}
					continue
				}
				b.add("giving its address to", e.Name, address(e.Address, index))
				b.try(defaultRoute(index)) // of an interface that is down it comes with it
			}
		}
		return nil
	})
}

// stripAddresses takes the IPv4 addresses of an interface of the thread's namespace.
func stripAddresses(b *batch, index int, name string) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE) // of this thread's namespace
	if err != nil {
		return err
	}
	defer h.Close()
	list, err := h.AddrList(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}, unix.AF_INET)
	if err != nil {
		return fmt.Errorf("looking for the addresses of %s: %w", name, err)
	}
	for _, a := range list {
		ip, ok := netip.AddrFromSlice(a.IP.To4())
		if !ok {
			continue
		}
		bits, _ := a.Mask.Size()
		r := address(netip.PrefixFrom(ip, bits), index)
		r.Type, r.Flags = unix.RTM_DELADDR, 0
		b.add("taking its address from", name, r)
	}
	return nil
}

func (in *initProcess) introduceTo(hosts, others []End) error {
	names := make([]string, len(hosts))
	own := make(map[string]*End, len(hosts))
	for i := range hosts {
		names[i] = hosts[i].Host
		own[names[i]] = &hosts[i]
	}
	return in.withSocket(names, func(name string, b *batch, socket int) error {
		index, err := indexOf(socket, own[name].Name)
		if err != nil {
			return err
		}
		for i := range others {
			if e := &others[i]; e.Host != name {
				b.add("telling "+name+" of", e.Host, knownNeighbour(index, e.Address.Addr(), e.MAC))
			}
		}
		return nil
	})
}

// forget takes neighbours from hosts, at all their interfaces.
func (in *initProcess) forget(names []string, others []netip.Addr) error {
	gone := make(map[netip.Addr]bool, len(others))
	for _, a := range others {
		gone[a] = true
	}
	return in.eachHost(names, func(name string, b *batch) error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		list, err := h.NeighList(0, unix.AF_INET)
		if err != nil {
			return fmt.Errorf("listing what %s knows: %w", name, err)
		}
		for i := range list {
			ip, ok := netip.AddrFromSlice(list[i].IP.To4())
			if !ok || !gone[ip] {
				continue
			}
			r := nl.NewNetlinkRequest(unix.RTM_DELNEIGH, 0)
			r.AddData(&netlink.Ndmsg{Family: unix.AF_INET, Index: uint32(list[i].LinkIndex)})
			r.AddData(nl.NewRtAttr(netlink.NDA_DST, ip.AsSlice()))
			b.try(r) // it may have been forgotten just now
		}
		return b.flush()
	})
}

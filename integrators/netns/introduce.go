package netns

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// introduce tells hosts where all others are, for good.
func (in *initProcess) introduce(names []string, ends []End) error {
	own := make(map[string]*End, len(ends))
	for i := range ends {
		own[ends[i].Host] = &ends[i]
	}
	return in.withSocket(names, func(name string, b *batch, socket int) error {
		mine := own[name]
		if mine == nil {
			return nil // without an address
		}
		index, err := indexOf(socket, mine.Name)
		if err != nil {
			return err
		}
		for i := range ends {
			if e := &ends[i]; e != mine {
				b.add("telling "+name+" of", e.Host, knownNeighbour(index, e.Address.Addr(), e.MAC))
			}
		}
		return nil
	})
}

// knownNeighbour says by which Ethernet address a neighbour is reached, whatever is heard.
func knownNeighbour(index int, ip netip.Addr, mac net.HardwareAddr) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	r.AddData(&netlink.Ndmsg{Family: unix.AF_INET, Index: uint32(index), State: netlink.NUD_PERMANENT})
	r.AddData(nl.NewRtAttr(netlink.NDA_DST, ip.AsSlice()))
	r.AddData(nl.NewRtAttr(netlink.NDA_LLADDR, mac))
	return r
}

package flowlist

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// record is a flow as an observer of a real network wrote it down.
type record struct {
	from, to         netip.Addr
	proto            uint8
	fromPort, toPort uint16 // of ICMP, toPort is 256*type + code
	second, nano     int64  // of its first packet, since 1970
	span             int64  // ns
	packets, bytes   int64  // bytes from the IP header on
	data             int64  // application bytes; -1: to be worked out from the others
	timeless         bool   // its exporter has no clock
}

// Protocols of IP, and what their headers take with those of IP.
const (
	icmp4, tcp4, udp4, icmp6 = 1, 6, 17, 58

	tcpHeaders  = 52 // with the option of timestamps, which nearly all have; acknowledgements alone leave nothing
	udpHeaders  = 28
	ethernet    = 14
	leastFrame  = 58 // UDP with room for what measuring needs
	mostPayload = 65507
)

// leftOut are records that become no flow, by reason.
type leftOut map[string]int

func (l leftOut) report(r *reader) {
	reasons := make([]string, 0, len(l))
	for why := range l {
		reasons = append(reasons, why)
	}
	slices.SortFunc(reasons, func(a, b string) int { return cmp.Or(cmp.Compare(l[b], l[a]), cmp.Compare(a, b)) })
	for i, why := range reasons {
		if i == 20 {
			r.warn("%d more reasons for which records are left out", len(reasons)-i)
			break
		}
		r.warn("left out: %d %s", l[why], why)
	}
}

// protocolName names what is carried by nobody here.
func protocolName(proto uint8) string {
	if name, ok := map[uint8]string{0: "of no single protocol", 2: "IGMP", 4: "IP in IP", 41: "IPv6 in IPv4", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP"}[proto]; ok {
		return "records of " + strings.TrimPrefix(name, "of ")
	}
	return fmt.Sprintf("records of protocol %d", proto)
}

// observed takes a record; false: the list is full.
func (r *reader) observed(x *record, out leftOut) bool {
	switch {
	case !x.from.IsValid() || !x.to.IsValid() || x.from.IsUnspecified() || x.from.IsMulticast() || x.from == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		out["records whose sender is no host"]++
		return true
	case x.to.IsUnspecified() || x.to.IsMulticast() || x.to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		out["records to multicast and broadcast addresses"]++
		return true
	case x.timeless:
		out["records without a time (1970)"]++
		return true
	case x.packets < 1 && x.data <= 0:
		out["records without packets"]++
		return true
	}
	if !r.clock.runs {
		r.clock.base, r.clock.runs = x.second, true
	}
	second := x.second - r.clock.base
	if second > 4_000_000 && r.Until > 0 {
		r.late++
		return true
	}
	if second > 4_000_000 || second < -4_000_000 {
		r.faults.Addf(fault.OutOfRange, r.place(""), "the flow starts %d days away from the first one in the file; a run has 46 days at most", max(second, -second)/86400)
		return true
	}
	f := model.Flow{Start: model.Time(second)*model.Second + model.Time(x.nano)*model.Nanosecond, SrcPort: x.fromPort, DstPort: x.toPort}
	why := ""
	switch x.proto {
	case tcp4:
		why = x.tcp(&f)
	case udp4:
		why = x.udp(&f)
	case icmp4, icmp6:
		why = x.echo(&f)
	default:
		why = protocolName(x.proto)
	}
	if why != "" {
		out[why]++
		return true
	}
	f.From, f.To = model.NodeID(r.out.ends.at(x.from, r.line)), model.NodeID(r.out.ends.at(x.to, r.line))
	return r.add(&f)
}

// tcp sends what the application sent, at the rate at which it came. Acknowledgements
// alone are no flow: our TCP makes its own.
func (x *record) tcp(f *model.Flow) string {
	f.Transport = model.TCP
	size := x.data
	if size < 0 {
		size = x.bytes - tcpHeaders*x.packets
	}
	if size <= 0 {
		return "records of TCP without data (acknowledgements, attempts)"
	}
	f.Size = model.Size(size)
	if x.span > 0 {
		f.Rate = model.Rate(rateOver(size, x.span*int64(model.Nanosecond)))
	}
	return ""
}

// instantly is the time that a burst is given whose log knows no finer times.
const instantly = int64(model.Millisecond)

// udp sends as many datagrams of the mean size, evenly.
func (x *record) udp(f *model.Flow) string {
	f.Transport = model.UDP
	size := x.data
	if size < 0 {
		size = x.bytes - udpHeaders*x.packets
	}
	if size <= 0 {
		return "records of UDP without data"
	}
	each := min((size+x.packets-1)/x.packets, mostPayload)
	f.Size, f.Packet = model.Size(size), model.Size(max(each+udpHeaders+ethernet, leastFrame))
	span := instantly
	if x.span > 0 && x.packets > 1 {
		span = x.span * int64(model.Nanosecond)
	}
	f.Rate = model.Rate(rateOver(each*max(x.packets-1, 1), span)) // the last packet goes out as the span ends
	return ""
}

// echo sends as many echoes. Answers come by themselves.
func (x *record) echo(f *model.Flow) string {
	f.SrcPort, f.DstPort = 0, 0
	f.Transport = model.ICMP
	switch kind := x.toPort >> 8; {
	case kind == 0 && x.proto == icmp4, kind == 129 && x.proto == icmp6:
		return "records of ICMP's echo replies, which hosts give by themselves"
	case kind != 8 && x.proto == icmp4, kind != 128 && x.proto == icmp6:
		return "records of ICMP that are no echoes"
	}
	f.Count = int32(min(max(x.packets, 1), 1<<31-1))
	size := x.data
	if size < 0 {
		size = x.bytes - udpHeaders*x.packets
	}
	each := min(max(size/int64(f.Count), 22), mostPayload)
	f.Packet = model.Size(each + udpHeaders + ethernet)
	if x.span > 0 && f.Count > 1 {
		f.Rate = model.Rate(rateOver(each*int64(f.Count-1), x.span*int64(model.Nanosecond)))
	}
	return ""
}

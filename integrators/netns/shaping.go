package netns

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The handles of what hangs on an interface: the rate's queueing discipline, its only
// class, and the queue below it. tc shows them as 1:, 1:1 and 10:.
const (
	rateHandle  = 1 << 16
	classHandle = rateHandle | 1
	queueHandle = 0x10 << 16
)

// ethernet says that a rate counts whole frames, and spares its table (linux/pkt_sched.h,
// TC_LINKLAYER_ETHERNET).
const ethernet = 1

// tick is the unit of time in which the kernel's packet scheduler is spoken to
// (/proc/net/psched).
const tick = 64 * time.Nanosecond

// shape adds the requests that shape an interface.
func (s *Shaping) shape(b *batch, index int) {
	request := func(kind uint16, flags uint16, parent, handle uint32, name string, options *nl.RtAttr) *nl.NetlinkRequest {
		r := nl.NewNetlinkRequest(int(kind), int(flags))
		r.AddData(&nl.TcMsg{Family: unix.AF_UNSPEC, Ifindex: int32(index), Parent: parent, Handle: handle})
		if name != "" {
			r.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated(name)))
		}
		if options != nil {
			r.AddData(options)
		}
		return r
	}
	const root = uint32(0xffffffff) // TC_H_ROOT
	if s.Adjust && s.Rate > 0 {
		b.add("changing the rate of", s.Interface, request(unix.RTM_NEWTCLASS, 0, rateHandle, classHandle, "htb", s.htb()))
		return
	}
	b.try(request(unix.RTM_DELQDISC, 0, root, 0, "", nil)) // whatever there was
	parent, delayed := root, s.Delay > 0 || s.Jitter > 0 || s.Loss > 0
	if s.Rate > 0 {
		global := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
		global.AddRtAttr(nl.TCA_HTB_INIT, (&nl.TcHtbGlob{Version: 3, Rate2Quantum: 10, Defcls: classHandle & 0xffff}).Serialize())
		b.add("shaping", s.Interface, request(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_EXCL, root, rateHandle, "htb", global))
		b.add("setting the rate of", s.Interface, request(unix.RTM_NEWTCLASS, unix.NLM_F_CREATE|unix.NLM_F_EXCL, rateHandle, classHandle, "htb", s.htb()))
		parent = classHandle
	}
	queue := func(name string, options []byte) {
		b.add("setting the queue ("+name+") of", s.Interface, request(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_EXCL, parent, queueHandle, name, nl.NewRtAttr(nl.TCA_OPTIONS, options)))
	}
	limit := func(v int64) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(min(v, math.MaxUint32))) }
	switch {
	case delayed:
		queue("netem", s.netem())
	case s.Rate > 0 && s.Bytes > 0:
		queue("bfifo", limit(s.Bytes))
	case s.Rate > 0:
		queue("pfifo", limit(s.Packets))
	}
}

func (s *Shaping) frame() int64 {
	if s.MTU > 0 {
		return int64(s.MTU) + 14
	}
	return 1500 + 14
}

// htb is the class of a rate. Its bucket holds two frames; at high rates what passes while
// the sender or the switch waits for a core, up to 10 ms: what is missed then is missed for
// good.
func (s *Shaping) htb() *nl.RtAttr {
	rate := float64(s.Rate) / 8
	burst := max(2*float64(s.frame()), math.Floor(rate*min(0.010, float64(s.Rate)/2e10)))
	bucket := uint32(min(burst/rate*float64(time.Second/tick), math.MaxUint32))
	spec := nl.TcRateSpec{Linklayer: ethernet, Rate: uint32(min(rate, math.MaxUint32))}
	options := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
	options.AddRtAttr(nl.TCA_HTB_PARMS, (&nl.TcHtbCopt{Rate: spec, Ceil: spec, Buffer: bucket, Cbuffer: bucket,
		Quantum: uint32(min(60000, max(s.frame(), s.Rate/80000)))}).Serialize())
	if rate > math.MaxUint32 {
		options.AddRtAttr(nl.TCA_HTB_RATE64, nl.Uint64Attr(uint64(rate)))
		options.AddRtAttr(nl.TCA_HTB_CEIL64, nl.Uint64Attr(uint64(rate)))
	}
	return options
}

// netem is the delay line: what waits in it needs room beside the queue's.
func (s *Shaping) netem() []byte {
	room := s.Packets
	if s.Bytes > 0 {
		room = max(1, s.Bytes/1514)
	}
	if s.Rate > 0 {
		room += int64(float64(s.Rate) / 8 * (s.Delay + s.Jitter).Seconds() / 64)
	} else {
		room += 100000
	}
	ticks := func(d time.Duration) uint32 { return uint32(min(d/tick, math.MaxUint32)) }
	o := nl.TcNetemQopt{Latency: ticks(s.Delay), Jitter: ticks(s.Jitter), Limit: uint32(min(room, math.MaxUint32)),
		Loss: uint32(math.Round(s.Loss * math.MaxUint32))}
	return o.Serialize()
}

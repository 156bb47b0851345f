package emulate

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
)

// edited makes room for what was added to the network, whose counters begin at 0. swap,
// called in between, puts the new network in the place of the old one. Both have to happen
// at once: whoever reads counters goes by the network as it is.
func (l *links) edited(p *edit, swap func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range p.goneLinks {
		delete(l.outages.links, id)
		a, b := p.to.net.Ends(id)
		delete(l.outages.ports, a)
		delete(l.outages.ports, b)
	}
	swap()
	now := l.world.now()
	for len(l.arcs) < 2*p.to.net.LinkCount() {
		arc := model.Arc(len(l.arcs))
		l.arcs = append(l.arcs, direction{rate: p.to.net.ArcSpec(arc).Rate, born: now, changed: true, gone: p.to.net.LinkGone(arc.Link())})
	}
	for _, id := range p.links {
		a, b := p.to.net.Ends(id)
		for _, e := range [2]model.Endpoint{a, b} {
			if l.world.channels.down[e.Node] { // as all its links are
				if l.outages.links[id] == nil {
					l.outages.links[id] = map[model.NodeID]bool{}
				}
				l.outages.links[id][e.Node] = true
			}
		}
	}
	l.follow.edited(p)
}

// retire reads the counters of links for the last time: they are about to be taken away.
func (l *links) retire(ids []model.LinkID) {
	if len(ids) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var which []int
	for _, id := range ids {
		which = append(which, 2*int(id), 2*int(id)+1)
	}
	is, _ := l.readSome(ctx, which, true)
	n := l.world.net()
	for _, i := range which {
		d := &l.arcs[i]
		if d.gone {
			continue
		}
		d.gone, d.last, d.until = true, is[i], l.world.now()
		for k, id := range l.follow.what.Switches {
			if n.ArcTo(model.Arc(i)).Node == id {
				l.follow.received[k] -= is[i].packets
			}
		}
	}
}

// restored says that links which were retired are there all the same: made anew, with
// counters that begin at 0.
func (l *links) restored(ids []model.LinkID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		for i := 2 * int(id); i <= 2*int(id)+1; i++ {
			if d := &l.arcs[i]; d.gone {
				d.start = counters{packets: d.start.packets - d.last.packets, bytes: d.start.bytes - d.last.bytes, drops: d.start.drops - d.last.drops}
				d.gone, d.changed, d.last = false, true, counters{}
			}
		}
	}
}

// standing lists the ends of links that are up, as far as is known.
func (l *links) standing(n *model.Network, ids []model.LinkID) (ends []model.Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		a, b := n.Ends(id)
		down := l.outages.ends(a, b, id)
		for i, e := range [2]model.Endpoint{a, b} {
			if !down[i] {
				ends = append(ends, e)
			}
		}
	}
	return ends
}

// edited follows what is asked for of the network as it is now. What is followed no longer
// where nothing that was asked for is left, goes on.
func (f *follow) edited(p *edit) {
	for len(f.waits) < 2*p.to.net.LinkCount() {
		f.waits = append(f.waits, 0)
	}
	what, _, err := p.to.net.Followed()
	if err != nil {
		return
	}
	past := map[model.NodeID]int64{}
	for k, id := range f.what.Switches {
		past[id] = f.received[k]
	}
	f.what, f.received = what, make([]int64, len(what.Switches))
	for k, id := range what.Switches {
		f.received[k] = past[id]
	}
}

// lasting is how long a direction has been there when what it carried is told.
func (d *direction) lasting(began, now model.Time) model.Time {
	if d.gone {
		now = d.until
	}
	return now - max(began, d.born)
}

// told writes what a living changeset has added and removed.
func (w *world) told(p *edit) {
	entries := trace.Edited(p.from.net, p.to.net, w.now())
	for i := range entries {
		w.session.emit(&entries[i])
	}
}

// narrow forgets the packet sockets of ports that are gone.
func (p *place) narrow() error {
	p.wide.Lock()
	defer p.wide.Unlock()
	pids, err := p.vswitchd()
	if err != nil {
		return err
	}
	open := map[uint64]bool{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil // it dies: its sockets are let go of then
		}
		for _, e := range entries {
			if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(to, "socket:[") {
				inode, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]"), 10, 64)
				open[inode] = true
			}
		}
	}
	for inode := range p.widened {
		if !open[inode] {
			delete(p.widened, inode)
		}
	}
	p.shares.retain(open)
	return nil
}

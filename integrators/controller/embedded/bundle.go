package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded/wire"
)

// bundling is a connection's bundle under way; there is one at a time.
type bundling struct {
	bundleMu sync.Mutex
	commit   uint32
	held     map[uint32]bool // ids on the line of the messages in it
	verdict  chan bool       // whether it is in force; has room for one
}

// expect notes a bundle; commit is the id of the message that ends it.
func (b *bundling) expect(commit uint32, held map[uint32]bool) <-chan bool {
	b.bundleMu.Lock()
	defer b.bundleMu.Unlock()
	b.commit, b.held, b.verdict = commit, held, make(chan bool, 1)
	return b.verdict
}

// fails takes an error; true where it is about a bundle. What is wrong with a message in
// it will be heard of when the messages are sent one by one.
func (b *bundling) fails(r wire.Refusal) bool {
	if b.settle(r.Xid, false) {
		return true
	}
	b.bundleMu.Lock()
	defer b.bundleMu.Unlock()
	return b.held[r.Xid]
}

// settle takes the answer to a commit, where it is one.
func (b *bundling) settle(xid uint32, done bool) bool {
	b.bundleMu.Lock()
	defer b.bundleMu.Unlock()
	if b.verdict == nil || xid != b.commit {
		return false
	}
	b.verdict <- done
	b.verdict, b.held = nil, nil
	return true
}

// replaces says that a downcall takes from a switch what it has, or alters it. Packets
// could meet half of such a change.
func replaces(d *control.Downcall) bool {
	return d.Kind == control.ModRule && d.Rule != nil && d.Rule.Command != flow.Add ||
		d.Kind == control.ModGroup && d.Group != nil && d.Group.Command != flow.Add
}

// bundled says that a downcall can be part of a bundle. Open vSwitch takes no meters.
func bundled(d *control.Downcall) bool {
	return d.Kind == control.ModRule || d.Kind == control.ModGroup
}

// putBundle writes downcalls as one bundle, and one by one where the switch does not take
// them so: then each is refused or not by itself.
func (w *writer) putBundle(ctx context.Context, run []control.Downcall) error {
	done, err := w.tryBundle(ctx, run)
	if err != nil || done {
		return err
	}
	for i := range run {
		if err := w.put(ctx, &item{down: run[i]}); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) tryBundle(ctx context.Context, run []control.Downcall) (bool, error) {
	if w.lacking {
		return false, nil
	}
	w.askMu.Lock()
	number, commit := w.number(), w.number()
	w.askMu.Unlock()
	held := make(map[uint32]bool, len(run)+1)
	held[number] = true // the opening
	out := [][]byte{w.speaks.BundleOpen(number, number)}
	for i := range run {
		m, err := w.encode(ctx, &run[i])
		if err == nil {
			m, err = w.speaks.BundleAdd(number, m)
		}
		if err != nil {
			return false, nil // what is wrong comes out one by one
		}
		out, held[short(run[i].Xid)] = append(out, m), true
		w.newest.Store(max(w.newest.Load(), run[i].Xid))
	}
	answer := w.expect(commit, held)
	for _, m := range append(out, w.speaks.BundleCommit(commit, number)) {
		if w.buffer = append(w.buffer, m...); len(w.buffer) >= chunk {
			if err := w.flush(); err != nil {
				return false, err
			}
		}
	}
	if err := w.flush(); err != nil {
		return false, err
	}
	patience := time.NewTimer(w.owner.cfg.Silence)
	defer patience.Stop()
	select {
	case done := <-answer:
		if !done {
			w.failures++
			if w.lacking = w.failures >= bundleTrials && w.bundles == 0; w.lacking {
				w.owner.warn(w.name(), "it takes no bundles: what belongs together comes into force one by one")
			}
		} else {
			w.bundles++
		}
		return done, nil
	case <-patience.C:
		return false, fmt.Errorf("it has not answered a bundle for %v", w.owner.cfg.Silence)
	case <-ctx.Done():
		return false, errors.New("the controller ends")
	}
}

// bundleTrials is after how many bundles refused, and none taken, a switch is taken to
// have none: a single one may have been refused for what was in it.
const bundleTrials = 2

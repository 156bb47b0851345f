package embedded

import (
	"fmt"
	"time"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/integrators/controller/embedded/wire"
)

// survey is what a switch turned out to hold before anything is sent to it.
type survey struct {
	held *app.Stats       // nil where it cannot be read
	then []control.Upcall // what the switch said meanwhile, for after its introduction
}

// survey asks a switch for its rules, groups and meters (section 7.3.5), so that the
// runtime sends the difference only, and deletes the rules that nobody here can have
// wanted since there are no words for them. An error is the end of the connection; a
// switch whose answer makes no sense is told everything anew.
func (k *conn) survey() (s survey, err error) {
	var got *answer
	var why error
	done := false
	request, err := k.askParts([]wire.Part{wire.PartRules, wire.PartGroups, wire.PartMeterConfig}, 0, func(a *answer, err error) {
		got, why, done = a, err, true
	})
	if err != nil {
		return s, err
	}
	if err := k.say(request); err != nil {
		return s, err
	}
	said, since := k.taken, time.Now()
	for !done {
		switch {
		case k.taken > said || k.owner.cfg.Clock.Stopped():
			said, since = k.taken, time.Now()
		case time.Since(since) >= reluctance*k.owner.cfg.Silence:
			return s, fmt.Errorf("it says this and that, and not what it holds, for %v", reluctance*k.owner.cfg.Silence)
		}
		if err := k.net.SetReadDeadline(time.Now().Add(k.owner.cfg.Silence)); err != nil {
			return s, err
		}
		m, err := wire.Read(k.read)
		if err != nil {
			return s, k.silence(err)
		}
		k.heard.Store(int64(time.Since(k.owner.began)))
		err = wire.Guard("message", func() error { return s.hear(k, m) })
		if err == nil {
			continue
		}
		if m.Type() != wire.TypeMultipartReply || k.agreed(m) != nil {
			return s, err
		}
		k.finish(m.Xid(), err)
	}
	if err := k.net.SetReadDeadline(time.Time{}); err != nil {
		return s, err
	}
	if why != nil {
		k.owner.warn(k.name(), "what it holds cannot be read, so it is told everything anew: "+why.Error())
		return s, nil
	}
	s.held = got.holdings()
	s.settle()
	if k.owner.cfg.Keep {
		return s, nil
	}
	return s, k.expel(got.strange, k.say)
}

// thenMost bounds what a switch may say before it is introduced: more than it has ports
// and rules that could end meanwhile.
const thenMost = 1 << 16

// hear takes one message of a switch that is being asked. Packets have nobody to go to yet.
func (s *survey) hear(k *conn, m wire.Message) error {
	if err := k.agreed(m); err != nil {
		return err
	}
	if len(s.then) > thenMost {
		return fmt.Errorf("it says more than %d things before it says what it holds", thenMost)
	}
	if m.Type() == wire.TypeEchoRequest {
		return k.say(wire.EchoReply(m))
	}
	if m.Type() == wire.TypePacketIn {
		if p, err := k.speaks.DecodePacketIn(m); err == nil {
			k.keep(&p, false)
		}
		return nil
	}
	return k.understand(m, func(u control.Upcall) { s.then = append(s.then, u) })
}

// settle leaves out what is no news: a rule that ended before the rules were read is
// simply not there, and will be put back and end again, as any that ended while nobody
// listened.
func (s *survey) settle() {
	there := make(map[flow.RuleKey]bool)
	if len(s.then) > 0 {
		for i := range s.held.Rules {
			there[s.held.Rules[i].Rule.Key()] = true
		}
	}
	kept := s.then[:0]
	for _, u := range s.then {
		if u.Kind != control.RuleRemoved || there[u.Removed.Rule.Key()] {
			kept = append(kept, u)
		}
	}
	s.then = kept
}

// holdings is an answer for the runtime. Groups and meters that have no words here are of
// a kind that nobody wants; their numbers do.
func (to *answer) holdings() *app.Stats {
	held := to.stats
	for _, n := range to.groups {
		held.Groups = append(held.Groups, flow.GroupStat{Group: flow.Group{Number: n, Type: noGroupType}})
	}
	for _, n := range to.meters {
		held.Meters = append(held.Meters, flow.MeterStat{Meter: flow.Meter{Number: n, Name: "foreign"}})
	}
	return &held
}

const noGroupType flow.GroupType = 0xff

// expel deletes rules that there are no words for.
func (k *conn) expel(rules []wire.Strange, say func([]byte) error) error {
	var b []byte
	for i := range rules {
		k.askMu.Lock()
		xid := k.number()
		k.askMu.Unlock()
		if b = append(b, k.speaks.DeleteStrange(xid, &rules[i])...); len(b) >= chunk || i == len(rules)-1 {
			if err := say(b); err != nil {
				return err
			}
			b = nil
		}
	}
	if len(rules) > 0 {
		k.owner.warn(k.name(), fmt.Sprintf("%d rules that say what this program has no words for were deleted", len(rules)))
	}
	return nil
}

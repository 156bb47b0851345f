package emulate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"sendim/core/model"
)

// scriptEdit is what the script is told to make, to take away or to tell hosts. Names are
// technical; a limit's values are what limit() takes.
type scriptEdit struct {
	Switches []scriptSwitch  `json:"switches,omitempty"`
	Hosts    []string        `json:"hosts,omitempty"`
	Links    [][2]scriptEnd  `json:"links,omitempty"`
	Address  []scriptAddress `json:"addresses,omitempty"` // of hosts, by their first port
	Forget   []string        `json:"forget,omitempty"`    // IPv4 addresses
	Fresh    []scriptAddress `json:"fresh,omitempty"`
	Known    []scriptAddress `json:"known,omitempty"`
	Others   []scriptAddress `json:"others,omitempty"`
}

type scriptSwitch struct {
	Name string `json:"name"`
	DPID string `json:"dpid,omitempty"`
}

type scriptEnd struct {
	Node  string         `json:"node"`
	Port  model.PortNo   `json:"port"`
	Intf  string         `json:"intf"`
	MAC   string         `json:"mac,omitempty"`
	Limit map[string]any `json:"limit,omitempty"`
}

type scriptAddress struct {
	Host string `json:"host"`
	Intf string `json:"intf"`
	IP   string `json:"ip"`
	Net  string `json:"net"` // with the length of the prefix
	MAC  string `json:"mac"`
}

func (is *network) scriptAddress(e model.Endpoint) scriptAddress {
	at := is.prefixOf(e.Node)
	return scriptAddress{Host: is.names.Technical(e.Node), Intf: is.names.Interface(e.Node, e.Port), IP: at.Addr().String(), Net: at.String(),
		MAC: hardware(is.names.MAC(e.Node)).String()}
}

func (is *network) scriptLinks(ids []model.LinkID) (out [][2]scriptEnd) {
	for _, id := range ids {
		a, b := is.net.Ends(id)
		var link [2]scriptEnd
		for k, e := range [2]model.Endpoint{a, b} {
			link[k] = scriptEnd{Node: is.names.Technical(e.Node), Port: e.Port, Intf: is.names.Interface(e.Node, e.Port),
				MAC: hardware(is.names.PortMAC(e.Node, e.Port)).String(), Limit: scriptLimit(is.net.ArcSpec(model.Arc(2*int(id) + k)))}
		}
		out = append(out, link)
	}
	return out
}

// scriptLimit is what a direction of a link is like, as converters/mininet writes it; nil
// for one that limits nothing.
func scriptLimit(s *model.LinkSpec) map[string]any {
	values := map[string]any{}
	if s.Rate > 0 {
		queue := s.Queue
		if queue == (model.QueueLimit{}) {
			queue = model.DefaultQueue
		}
		values["rate"] = int64(s.Rate)
		if queue.Bytes > 0 {
			values["bytes"] = int64(queue.Bytes)
		} else {
			values["packets"] = queue.Packets
		}
	}
	if s.Delay > 0 {
		values["delay"] = s.Delay.Seconds() * 1e3
	}
	if s.Jitter > 0 {
		values["jitter"] = s.Jitter.Seconds() * 1e3
	}
	if s.Loss > 0 {
		values["loss"] = s.Loss
	}
	if s.MTU > 0 && s.MTU != 1500 {
		values["mtu"] = int64(s.MTU)
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// editing is how long the script may take for one edit, beside some for each thing.
const editing = 30 * time.Second

// edit has the script carry out an edit.
func (s *script) edit(ctx context.Context, op string, e *scriptEdit) (answer, error) {
	things := len(e.Switches) + len(e.Hosts) + len(e.Links) + len(e.Known) + len(e.Fresh) + len(e.Others)
	ctx, cancel := context.WithTimeout(ctx, editing+time.Duration(things)*time.Second)
	defer cancel()
	return s.ask(ctx, order{Op: op, Edit: e})
}

func (s *script) grow(ctx context.Context, p *edit) error {
	is, e := p.to, &scriptEdit{Links: p.to.scriptLinks(p.links)}
	for _, id := range p.nodes {
		if is.net.NodeKindOf(id) == model.Switch {
			e.Switches = append(e.Switches, scriptSwitch{is.names.Technical(id), fmt.Sprintf("%016x", is.names.DPID(id))})
		} else {
			e.Hosts = append(e.Hosts, is.names.Technical(id))
		}
	}
	for _, id := range p.links {
		a, b := is.net.Ends(id)
		for _, at := range [2]model.Endpoint{a, b} {
			if is.first(at) {
				e.Address = append(e.Address, is.scriptAddress(at))
			}
		}
	}
	a, err := s.edit(ctx, "add", e) // it undoes itself what it cannot finish
	if err != nil {
		return err
	}
	s.know(a.PIDs, nil)
	return nil
}

func (s *script) shrink(ctx context.Context, p *edit) error {
	is, e := p.from, &scriptEdit{Links: p.from.scriptLinks(p.goneLinks)}
	for _, id := range p.goneNodes {
		if is.net.NodeKindOf(id) == model.Switch {
			e.Switches = append(e.Switches, scriptSwitch{Name: is.names.Technical(id)})
		} else {
			e.Hosts = append(e.Hosts, is.names.Technical(id))
		}
	}
	_, err := s.edit(ctx, "remove", e)
	s.know(nil, e.Hosts)
	return err
}

func (s *script) introduce(ctx context.Context, i *introduction) error {
	is, e := s.world.is.Load(), &scriptEdit{}
	for _, ip := range i.gone {
		e.Forget = append(e.Forget, ip.String())
	}
	for _, at := range i.fresh {
		e.Fresh = append(e.Fresh, is.scriptAddress(at))
	}
	for _, at := range i.known {
		e.Known = append(e.Known, is.scriptAddress(at))
	}
	for _, at := range i.others {
		e.Others = append(e.Others, is.scriptAddress(at))
	}
	_, err := s.edit(ctx, "introduce", e)
	return err
}

// know notes the shells of hosts that have come, by technical name, and forgets those of
// hosts that have gone.
func (s *script) know(came map[string]int, gone []string) {
	s.inner.Lock()
	defer s.inner.Unlock()
	s.pids = maps.Clone(s.pids)
	for _, name := range gone {
		delete(s.pids, name)
	}
	maps.Copy(s.pids, came)
	s.pid = nil // to be looked for again
}

// faulty is an answer's faults as an error.
func (a *answer) faulty() error {
	if len(a.Faults) == 0 {
		return nil
	}
	return errors.New(strings.Join(a.Faults, "; "))
}

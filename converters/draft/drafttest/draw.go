package drafttest

import (
	"fmt"

	"pgregory.net/rapid"

	"sendim/core/model"
)

// Draw is a network of nodes and links that use everything a format must hold, or carry along.
// Some nodes have names that mean something else in it.
func Draw(t *rapid.T, special ...string) *model.Network {
	some := func(what string) bool { return rapid.IntRange(0, 2).Draw(t, what) == 0 }
	text := rapid.StringMatching("[ -~é\u0085\n\t]{0,9}")
	key := rapid.StringMatching(`[a-z]{1,9}(\.[a-z]{1,3})?`)
	props := func() (out []model.Property) {
		for range rapid.IntRange(0, 2).Draw(t, "properties") {
			out = append(out, model.Property{Name: key.Draw(t, "key"), Value: text.Draw(t, "value")})
		}
		return out
	}
	b := model.NewBuilder(rapid.StringMatching(`[ -~äö]{1,8}`).Draw(t, "name"))
	names := rapid.SliceOfNDistinct(rapid.OneOf(rapid.StringMatching(`[a-zé][a-z0-9._ ]{0,14}[a-z0-9]`), rapid.SampledFrom(special)), 2, 10, rapid.ID[string]).Draw(t, "names")
	for i, name := range names {
		kind := rapid.SampledFrom([]model.NodeKind{model.Switch, model.Host, model.External}).Draw(t, "kind")
		id, _ := b.Declare([]byte(name), kind)
		var x model.Identity
		if kind == model.Switch && some("dpid") {
			x.DPID = uint64(1000 + i)
		} else if kind != model.Switch && some("ip") {
			x = model.Identity{HasMAC: some("mac"), IP: 10<<24 | uint32(1000+i), Prefix: uint8(rapid.IntRange(8, 32).Draw(t, "prefix"))}
			if x.HasMAC {
				x.MAC = uint64(1000 + i)
			}
		}
		var labels []string
		if some("label") {
			labels = []string{"edge", "x-1"}
		}
		p := props()
		if some("placed") {
			p = append(p, model.Property{Name: "x", Value: "100"}, model.Property{Name: "y", Value: "2.5"})
		}
		b.SetNodeExtra(id, x, labels, p)
		if some("spec") {
			b.SetNodeSpec(id, b.NodeSpecID(model.NodeSpec{CPU: rapid.Int64Range(0, 1<<30).Draw(t, "cpu"), Memory: model.Size(rapid.Int64Range(0, 1<<50).Draw(t, "memory")), Disk: 5}))
		}
	}
	spec := func() model.LinkSpec {
		s := model.LinkSpec{}
		if some("rate") {
			s.Rate = model.Rate(rapid.Int64Range(0, 1<<50).Draw(t, "bps"))
		}
		if some("delay") {
			s.Delay, s.Jitter = model.Time(rapid.Int64Range(0, 1<<55).Draw(t, "ps")), model.Time(rapid.Int64Range(0, 1<<40).Draw(t, "jitter"))
		}
		if some("loss") {
			s.Loss = rapid.Float64Range(0, 1).Draw(t, "share")
		}
		if some("queue") {
			s.Queue = rapid.SampledFrom([]model.QueueLimit{{Packets: 7}, {Bytes: 9000}}).Draw(t, "limit")
		}
		if some("more") {
			s.MTU, s.Weight, s.Spare = rapid.SampledFrom([]int32{1400, 1500}).Draw(t, "mtu"), 3, true
		}
		return s
	}
	ports := map[model.Endpoint]bool{}
	fixed := func(id model.NodeID) model.PortNo {
		e := model.Endpoint{Node: id, Port: model.PortNo(rapid.IntRange(1, 40).Draw(t, "port"))}
		if !some("fixed") || ports[e] {
			return model.AutoPort
		}
		ports[e] = true
		return e.Port
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "links") {
		d := model.LinkDraft{A: model.NodeID(rapid.IntRange(0, len(names)-1).Draw(t, "a")), B: model.NodeID(rapid.IntRange(0, len(names)-1).Draw(t, "b"))}
		if d.A == d.B {
			continue
		}
		d.APort, d.BPort = fixed(d.A), fixed(d.B)
		d.Spec = b.SpecID(spec())
		if d.Back = d.Spec; some("back") {
			d.Back = b.SpecID(spec())
		}
		if some("named") {
			d.Name = fmt.Sprint("link ", i)
		}
		d.Properties = props()
		b.Link(d)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

package serve

import (
	"strings"
	"testing"

	"sendim/core/model"
	"sendim/descriptors"
)

func TestWhatWasFoundIsWrittenAsItWouldBeDescribed(t *testing.T) {
	n, faults := model.NewBuilder("found").Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	end := func(node string, port model.PortNo) model.LinkEnd { return model.LinkEnd{Node: node, Port: port} }
	host := func(name string, mac uint64) model.Edit {
		return model.Edit{Kind: model.AddNode, Node: name, NodeKind: model.Host, Identity: model.Identity{HasMAC: true, MAC: mac}}
	}
	n, err := n.Edit([]model.Edit{
		{Kind: model.AddNode, Node: "s7", NodeKind: model.Switch, Identity: model.Identity{DPID: 7}},
		host("gone", 1), {Kind: model.AddLink, A: end("s7", 3), B: end("gone", model.AutoPort)}, {Kind: model.DelNode, Node: "gone"},
		{Kind: model.AddNode, Node: "s7-3", NodeKind: model.External}, {Kind: model.AddLink, A: end("s7", 3), B: end("s7-3", model.AutoPort)},
		host("a", 2), {Kind: model.AddLink, A: end("s7-3", model.AutoPort), B: end("a", model.AutoPort)},
		host("b", 3), {Kind: model.AddLink, A: end("s7-3", model.AutoPort), B: end("b", model.AutoPort)},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := plain(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := descriptors.Encode(&text, out); err != nil {
		t.Fatal(err)
	}
	want := `<system name="found">
  <node id="s7" type="switch" dpid="0x7"/>
  <node id="s7-3" type="switch"/>
  <node id="a" type="host" mac="00:00:00:00:00:02"/>
  <node id="b" type="host" mac="00:00:00:00:00:03"/>
  <link from="s7:3" to="s7-3"/>
  <link from="s7-3" to="a"/>
  <link from="s7-3" to="b"/>
</system>
`
	if text.String() != want {
		t.Errorf("written as\n%s", text.String())
	}
}

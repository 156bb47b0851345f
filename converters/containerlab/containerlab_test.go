package containerlab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/core/model"
	"sendim/core/naming"
)

func read(t testing.TB, text string) *draft.Network {
	t.Helper()
	n, err := Read([]draft.File{{Name: "t.clab.yml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func build(t drafttest.Failer, n *draft.Network, o draft.Options) *model.Network {
	return drafttest.Build(t, n, o).Model
}

// short writes nodes and links in a few words.
func short(d *draft.Network) (out []string) {
	for _, n := range d.Nodes {
		id := ""
		if n.Identity.IP != 0 {
			id = fmt.Sprintf(" %x/%d", n.Identity.IP, n.Identity.Prefix)
		}
		if n.Identity.HasMAC {
			id += fmt.Sprintf(" mac %x", n.Identity.MAC)
		}
		if n.Spec != (model.NodeSpec{}) {
			id += fmt.Sprintf(" %v", n.Spec)
		}
		var props []string
		for _, p := range n.Properties {
			props = append(props, p.Name+"="+p.Value)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %v%s %s", n.ID, n.Kind, id, strings.Join(props, "; "))))
	}
	for _, l := range d.Links {
		var props []string
		for _, p := range l.Properties {
			props = append(props, p.Name+"="+p.Value)
		}
		mtu := ""
		if l.Spec.MTU != 0 {
			mtu = fmt.Sprintf(" mtu %d", l.Spec.MTU)
		}
		out = append(out, fmt.Sprintf("%s -- %s%s %s", d.Nodes[l.A].ID, d.Nodes[l.B].ID, mtu, strings.Join(props, "; ")))
	}
	return out
}

func TestALabBecomesANetwork(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
		notes      []string
	}{
		{"nodes inherit from defaults, kinds and groups, the nearer over the farther", `
name: l
topology:
  defaults: {kind: linux, image: far, env: {A: 1, B: "2"}, exec: [one], cpu: 1.5, config: {vars: {p: 1, q: 1}}, dns: {servers: [a]}}
  kinds:
    linux: {image: kind, exec: [two], binds: ["x:/a", "y:/b:ro"], memory: 1Gib}
    nokia_srlinux: {type: ixrd2}
  groups:
    g: {env: {B: x}, exec: [three], labels: {a: b}, kind: nokia_srlinux, config: {vars: {q: 2}}, dns: {search: [b]}}
  nodes:
    a: {exec: [four], binds: ["z:/b"], cpu: 0.3333}
    b: {group: g}
    c:
`, []string{
			`a host {0 1GiB 0B} clab.kind=linux; clab.image=kind; clab.env={"A":1,"B":"2"}; clab.exec=["one","two","four"]; clab.cpu=0.3333; clab.config={"vars":{"p":1,"q":1}}; clab.dns={"servers":["a"]}; clab.binds=["x:/a","z:/b"]`,
			`b switch {1500 0B 0B} clab.kind=nokia_srlinux; clab.image=far; clab.env={"A":1,"B":"x"}; clab.exec=["one","three"]; clab.config={"vars":{"p":1,"q":2}}; clab.dns={"search":["b"]}; clab.type=ixrd2; clab.labels={"a":"b"}; clab.group=g`,
			`c host {1500 1GiB 0B} clab.kind=linux; clab.image=kind; clab.env={"A":1,"B":"2"}; clab.exec=["one","two"]; clab.config={"vars":{"p":1,"q":1}}; clab.dns={"servers":["a"]}; clab.binds=["x:/a","y:/b:ro"]`,
		}, nil},
		{"links come short and long, and some lead out of the lab", `
name: l
topology:
  nodes: {1: {kind: bridge}, b: {kind: linux}}
  links:
    - endpoints: ["1:e1-1", "b:eth1"]
      mtu: 2000
    - endpoints: ["b:eth2", "host:up0"]
    - endpoints: ["mgmt-net:m0", "b:eth3"]
    - endpoints: ["b:eth4", "macvlan:${parent:=ens3}"]
    - {type: veth, endpoints: [{node: 1, interface: ethernet-1/2, vars: {x: 1}}, {node: b, interface: eth5, mac: "02:00:00:00:00:01"}], labels: {l: m}}
    - {type: host, host-interface: up1, endpoint: {node: b, interface: eth6}}
    - {type: vxlan, remote: 10.0.0.9, vni: 100, udp-port: 4789, endpoint: {node: b, interface: eth7}}
    - {type: dummy, mtu: 9000, endpoint: {node: b, interface: d0, mac: x}}
    - endpoints: ["dummy", "b:d1"]
`, []string{
			`1 switch clab.kind=bridge`,
			`b switch clab.kind=linux`,
			`host host clab.special=host`, `mgmt-net host clab.special=mgmt-net`, `macvlan ens3 host clab.special=macvlan`, `vxlan 10.0.0.9 host clab.special=vxlan`, `dummy host clab.special=dummy`, `dummy host clab.special=dummy`,
			`1 -- b mtu 2000 clab.a.interface=e1-1; clab.b.interface=eth1`,
			`b -- host clab.a.interface=eth2; clab.b.interface=up0`,
			`mgmt-net -- b clab.a.interface=m0; clab.b.interface=eth3`,
			`b -- macvlan ens3 clab.a.interface=eth4; clab.b.interface=ens3`,
			`1 -- b clab.a.interface=ethernet-1/2; clab.a.vars={"x":1}; clab.b.interface=eth5; clab.b.mac=02:00:00:00:00:01; clab.type=veth; clab.labels={"l":"m"}`,
			`b -- host clab.a.interface=eth6; clab.b.interface=up1; clab.type=host`,
			`b -- vxlan 10.0.0.9 clab.a.interface=eth7; clab.type=vxlan; clab.remote=10.0.0.9; clab.vni=100; clab.udp-port=4789`,
			`b -- dummy mtu 9000 clab.a.interface=d0; clab.a.mac=x; clab.type=dummy`,
			`b -- dummy clab.a.interface=d1`,
		}, []string{"1 ${VARIABLE} took its default", "1 container is a switch"}},
		{"cards of a chassis stay nodes, and are joined", `
name: l
topology:
  kinds: {nokia_srsim: {type: SR-7}}
  nodes:
    r-1: {kind: nokia_srsim, network-mode: "container:r-a"}
    r-a: {kind: nokia_srsim, env: {SLOT: A}}
    x: {kind: linux, network-mode: "container:elsewhere"}
    y: {kind: linux, network-mode: "container:x"}
  links:
    - endpoints: ["r-1:1/1/c1/1", "x:eth1"]
`, []string{
			`r-1 switch clab.kind=nokia_srsim; clab.type=SR-7; clab.network-mode=container:r-a`,
			`r-a switch clab.kind=nokia_srsim; clab.type=SR-7; clab.env={"SLOT":"A"}`,
			`x host clab.kind=linux; clab.network-mode=container:elsewhere`,
			`y host clab.kind=linux; clab.network-mode=container:x`,
			`r-1 -- x clab.a.interface=1/1/c1/1; clab.b.interface=eth1`,
			`r-a -- r-1 clab.inside=r-a`,
		}, []string{"2 nodes share the networks of others"}},
		{"containers that forward are switches, and those of somebody else outside", `
name: l
topology:
  nodes:
    r1: {kind: linux, image: alpine, exec: ["sysctl -w net.ipv4.ip_forward=1"]}
    r2: {kind: linux, image: alpine, sysctls: {net.ipv4.ip_forward: 1}}
    r3: {kind: linux, image: alpine, exec: [ip link add name br0 type bridge, ip link set eth1 master br0]}
    r4: {kind: linux, image: alpine, cmd: sh -c "echo 1 > /proc/sys/net/ipv4/ip_forward"}
    h: {kind: linux, image: alpine, exec: [ip a add dev eth1 10.0.0.1/8, sysctl net.ipv4.ip_forward=0]}
  links:
    - endpoints: ["r1:eth1", "container:nginx1:eth1"]
    - endpoints: ["h:eth1", "r1:eth2"]
`, []string{
			`r1 switch clab.kind=linux; clab.image=alpine; clab.exec=["sysctl -w net.ipv4.ip_forward=1"]`,
			`r2 switch clab.kind=linux; clab.image=alpine; clab.sysctls={"net.ipv4.ip_forward":1}`,
			`r3 switch clab.kind=linux; clab.image=alpine; clab.exec=["ip link add name br0 type bridge","ip link set eth1 master br0"]`,
			`r4 switch clab.kind=linux; clab.image=alpine; clab.cmd=sh -c "echo 1 > /proc/sys/net/ipv4/ip_forward"`,
			`h host a000001/8 clab.kind=linux; clab.image=alpine; clab.exec=["ip a add dev eth1 10.0.0.1/8","sysctl net.ipv4.ip_forward=0"]`,
			`container:nginx1 host clab.special=container:nginx1`,
			`r1 -- container:nginx1 clab.a.interface=eth1; clab.b.interface=eth1`,
			`h -- r1 clab.a.interface=eth1; clab.b.interface=eth2`,
		}, []string{"4 linux containers are switches"}},
		{"containers that join separate parts are switches", `
name: l
topology:
  nodes:
    b1: {kind: bridge}
    b2: {kind: bridge}
    r: {kind: linux}
    two: {kind: linux}
    d: {kind: linux}
  links:
    - endpoints: ["b1:1", "r:eth1"]
    - endpoints: ["b2:1", "r:eth2"]
    - endpoints: ["two:eth1", "b1:2"]
    - endpoints: ["two:eth2", "b2:2"]
    - endpoints: ["d:eth1", "b1:3"]
    - endpoints: ["d:eth2", "dummy"]
`, []string{
			`b1 switch clab.kind=bridge`, `b2 switch clab.kind=bridge`, `r switch clab.kind=linux`, `two host clab.kind=linux`, `d host clab.kind=linux`, `dummy host clab.special=dummy`,
			`b1 -- r clab.a.interface=1; clab.b.interface=eth1`, `b2 -- r clab.a.interface=1; clab.b.interface=eth2`,
			`two -- b1 clab.a.interface=eth1; clab.b.interface=2`, `two -- b2 clab.a.interface=eth2; clab.b.interface=2`,
			`d -- b1 clab.a.interface=eth1; clab.b.interface=3`, `d -- dummy clab.a.interface=eth2`,
		}, []string{"1 container is a switch, because it joins"}},
		{"hosts have the addresses of their first links", `
name: l
topology:
  nodes:
    s: {kind: ovs-bridge}
    a: {kind: linux, exec: ["ip -4 addr add 192.168.1.9/24 dev eth0", "sh -c 'ip a add 192.168.1.1/24 dev eth1'"]}
    b: {kind: linux, exec: ["ip address add 192.168.1.1/24 dev eth1"]}
    c: {kind: linux}
    d: {kind: linux}
    r: {kind: linux, image: "quay.io/frrouting/frr:10.5.1", exec: ["ip addr add 1.2.3.4/8 dev eth1"]}
  links:
    - endpoints: ["s:p1", "a:eth1"]
    - endpoints: ["s:p2", "b:eth1"]
    - {type: veth, endpoints: [{node: s, interface: p3}, {node: c, interface: eth1, ipv4: 192.168.1.3/24, mac: "02:00:00:00:00:09"}]}
    - endpoints: ["s:p4", "r:eth1"]
    - {endpoints: ["d:eth1", "s:p5"], ipv4: ["192.168.1.4/24", ""]}
`, []string{
			`s switch clab.kind=ovs-bridge`,
			`a host c0a80101/24 clab.kind=linux; clab.exec=["ip -4 addr add 192.168.1.9/24 dev eth0","sh -c 'ip a add 192.168.1.1/24 dev eth1'"]`,
			`b host clab.kind=linux; clab.exec=["ip address add 192.168.1.1/24 dev eth1"]`,
			`c host c0a80103/24 mac 20000000009 clab.kind=linux`,
			`d host c0a80104/24 clab.kind=linux`,
			`r switch clab.kind=linux; clab.image=quay.io/frrouting/frr:10.5.1; clab.exec=["ip addr add 1.2.3.4/8 dev eth1"]`,
			`s -- a clab.a.interface=p1; clab.b.interface=eth1`, `s -- b clab.a.interface=p2; clab.b.interface=eth1`,
			`s -- c clab.a.interface=p3; clab.b.interface=eth1; clab.b.ipv4=192.168.1.3/24; clab.b.mac=02:00:00:00:00:09; clab.type=veth`,
			`s -- r clab.a.interface=p4; clab.b.interface=eth1`,
			`d -- s clab.a.interface=eth1; clab.b.interface=p5; clab.ipv4=["192.168.1.4/24",""]`,
		}, []string{"3 hosts have the addresses"}},
		{"anchors and merge keys are YAML's own business", `
x: &base {kind: linux, image: i}
topology:
  nodes:
    a: &a
      <<: *base
      image: mine
    b: *a
    c: {<<: [*base, {type: t}]}
`, []string{`a host clab.kind=linux; clab.image=mine`, `b host clab.kind=linux; clab.image=mine`, `c host clab.kind=linux; clab.image=i; clab.type=t`}, nil},
		{"unknown kinds are hosts that only stand there", `
name: l
topology:
  nodes: {a: {kind: quantum_router, "a,b": 1}, b: {}}
  links: [{endpoints: ["a:x", "b:y"]}]
`, []string{`a host clab.kind=quantum_router; clab.other={"a,b":1}`, `b host`, `a -- b clab.a.interface=x; clab.b.interface=y`},
			[]string{"2 nodes of kinds that are not known", "1 link joins two hosts"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := read(t, c.text)
			if diff := cmp.Diff(c.want, short(d)); diff != "" {
				t.Error(diff)
			}
			notes := strings.Join(d.Notes, "\n")
			for _, n := range c.notes {
				if !strings.Contains(notes, n) {
					t.Errorf("no note %q in\n%s", n, notes)
				}
			}
			build(t, d, draft.Options{})
		})
	}
}

func TestKindsAreSwitchesOrHosts(t *testing.T) {
	for _, c := range []struct{ kind, image, want string }{
		{"srl", "", "switch"}, {"nokia_srlinux", "", "switch"}, {"vr-sros", "", "switch"}, {"vr-nokia_sros", "", "switch"}, {"nokia_srsim", "", "switch"},
		{"ceos", "", "switch"}, {"arista_veos", "", "switch"}, {"crpd", "", "switch"}, {"juniper_vjunosevolved", "", "switch"}, {"juniper_cjunosevolved", "", "switch"},
		{"sonic-vs", "", "switch"}, {"sonic-vm", "", "switch"}, {"cisco_xrd", "", "switch"}, {"xrd", "", "switch"}, {"vr-xrv9k", "", "switch"}, {"vr-n9kv", "", "switch"},
		{"cvx", "", "switch"}, {"cumulus_cvx", "", "switch"}, {"mikrotik_ros", "", "switch"}, {"vyosnetworks_vyos", "", "switch"}, {"arrcus_arcos", "", "switch"}, {"fortinet_fortigate", "", "switch"},
		{"cisco_asav", "", "switch"}, {"vr-pan", "", "switch"}, {"bridge", "", "switch"}, {"ovs-bridge", "", "switch"}, {"dell_sonic", "", "switch"}, {"c8000", "", "switch"}, {"rare", "", "switch"},
		{"linux", "alpine:3", "host"}, {"linux", "frrouting/frr", "switch"}, {"linux", "reg.example:5000/x/bird:2", "switch"}, {"linux", "ghcr.io/birdseye/app", "host"},
		{"linux", "python@sha256:frr", "host"}, {"keysight_ixia-c-one", "", "host"}, {"host", "", "host"},
		{"k8s-kind", "", "host"}, {"ext-container", "", "host"}, {"generic_vm", "", "host"}, {"freebsd", "", "switch"}, {"ciena_saos10", "", "switch"}, {"veesix_osvbng", "", "switch"}, {"panther", "", "host, opaque"}, {"", "", "host, opaque"},
	} {
		r := roleOf(c.kind, c.image)
		got := r.kind.String()
		if r.opaque {
			got += ", opaque"
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.image, got, c.want)
		}
	}
}

func TestVariablesTakeTheirDefaults(t *testing.T) {
	for in, want := range map[string]string{
		"a ${X:=b} c":               "a b c 1 0",
		"${X-y}${X:-z}${X=}":        "yz 3 0",
		"${X} $X ${X:?err}":         "${X} $X ${X:?err} 0 2",
		"${X:+set}${X+set}!":        "! 2 0",
		"${X:=${Y:=deep}}":          "deep 2 0",
		"${X:={}}":                  "{} 1 0",
		"${X:=\n}":                  "${X:=\n} 0 0",
		"${} ${1":                   "${} ${1 0 0",
		strings.Repeat("${X:=", 12): strings.Repeat("${X:=", 12) + " 0 0",
	} {
		out, defaults, left := expand(in, 0)
		if got := fmt.Sprint(out, " ", defaults, " ", left); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	two := "name: x\ntopology:\n  nodes: {spine: {kind: linux}, b: {kind: linux}}\n  links:\n"
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	var out strings.Builder
	for _, text := range []string{
		"", "name: x", "topology: {}", "topology: {nodes: [a]}", "topology:\n  nodes:\n\tx: 1", "name: x\ntopology:\n  nodes:\n{{ range .x }}\n    a: {}",
		"topology:\n  nodes:\n    a: {}\n    a: {}", "topology:\n  nodes:\n    a: text", "topology: {nodes: {a: [}", "topology:\n  nodes: {? [x] : {}}",
		"topology: {nodes: {a: {<<: 3}}}", "topology: {nodes: {a: *b}}", "topology: {nodes: &n {a: *n}}", bomb + "topology: {nodes: {a: {env: *j}}}",
		"topology: {nodes: {a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}}", "\xff\xfen", "topology: {nodes: {a: {network-mode: 'container:b'}, b: {network-mode: 'container:a'}}}",
		two + "    - 3", two + "    - {}", two + `    - endpoints: ["spine:eth1"]`, two + `    - endpoints: ["spine:eth1", "b"]`, two + `    - endpoints: ["spine:eth1", "spin:eth1"]`,
		two + `    - {type: vethh, endpoints: []}`, two + `    - {type: host}`, two + `    - endpoints: ["host:a", "mgmt-net:b"]`, two + `    - {type: veth, endpoints: [{interface: x}, {node: b}]}`,
		two + `    - {endpoints: ["spine:a", "b:b"], labels: {sendim.rate: fast, sendim.ports: "a,", sendim.back.delay: "5", sendim.properties: "x"}}`,
		"topology:\n  links: {}\n  nodes: {a: {labels: {sendim.kind: swich, sendim.ip: x, sendim.mac: x, sendim.dpid: x, sendim.exec: x, sendim.disk: x}}}", two[:len(two)-1] + " 3",
	} {
		_, err := Read([]draft.File{{Name: "t.yml", Data: []byte(text)}})
		if err == nil {
			t.Errorf("%q is read", text)
			continue
		}
		fmt.Fprintf(&out, "%.60q\n%s\n", text, err)
	}
	drafttest.Golden(t, "errors.txt", out.String())
}

func TestFilesAreToldByTheirContent(t *testing.T) {
	for text, want := range map[string]bool{
		"name: x\ntopology:\n  nodes:\n    a:\n": true, "\xef\xbb\xbftopology:\n  kinds: {}\n  nodes: {}\n": true,
		`{"name":"x","topology":{"nodes":{"a":{"kind":"linux"}}}}`: true, "topology:\r\n  nodes:\r\n": true,
		"topology: x\n": false, "services:\n  nodes:\n": false, "<graphml/>": false, "": false, `{"nodes":[]}`: false, "nodes:\n  topology:\n": false,
	} {
		if got := Is(draft.File{Data: []byte(text)}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestWhatIsWrittenIsReadAsTheSameNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drafttest.Draw(t, "host", "dummy", "n", "null", "1", "mgmt-net")
		var out bytes.Buffer
		image := rapid.SampledFrom([]string{"", "alpine", "frr"}).Draw(t, "image")
		if _, err := Write(&out, n, Options{Image: image}); err != nil {
			t.Fatal(err)
		}
		keepsTheSchema(t, out.Bytes())
		d, err := Read([]draft.File{{Name: "t.clab.yml", Data: out.Bytes()}})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if diff := cmp.Diff(drafttest.Lines(n), drafttest.Lines(build(t, d, draft.Options{Rate: 77, Delay: 77}))); diff != "" {
			t.Fatalf("%s\n%s", diff, out.String())
		}
	})
}

// keepsTheSchema holds a lab of ours against the rules of containerlab's own schema
// (schemas/clab.schema.json) and of its code that concern it.
func keepsTheSchema(t interface{ Fatalf(string, ...any) }, text []byte) {
	var lab struct {
		Name     string
		Topology struct {
			Nodes map[string]struct {
				Kind, Image, Memory string
				CPU                 float64
				Exec                []string
				Labels              map[string]string
			}
			Links []struct {
				Endpoints []string
				MTU       int
				Labels    map[string]string
			}
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true) // containerlab refuses what it does not know
	if err := d.Decode(&lab); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	key, container := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`), regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)
	if !container.MatchString(lab.Name) {
		t.Fatalf("%q is no name of a lab", lab.Name)
	}
	for name, n := range lab.Topology.Nodes {
		switch {
		case !key.MatchString(name), special(name), n.Kind != "ovs-bridge" && n.Kind != "linux", (n.Kind == "linux") != (n.Image != ""),
			n.Kind == "ovs-bridge" && len(name) > 15:
			t.Fatalf("node %q: %+v in\n%s", name, n, text)
		}
	}
	used := map[string]bool{}
	for _, l := range lab.Topology.Links {
		if len(l.Endpoints) != 2 || l.MTU < 68 {
			t.Fatalf("link %+v", l)
		}
		for _, e := range l.Endpoints {
			node, intf, _ := strings.Cut(e, ":")
			n, ok := lab.Topology.Nodes[node]
			if n.Kind == "ovs-bridge" {
				e = intf // bridges share the names of the machine
			}
			if !ok || !key.MatchString(intf) || len(intf) > 15 || intf == "eth0" || used[e] {
				t.Fatalf("endpoint %q in\n%s", e, text)
			}
			used[e] = true
		}
	}
}

func TestTextsLikeTemplatesAndVariablesComeBack(t *testing.T) {
	b := model.NewBuilder("{{ .x }}")
	id, _ := b.Declare([]byte("a"), model.Switch)
	b.SetNodeExtra(id, model.Identity{}, nil, []model.Property{{Name: "p", Value: "{{{ range }}"}, {Name: "q", Value: "${HOME:=x} $HOME $$ ${y}"}})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := Write(&out, n, Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(drafttest.Lines(n), drafttest.Lines(build(t, read(t, out.String()), draft.Options{}))); diff != "" {
		t.Errorf("%s\n%s", diff, out.String())
	}
}

func TestTheLabThatIsWrittenReadsLikeTheGoldenOne(t *testing.T) {
	b := model.NewBuilder("my demo")
	s, _ := b.Declare([]byte("s1"), model.Switch)
	c, _ := b.Declare([]byte("core of the network"), model.Switch)
	h, _ := b.Declare([]byte("h1"), model.Host)
	spec := model.LinkSpec{Rate: 1e7, Delay: 5 * model.Millisecond, Loss: 0.01}
	slow := spec
	slow.Rate, slow.Weight = 1e6, 3
	b.Link(model.LinkDraft{A: s, B: c, APort: model.AutoPort, BPort: 12, Spec: b.SpecID(spec), Back: b.SpecID(slow), Name: "trunk"})
	b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: b.SpecID(spec), Back: b.SpecID(model.LinkSpec{})})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	n.Flows = make([]model.Flow, 2)
	var out bytes.Buffer
	lost, err := Write(&out, n, Options{})
	if err != nil || len(lost) != 1 || lost[0] != "2 flows" {
		t.Fatal(lost, err)
	}
	drafttest.Golden(t, "demo.clab.yml", out.String())
}

// counts is an independent reading by PyYAML: nodes and links of the file, and what the
// rules of this package make of them.
const counts = `
import json, re, sys, yaml
def count(text):
    t = yaml.safe_load(re.sub(r'\$\{\w+:=([^}]*)\}', r'\1', text))['topology']
    nodes = t['nodes']
    mode = lambda n: str((nodes[n] or {}).get('network-mode') or '')
    cards = [n for n in nodes if mode(n).startswith('container:') and mode(n)[10:] in nodes]
    outside, dummies, links = set(), 0, t.get('links') or []
    for l in links:
        kind = l.get('type', '')
        names = [e.split(':') if isinstance(e, str) else [e['node'], e.get('interface')] for e in l.get('endpoints', [])]
        if kind == 'dummy' or ['dummy'] in names: dummies += 1; continue
        if kind in ('host', 'mgmt-net'): names.append([kind])
        if kind == 'macvlan': names.append([kind, l['host-interface']])
        if kind.startswith('vxlan'): names.append(['vxlan', l['remote']])
        for n in names:
            if str(n[0]) not in [str(x) for x in nodes]: outside.add(n[0] if n[0] in ('host', 'mgmt-net') else ' '.join(n))
    return [len(nodes), len(links), len(cards), len(outside) + dummies]
texts = {name: open(name).read() for name in sys.argv[1:]}
print(json.dumps({name: count(text) for name, text in texts.items() if '{{' not in text}))
`

func independently(t *testing.T, files []string) (out map[string][4]int) {
	text, err := exec.Command("python3", append([]string{"-c", counts}, files...)...).CombinedOutput()
	if err != nil {
		t.Skipf("no independent reading: %v\n%s", err, text)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRealLabsSurviveImportAndExport(t *testing.T) {
	files := drafttest.Reference(t, "containerlab/*.y*ml")
	independent := independently(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f := drafttest.Load(t, name)
			data := f.Data
			if !Is(f) {
				t.Error("it is not recognised")
			}
			d, err := Read([]draft.File{f})
			if strings.Contains(string(data), "{{") {
				if err == nil || !strings.Contains(err.Error(), "Go template") {
					t.Errorf("a template: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c := independent[name]
			n := build(t, d, draft.Options{})
			if got, want := [2]int{n.NodeCount(), n.LinkCount()}, [2]int{c[0] + c[3], c[1] + c[2]}; got != want {
				t.Errorf("%v nodes and links; the file has %v: %v", got, want, c)
			}
			var lab bytes.Buffer
			if lost, err := Write(&lab, n, Options{}); err != nil || lost != nil {
				t.Fatal(lost, err)
			}
			again := build(t, read(t, lab.String()), draft.Options{})
			if diff := cmp.Diff(drafttest.Lines(n), drafttest.Lines(again)); diff != "" {
				t.Errorf("the network changed: %s", diff)
			}
			with := build(t, read(t, string(data)), draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
			drafttest.Described(t, with)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("name: x\ntopology:\n  defaults: &d {kind: linux, exec: [a]}\n  nodes:\n    a: {<<: *d, labels: {sendim.id: q, sendim.network: n, sendim.exec: '1'}}\n    1: {kind: srl}\n    c: {network-mode: 'container:a'}\n" +
		"  links:\n    - endpoints: ['a:eth1', '1:e1-1']\n    - {type: veth, endpoints: [{node: c, interface: x}, {node: 1, interface: y}], labels: {sendim.rate: 1Mbps, sendim.ports: '1,2'}}\n    - {type: dummy, endpoint: {node: a, interface: d}}\n    - endpoints: ['a:eth2', 'host:${x:=y}']\n"))
	f.Add([]byte(`{"name":"x","topology":{"nodes":{"a":{"kind":"bridge","a,b":[1,null,2.50,true]}},"links":[{"endpoints":["a:1","a:2"]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := draft.File{Name: "f", Data: data}
		Is(file)
		d, err := Read([]draft.File{file})
		if err != nil {
			return
		}
		if len(d.Nodes) > 2*len(data)+maxExpanded || len(d.Links) > len(data)+maxExpanded {
			t.Fatal("more nodes or links than the file can stand for")
		}
		r, err := draft.Build(d, draft.Options{})
		if err != nil {
			return
		}
		names, err := naming.New(r.Model)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if _, err := Write(&out, r.Model, Options{Names: names}); err != nil {
			t.Fatal(err)
		}
		d, err = Read([]draft.File{{Name: "again", Data: out.Bytes()}})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		again, err := draft.Build(d, draft.Options{})
		if err != nil || again.Model.NodeCount() != r.Model.NodeCount() || again.Model.LinkCount() != r.Model.LinkCount() {
			t.Fatalf("another network (%v):\n%s", err, out.Bytes())
		}
	})
}

// large is a ring of bridges with a container each.
func large(nodes int) []byte {
	var b bytes.Buffer
	b.WriteString("name: large\ntopology:\n  kinds:\n    linux: {image: alpine}\n  nodes:\n")
	for i := range nodes {
		fmt.Fprintf(&b, "    s%d: {kind: ovs-bridge}\n    h%d:\n      kind: linux\n      exec:\n        - ip addr add 10.%d.%d.%d/8 dev eth1\n", i, i, i>>16+1, i>>8&255, i&255)
	}
	b.WriteString("  links:\n")
	for i := range nodes {
		fmt.Fprintf(&b, "    - endpoints: [\"s%d:p%d\", \"h%d:eth1\"]\n    - endpoints: [\"s%d:r%d\", \"s%d:l%d\"]\n", i, i, i, i, i, (i+1)%nodes, i)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10_000, 50_000} {
		data := large(n)
		b.Run(fmt.Sprintf("nodes=%d", 2*n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Read([]draft.File{{Data: data}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	n := build(b, read(b, string(large(20_000))), draft.Options{})
	for b.Loop() {
		if _, err := Write(&bytes.Buffer{}, n, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

package miniedit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/converters/draft"
	"sendim/converters/draft/drafttest"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

func read(t testing.TB, text string) *draft.Network {
	t.Helper()
	n, err := Read([]draft.File{{Name: "t.mn", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func build(t drafttest.Failer, n *draft.Network, o draft.Options) *model.Network {
	return drafttest.Build(t, n, o).Model
}

const small = `{"version": "2", "application": {"ipBase": "10.0.0.0/8", "mine": 1},
 "controllers": [{"x": "1.0", "y": "2.0", "opts": {"hostname": "c0", "controllerType": "ref"}}],
 "hosts": [{"number": "1", "x": "200.0", "y": "407.5", "opts": {"hostname": "h1", "nodeNum": 1, "sched": "host", "startCommand": "ping -c1 10.0.0.2 &"}},
  {"number": "2", "x": "0", "y": "-3", "opts": {"nodeNum": 2, "ip": "10.0.0.9/24", "cpu": "0.5", "privateDirectory": ["/tmp", ["/a", "/b"]]}}],
 "switches": [{"number": "1", "x": "1", "y": "2", "opts": {"controllers": ["c0"], "hostname": "s 1", "nodeNum": 1, "switchType": "legacyRouter", "dpid": "1F"}},
  {"number": "2", "x": "1", "y": "2", "extra": {"a": [1, "x y"]}, "opts": {"attributes": {"lat": 1.50}, "dpid": 102, "a=b": "odd"}}],
 "links": [{"src": "h1", "dest": "s 1", "opts": {"bw": 10, "delay": "5ms", "loss": 1, "max_queue_size": 7, "jitter": "1ms", "cost": 3}},
  {"src": "h2", "dest": "s2", "opts": {}},
  {"src": "s 1", "dest": "s2", "note": "x", "opts": {"delay": "5", "port1": 5, "params1": {"bw": 0.5, "speedup": 2}, "params2": {"bw": "2"}}}]}`

func TestAFileBecomesANetwork(t *testing.T) {
	n := read(t, small)
	r, err := draft.Build(n, draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`0 h1 host {CPU:0 Memory:0B Disk:0B} {DPID:0 HasMAC:false MAC:0 IP:0 Prefix:0} [] [{"miniedit.node.number" "\"1\""} {"miniedit.nodeNum" "1"} {"miniedit.sched" "host"} {"miniedit.startCommand" "ping -c1 10.0.0.2 &"} {"miniedit.file.version" "\"2\""} {"miniedit.file.application" "{\"ipBase\":\"10.0.0.0/8\",\"mine\":1}"} {"miniedit.file.controllers" "[{\"x\":\"1.0\",\"y\":\"2.0\",\"opts\":{\"hostname\":\"c0\",\"controllerType\":\"ref\"}}]"} {"x" "200"} {"y" "407.5"}]`,
		`1 h2 host {CPU:0 Memory:0B Disk:0B} {DPID:0 HasMAC:false MAC:0 IP:167772169 Prefix:24} [] [{"miniedit.node.number" "\"2\""} {"miniedit.nodeNum" "2"} {"miniedit.cpu" "\"0.5\""} {"miniedit.privateDirectory" "[\"/tmp\",[\"/a\",\"/b\"]]"} {"x" "0"} {"y" "-3"}]`,
		`2 s-1 switch {CPU:0 Memory:0B Disk:0B} {DPID:31 HasMAC:false MAC:0 IP:0 Prefix:0} [] [{"source.id" "s 1"} {"miniedit.node.number" "\"1\""} {"miniedit.controllers" "[\"c0\"]"} {"miniedit.nodeNum" "1"} {"miniedit.switchType" "legacyRouter"} {"x" "1"} {"y" "2"}]`,
		`3 s2 switch {CPU:0 Memory:0B Disk:0B} {DPID:258 HasMAC:false MAC:0 IP:0 Prefix:0} [] [{"miniedit.node.number" "\"2\""} {"miniedit.node.extra" "{\"a\":[1,\"x y\"]}"} {"miniedit.attributes" "{\"lat\":1.50}"} {"miniedit.dpid" "102"} {"miniedit.other" "{\"a=b\":\"odd\"}"} {"x" "1"} {"y" "2"}]`,
		`h1--s-1 false {0 0} {2 1} {Rate:10Mbps Delay:5ms Jitter:1ms Loss:0.01 Queue:7p MTU:0 Class: Weight:0 Spare:false Discipline:} {Rate:10Mbps Delay:5ms Jitter:1ms Loss:0.01 Queue:7p MTU:0 Class: Weight:0 Spare:false Discipline:} [{"miniedit.cost" "3"} {"rate.from" "bw"} {"delay.from" "delay"}]`,
		`h2--s2 false {1 0} {3 1} {Rate:0bps Delay:0ps Jitter:0ps Loss:0 Queue:0B MTU:0 Class: Weight:0 Spare:false Discipline:} {Rate:0bps Delay:0ps Jitter:0ps Loss:0 Queue:0B MTU:0 Class: Weight:0 Spare:false Discipline:} [{"rate.from" "none: unlimited"} {"delay.from" "none: 0s"}]`,
		`s-1--s2 false {2 5} {3 2} {Rate:500kbps Delay:5us Jitter:0ps Loss:0 Queue:0B MTU:0 Class: Weight:0 Spare:false Discipline:} {Rate:2Mbps Delay:5us Jitter:0ps Loss:0 Queue:0B MTU:0 Class: Weight:0 Spare:false Discipline:} [{"miniedit.link.params1.speedup" "2"} {"miniedit.link.note" "x"} {"rate.from" "bw"} {"delay.from" "delay without a unit: microseconds"}]`,
		"imported",
	}
	if d := cmp.Diff(want, drafttest.Lines(r.Model)); d != "" {
		t.Error(d)
	}
	if text := r.Warnings.Error(); !strings.Contains(text, `t.mn:9: the delay "5" has no unit (1 in the file): microseconds`) {
		t.Errorf("warnings: %s", text)
	}
	for _, want := range []string{"1 controller is kept", "1 legacy router forwards", "1 node has a start", "1 dpid is a number"} {
		if !strings.Contains(r.Summary.Text(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, r.Summary.Text())
		}
	}
}

func TestAddressesComeFromIpBaseAndNodeNum(t *testing.T) {
	for _, c := range []struct{ base, opts, want string }{
		{"10.0.0.0/8", `"nodeNum": 1`, "0/0"}, // what the first host has anyway
		{"10.0.0.0/24", `"nodeNum": 7`, "a000007/8"},
		{"192.168.3.0/24", `"nodeNum": 1`, "c0a80301/8"},
		{"192.168.3.0/24", `"nodeNum": 1, "ip": "1.2.3.4"`, "1020304/8"},
		{"nonsense", `"nodeNum": 1, "ip": "1.2.3.4/16"`, "1020304/16"},
		{"10.0.0.0/8", `"nodeNum": 1, "ip": "1.2.3"`, "0/0"},
	} {
		n := read(t, `{"version":"2","application":{"ipBase":"`+c.base+`"},"hosts":[{"number":"1","opts":{`+c.opts+`}}],"switches":[],"links":[]}`)
		if got := fmt.Sprintf("%x/%d", n.Nodes[0].Identity.IP, n.Nodes[0].Identity.Prefix); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.base, c.opts, got, c.want)
		}
	}
}

func TestVersionOneHasItsControllerElsewhere(t *testing.T) {
	n := build(t, read(t, `{"version":"1","controllers":{"c0":{"controllerType":"remote","remoteIP":"1.2.3.4","remotePort":6633}},
 "hosts":[],"switches":[{"number":"1","x":"1","y":"2","opts":{"hostname":"s1"}}],"links":[]}`), draft.Options{})
	var out bytes.Buffer
	if _, err := Write(&out, n, nil); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version     string
		Controllers []struct {
			X    string
			Opts struct{ Hostname, RemoteIP string }
		}
		Switches []struct {
			Opts struct{ Controllers []string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != "2" || len(got.Controllers) != 1 || got.Controllers[0].Opts.Hostname != "c0" || got.Controllers[0].Opts.RemoteIP != "1.2.3.4" || !slices.Equal(got.Switches[0].Opts.Controllers, []string{"c0"}) {
		t.Errorf("%s", out.Bytes())
	}
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	node := `{"version":"2","hosts":[{"number":"1","opts":{}},{"number":"2","opts":{}}],"switches":[],` + "\n"
	var out strings.Builder
	for _, text := range []string{
		``, `[]`, `{"version":"2"}`, `{"version":"3","hosts":[],"switches":[]}`, `{"version":"2","hosts":{},"switches":[]}`, `{"hosts":[{}],"switches":[3]}`,
		"{\"version\":\"2\",\n\"hosts\":[{\"number\":\"1\",", `{"hosts":[],"switches":[]} x`, "\xff\xfe{", `{"hosts":[NaN]}`,
		node + `"links":[{"src":"h1","dest":"h22"}]}`, node + `"links":[{"src":"h1"}]}`, node + `"links":[{"src":"h1","dest":"h2","opts":{"bw":-1}}]}`,
		node + `"links":[{"src":"h1","dest":"h2","opts":{"bw":"fast","delay":"5 weeks","loss":101,"max_queue_size":-1,"jitter":"1e999ms"}}]}`,
		node + `"links":[{"src":"h1","dest":"h2","opts":[]}]}`,
		`{"hosts":[{"number":"1","x":"NaN","y":"1","opts":{}}],"switches":[]}`,
		`{"hosts":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		_, err := Read([]draft.File{{Name: "t.mn", Data: []byte(text)}})
		if err == nil {
			if _, err = draft.Build(read(t, text), draft.Options{}); err == nil {
				t.Errorf("%s is read", text)
				continue
			}
		}
		fmt.Fprintf(&out, "%.60q\n%s\n", text, err)
	}
	drafttest.Golden(t, "errors.txt", out.String())
}

func TestFilesAreToldByTheirContent(t *testing.T) {
	for text, want := range map[string]bool{
		small: true, "\xef\xbb\xbf " + small: true,
		`{"nodes":[],"links":[]}`: false, `<graphml/>`: false, ``: false, `{"hosts":1}`: false, "name: x": false,
		`{"hosts":[],"switches":[{"opts":{}}]}`: true,
	} {
		if got := Is(draft.File{Data: []byte(text)}); got != want {
			t.Errorf("%.40q: %v", text, got)
		}
	}
}

func TestWhatIsWrittenIsReadAsTheSameNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drafttest.Draw(t, "s1", "h1", "c0")
		var out bytes.Buffer
		if _, err := Write(&out, n, nil); err != nil {
			t.Fatal(err)
		}
		d, err := Read([]draft.File{{Name: "t.mn", Data: out.Bytes()}})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if diff := cmp.Diff(drafttest.Lines(n), drafttest.Lines(build(t, d, draft.Options{Rate: 77, Delay: 77}))); diff != "" {
			t.Fatalf("%s\n%s", diff, out.String())
		}
	})
}

// same compares two JSON values; texts of positions and numbers may be written otherwise.
func same(t testing.TB, a, b []byte) string {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatal("no JSON")
	}
	for _, top := range []map[string]any{x, y} {
		delete(top, "sendim")
		for _, list := range []string{"hosts", "switches", "links"} {
			for _, e := range top[list].([]any) {
				opts := e.(map[string]any)["opts"].(map[string]any)
				if own, ok := opts["sendim"].(map[string]any); ok {
					list, _ := own["derived"].([]any)
					for _, key := range list {
						delete(opts, key.(string))
					}
				}
				delete(opts, "sendim")
				if d, ok := opts["delay"].(string); ok {
					v, _ := span(d)
					opts["delay"] = v.String()
				}
				if ip, ok := opts["ip"].(string); ok && ip == "" {
					delete(opts, "ip")
				}
				delete(opts, "port1") // left out where Mininet chooses the same
				delete(opts, "port2")
				if opts["delay"] == "0ps" {
					delete(opts, "delay")
				}
			}
		}
	}
	return cmp.Diff(x, y)
}

func TestRealFilesSurviveImportAndExport(t *testing.T) {
	for _, name := range drafttest.Reference(t, "miniedit/*.mn") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			f := drafttest.Load(t, name)
			data := f.Data
			if !Is(f) {
				t.Error("it is not recognised")
			}
			var counts struct {
				Hosts, Switches, Links []struct{ Opts map[string]any }
			}
			if err := json.Unmarshal(data, &counts); err != nil {
				t.Fatal(err)
			}
			d := read(t, string(data))
			n := build(t, d, draft.Options{})
			if got, want := [2]int{n.NodeCount(), n.LinkCount()}, [2]int{len(counts.Hosts) + len(counts.Switches), len(counts.Links)}; got != want {
				t.Errorf("%v nodes and links, the file has %v", got, want)
			}
			var out bytes.Buffer
			if lost, err := Write(&out, n, nil); err != nil || len(lost) > 0 && !strings.Contains(lost[0], "above 1000 Mbit/s") {
				t.Fatal(lost, err)
			}
			if diff := same(t, data, out.Bytes()); diff != "" {
				t.Errorf("the file changed: %s", diff)
			}
			again := build(t, read(t, out.String()), draft.Options{})
			if diff := cmp.Diff(drafttest.Lines(n)[:n.NodeCount()], drafttest.Lines(again)[:n.NodeCount()]); diff != "" {
				t.Errorf("the nodes changed: %s", diff)
			}
			with := build(t, read(t, string(data)), draft.Options{Hosts: draft.Hosts{PerSwitch: 1}})
			drafttest.Described(t, with)
		})
	}
}

func TestTheNetworkThatIsWrittenReadsLikeTheGoldenOne(t *testing.T) {
	b := model.NewBuilder("demo")
	s, _ := b.Declare([]byte("s1"), model.Switch)
	c, _ := b.Declare([]byte("core of the network"), model.Switch)
	h, _ := b.Declare([]byte("h1"), model.Host)
	spec := model.LinkSpec{Rate: 1e7, Delay: 5 * model.Millisecond, Loss: 0.01}
	slow := spec
	slow.Rate, slow.Weight = 1e6, 3
	b.Link(model.LinkDraft{A: s, B: c, APort: model.AutoPort, BPort: 12, Spec: b.SpecID(spec), Back: b.SpecID(slow), Name: "trunk"})
	b.Link(model.LinkDraft{A: h, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: b.SpecID(model.LinkSpec{Rate: 1e10}), Back: b.SpecID(model.LinkSpec{Rate: 1e10})})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	n.Flows = make([]model.Flow, 2)
	var out bytes.Buffer
	lost, err := Write(&out, n, nil)
	if err != nil || len(lost) != 2 || lost[0] != "2 flows" || !strings.Contains(lost[1], "above 1000 Mbit/s") {
		t.Fatal(lost, err)
	}
	drafttest.Golden(t, "demo.mn", out.String())
}

// The program runs MiniEdit's own loadTopology, buildNodes and buildLinks with a canvas
// that draws nothing and a Mininet that only listens, and prints what that was told.
const headless = `
import ast, io, json, sys
source = open(sys.argv[1]).read().replace(
    "dict(self.appPrefs.items() + loadedTopology['application'].items())",  # fails in Python 3
    "dict(list(self.appPrefs.items()) + list(loadedTopology['application'].items()))")
cls = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == 'MiniEdit'][0]
cls.bases = []
cls.body = [n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name in ('loadTopology', 'buildNodes', 'buildLinks', 'convertJsonUnicode', 'findWidgetByName')]
class Any(object):
    def __call__(self, *a, **k): return self
    def __getattr__(self, name): return Any()
class Widget(dict):
    def bind(self, *a): pass
    def __hash__(self): return id(self)
class Canvas(object):
    def __init__(self): self.n, self.tag = 0, {}
    def create_line(self, *a, **k): self.n += 1; self.tag[self.n] = (k.get('tag'),); return self.n
    def itemconfig(self, i, tags=None, **k): self.tag[i] = tags if tags else self.tag[i]
    def gettags(self, i): return self.tag[i]
    def coords(self, i): return 0, 0
def text(data):
    f = io.BytesIO(data); return f
class Dialog(object):
    @staticmethod
    def askopenfile(**k): return open(sys.argv[2], 'rb')
class Switch(object):
    def setSwitchIP(self, ip): pass
def parse(base): a, p = base.split('/'); b = [int(x) for x in a.split('.')]; return (b[0]<<24|b[1]<<16|b[2]<<8|b[3]), int(p)
def add(i, prefixLen=8, ipBaseNum=0): v = ipBaseNum + i; return '%d.%d.%d.%d' % (v>>24, v>>16&255, v>>8&255, v&255)
env = {'json': json, 'tkFileDialog': Dialog, 'info': Any(), 'debug': Any(), 'partial': lambda c, **k: c, 'netParse': parse, 'ipAdd': add, 'TCLink': 'TCLink'}
for name in ('CustomUserSwitch', 'customOvs', 'IVSSwitch', 'LegacySwitch', 'LegacyRouter', 'CPULimitedHost', 'Host', 'RemoteController', 'InbandController', 'OVSController', 'Controller', 'Intf'):
    env[name] = name
exec(compile(ast.Module(body=[cls], type_ignores=[]), 'miniedit', 'exec'), env)
m = env['MiniEdit']()
m.canvas, m.widgetToItem, m.links, m.controllers, m.hostOpts, m.switchOpts = Canvas(), {}, {}, {}, {}, {}
m.appPrefs = {'openFlowVersions': {}, 'ipBase': '10.0.0.0/8', 'switchType': 'ovs'}
m.newTopology = lambda: None
for name in ('do_controllerPopup', 'do_hostPopup', 'do_switchPopup', 'do_legacySwitchPopup', 'do_legacyRouterPopup', 'createControlLinkBindings', 'createDataLinkBindings'):
    setattr(m, name, lambda *a: None)
def addNode(kind, num, x, y, name=None):
    w = Widget(text=name); m.canvas.n += 1; m.canvas.tag[m.canvas.n] = (kind,); m.widgetToItem[w] = m.canvas.n
def addLink(src, dest, linktype='data', linkopts=None):
    m.links[m.link] = {'src': src, 'dest': dest, 'linkOpts': linkopts or {}}
m.addNode, m.addLink, m.checkIntf = addNode, addLink, lambda i: False
m.loadTopology()
class Net(object):
    def __init__(self): self.said, self.nameToNode = [], {}
    def note(self, what, name, k):
        k = {a: b for a, b in k.items() if a != 'cls'}
        self.nameToNode[name] = name; self.said.append([what, name, k]); n = Any(); return n
    def addHost(self, name, **k): return self.note('host', name, k)
    def addSwitch(self, name, **k): return self.note('switch', name, k)
    def addController(self, name=None, **k): return self.note('controller', name, k)
    def addLink(self, a, b, cls=None, **k): k.pop('sendim', None); self.said.append(['link', a + ' ' + b, k])
net = Net()
m.buildNodes(net); m.buildLinks(net)
print(json.dumps(net.said, sort_keys=True))
`

func TestMiniEditItselfOpensAndBuildsWhatIsWritten(t *testing.T) {
	const program = "/usr/lib/python3/dist-packages/mininet/examples/miniedit.py"
	if _, err := os.Stat(program); err != nil {
		t.Skip("MiniEdit is not installed")
	}
	out, err := exec.Command("python3", "-c", headless, program, filepath.Join("testdata", "demo.mn")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `[["controller", "c0", {"controller": "RemoteController", "ip": "127.0.0.1", "port": 6653, "protocol": "tcp"}], ` +
		`["host", "h1", {"defaultRoute": null, "ip": "10.0.0.1/8"}], ` +
		`["switch", "s1", {"dpid": "0000000000000001", "protocols": "OpenFlow13"}], ` +
		`["switch", "n1", {"dpid": "0000000000000002", "protocols": "OpenFlow13"}], ` +
		`["link", "s1 n1", {"delay": "5ms", "loss": 1, "params1": {"bw": 10}, "params2": {"bw": 1}, "port2": 12}], ` +
		`["link", "h1 s1", {"bw": 10000}]]`
	if d := cmp.Diff(want, strings.TrimSpace(string(out))); d != "" {
		t.Error(d)
	}
}

func TestClashingAddressesAreAFaultOfTheNetwork(t *testing.T) {
	b := model.NewBuilder("x")
	for _, name := range []string{"a", "b"} {
		id, _ := b.Declare([]byte(name), model.Host)
		b.SetNodeExtra(id, model.Identity{IP: 5, Prefix: 8}, nil, nil)
	}
	n, _ := b.Build(nil)
	if _, err := Write(&bytes.Buffer{}, n, nil); !fault.Is(err, fault.AddressTaken) {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"version":"1","controllers":{"c0":{}},"hosts":[{"number":1,"opts":{"sendim":{"name":"x","id":0,"kind":"external","mac":"00:00:00:00:00:01","properties":[["a","b"]],"derived":["ip"]}}}],"switches":[],"links":[],"sendim":{"name":"n"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := draft.File{Name: "f", Data: data}
		Is(file)
		d, err := Read([]draft.File{file})
		if err != nil {
			return
		}
		if len(d.Nodes) > len(data) || len(d.Links) > len(data) {
			t.Fatal("more nodes or links than bytes")
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
		if _, err := Write(&out, r.Model, names); err != nil {
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

// large is a file of a ring of switches with a host each.
func large(switches int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"version":"2","hosts":[{"number":"0","opts":{}}`)
	for i := range switches {
		fmt.Fprintf(&b, ",\n{\"number\":\"%d\",\"x\":\"1.0\",\"y\":\"2.0\",\"opts\":{\"hostname\":\"h%d\",\"nodeNum\":%d,\"sched\":\"host\"}}", i+1, i+1, i+1)
	}
	b.WriteString(`],"switches":[{"number":"0","opts":{}}`)
	for i := range switches {
		fmt.Fprintf(&b, ",\n{\"number\":\"%d\",\"x\":\"1.0\",\"y\":\"2.0\",\"opts\":{\"hostname\":\"s%d\",\"controllers\":[\"c0\"]}}", i+1, i+1)
	}
	b.WriteString(`],"links":[{"src":"h0","dest":"s0"}`)
	for i := range switches {
		fmt.Fprintf(&b, ",\n{\"src\":\"h%d\",\"dest\":\"s%d\",\"opts\":{\"bw\":10,\"delay\":\"5ms\"}},{\"src\":\"s%d\",\"dest\":\"s%d\",\"opts\":{}}", i+1, i+1, i, i+1)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
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
	n := build(b, read(b, string(large(50_000))), draft.Options{})
	for b.Loop() {
		if _, err := Write(&bytes.Buffer{}, n, nil); err != nil {
			b.Fatal(err)
		}
	}
}

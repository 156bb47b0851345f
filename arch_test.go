package sendim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// nouns is what every world may know: the vocabulary without the machinery.
var nouns = []string{"core/model", "core/deployment", "core/naming", "core/packet", "core/graph", "core/flow", "core/app",
	"core/trace", "core/change", "core/backend", "core/random", "core/workload"}

// rooms lists every package and what it may import of our own module. core/fault may be
// imported by all. A sub-package inherits its parent's row and may import its parent's
// other sub-packages. "*" allows everything.
var rooms = map[string][]string{
	"":                   {},
	"core/fault":         {},
	"core/random":        {},
	"core/freeze":        {},
	"core/model":         {"core/freeze"},
	"core/packet":        {},
	"core/graph":         {},
	"core/deployment":    {"core/model"},
	"core/cost":          {"core/model"},
	"core/workload":      {"core/model", "core/random"},
	"core/naming":        {"core/model"},
	"core/flow":          {"core/packet"},
	"core/app":           {"core/model", "core/flow", "core/packet"},
	"core/trace":         {"core/model", "core/app", "core/flow", "core/packet"},
	"core/control":       {"core/app", "core/model", "core/flow", "core/packet", "core/graph", "core/trace", "core/freeze"},
	"core/change":        {"core/model", "core/deployment"},
	"core/backend":       {"core/model", "core/deployment", "core/app", "core/change", "core/cost", "core/trace", "core/flow"},
	"core/report":        {"core/trace", "core/model", "core/flow", "core/workload", "core/freeze"},
	"core":               {"descriptors", "core/*"},
	"core/job":           {"descriptors", "core/*"},
	"core/record":        {"core/report", "core/trace"},
	"descriptors":        {"core/model", "core/deployment", "core/graph", "core/random", "core/workload", "converters/xsdn", "converters/flowlist"},
	"converters/xsdn":    {"core/model", "core/naming", "core/workload", "descriptors/xmlscan"},
	"converters/mininet": {"core/model", "core/naming", "descriptors/xmlscan"},
	"converters/draft":   {"core/model", "descriptors/xmlscan"},

	"core/backend/backendtest": {"core/model", "core/deployment", "core/app", "core/change", "core/trace", "core/flow", "core/backend", "core/naming", "core/packet"},

	"converters/flowlist":     {"core/model", "core/naming", "core/random", "converters/pcapflow"},
	"converters/pcapflow":     {},
	"converters/topologyzoo":  {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/sndlib":       {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/brite":        {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/rocketfuel":   {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/caida":        {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/topohub":      {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/repetita":     {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/containerlab": {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/miniedit":     {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/dot":          {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/mermaid":      {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/netbench":     {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/htsim":        {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/hpcc":         {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},
	"converters/cloudsim":     {"core/model", "core/naming", "converters/draft", "descriptors/xmlscan"},

	"sim": append([]string{"core/control", "core/freeze"}, nouns...),

	"integrators/shell":      {},
	"integrators/labtest":    {"integrators/shell"},
	"integrators/netns":      {},
	"integrators/traffic":    {"core/model", "core/random", "core/trace", "core/workload"},
	"integrators/controller": {"core/app", "core/control", "core/flow", "core/packet", "core/trace", "core/model", "core/naming", "core/backend"},
	"integrators/ovs":        {"core/model", "core/change", "core/naming", "integrators/shell", "integrators/netns"},
	"integrators/emulate": append([]string{"core/control", "core/cost", "converters/mininet", "integrators/controller", "integrators/netns",
		"integrators/ovs", "integrators/traffic", "integrators/shell"}, nouns...),

	"integrators/serve": append([]string{"core/control", "integrators/controller"}, nouns...),

	"plugins/apprpc":          {"core/app", "core/flow", "core/model", "core/packet", "plugins/python"},
	"plugins/apptest":         {"core/app", "core/control", "core/flow", "core/model", "core/packet", "core/graph", "core/trace", "core/naming", "descriptors/generate"},
	"plugins/learning-switch": {"core/app", "core/flow", "core/model", "core/packet", "core/graph", "plugins/apprpc"},
	"plugins/python":          {},
	"plugins/shortest-path":   {"core/app", "core/flow", "core/model", "core/packet", "core/graph", "plugins/apprpc"},
	"plugins/forward":         {"core/app", "core/graph", "core/model", "core/packet"},
	"plugins/load-balancer":   {"core/app", "core/flow", "core/model", "core/packet", "plugins/apprpc", "plugins/forward"},
	"plugins/throttle":        {"core/app", "core/flow", "core/model", "core/packet", "plugins/apprpc", "plugins/forward"},

	"cmd/sendim": {"*"},
	"examples":   {"*"},
	"scripts":    {},
}

// fences lists heavy dependencies and the only packages that may know them.
var fences = map[string][]string{
	"github.com/hashicorp/go-plugin":     {"plugins/apprpc"},
	"google.golang.org/grpc":             {"plugins/apprpc"},
	"antrea.io/libOpenflow":              {"integrators/controller/embedded"},
	"github.com/ovn-kubernetes/libovsdb": {"integrators/ovs"},
	"github.com/digitalocean/go-libvirt": {"integrators/libvirt"},
	"github.com/moby/moby":               {"integrators/docker"},
	"github.com/vishvananda/netlink":     {"integrators/netns"},
	"github.com/gopacket/gopacket":       {"core/packet"},
	"github.com/olric-data/olric":        {"core/grid"},
	"github.com/spf13/cobra":             {"cmd/sendim"},
	"go.yaml.in/yaml/v3":                 {"converters/containerlab"},
}

type file struct {
	pkg     string // folder
	name    string
	test    bool
	imports []string
	syntax  *ast.File
}

// forTests says whether a file's package is for tests only.
func (f *file) forTests() bool { return strings.HasSuffix(f.pkg, "test") && f.pkg != "plugins/apptest" }

func parseTree(t *testing.T) []file {
	t.Helper()
	var out []file
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != "." && (strings.HasPrefix(n, ".") || n == "testdata" || n == "bin" || n == "runs") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), p, text, parser.ParseComments)
		if err != nil {
			return err
		}
		f := file{pkg: filepath.ToSlash(filepath.Dir(p)), name: filepath.ToSlash(p), test: strings.HasSuffix(p, "_test.go"), syntax: syntax}
		if f.pkg == "." {
			f.pkg = ""
		}
		for _, i := range syntax.Imports {
			f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// room finds the row that a package stands under: its own or its nearest ancestor's.
func room(pkg string) (string, bool) {
	for p := pkg; ; p = path.Dir(p) {
		if _, ok := rooms[p]; ok && !(p == "core" && pkg != "core") && (p != "" || pkg == "") {
			return p, true
		}
		if p == "." || p == "" || p == "/" {
			return "", false
		}
	}
}

func allowed(row []string, target string) bool {
	for _, a := range row {
		switch {
		case a == "*", a == target, strings.HasPrefix(target, a+"/") && a != "core":
			return true
		case strings.HasSuffix(a, "/*") && strings.HasPrefix(target, strings.TrimSuffix(a, "*")):
			return true
		}
	}
	return false
}

func TestEveryPackageHasItsRowAndArrowsGoOneWay(t *testing.T) {
	for _, f := range parseTree(t) {
		row, ok := room(f.pkg)
		if !ok {
			t.Errorf("%s: package %q stands in no row of the table", f.name, f.pkg)
			continue
		}
		if f.test || f.forTests() {
			continue
		}
		for _, i := range f.imports {
			target, ours := strings.CutPrefix(i, "sendim/")
			if !ours || target == "core/fault" {
				continue
			}
			if target == row || strings.HasPrefix(target, row+"/") && row != "core" {
				continue
			}
			if !allowed(rooms[row], target) {
				t.Errorf("%s imports %s, which the row of %q does not allow", f.name, target, row)
			}
		}
	}
}

func TestHeavyDependenciesStayBehindTheirFence(t *testing.T) {
	for _, f := range parseTree(t) {
		if f.test {
			continue
		}
		for _, i := range f.imports {
			for dependency, homes := range fences {
				if i != dependency && !strings.HasPrefix(i, dependency+"/") {
					continue
				}
				if !slices.ContainsFunc(homes, func(home string) bool { return f.pkg == home || strings.HasPrefix(f.pkg, home+"/") }) {
					t.Errorf("%s imports %s; only %s may", f.name, i, strings.Join(homes, ", "))
				}
			}
		}
	}
}

func TestEveryPackageHasExactlyOneComment(t *testing.T) {
	docs, packages := map[string][]string{}, map[string]bool{}
	for _, f := range parseTree(t) {
		if f.test {
			continue
		}
		packages[f.pkg] = true
		if f.syntax.Doc != nil && !ast.IsGenerated(f.syntax) {
			docs[f.pkg] = append(docs[f.pkg], f.name)
		}
	}
	for p := range packages {
		if n := len(docs[p]); n != 1 {
			t.Errorf("package %q has %d package comments: %v", p, n, docs[p])
		}
	}
}

func TestNothingIsWiredBehindTheReadersBack(t *testing.T) {
	for _, f := range parseTree(t) {
		if ast.IsGenerated(f.syntax) {
			continue
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init()", f.name)
			}
		}
	}
}

func TestSimulationKnowsNoMachineAndConvertersNoFiles(t *testing.T) {
	forbidden := func(pkg string) []string {
		switch {
		case pkg == "sim" || strings.HasPrefix(pkg, "sim/"):
			return []string{"os", "os/exec", "net", "syscall", "math/rand", "math/rand/v2"}
		case strings.HasPrefix(pkg, "converters/"):
			return []string{"os", "os/exec", "net"}
		}
		return nil
	}
	for _, f := range parseTree(t) {
		if f.test || f.forTests() {
			continue
		}
		no := forbidden(f.pkg)
		for _, i := range f.imports {
			if slices.Contains(no, i) {
				t.Errorf("%s imports %s", f.name, i)
			}
		}
		if no == nil || !strings.HasPrefix(f.pkg, "sim") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				if f.pkg != "sim/des" {
					t.Errorf("%s starts a goroutine", f.name)
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Since" || n.Sel.Name == "Sleep") {
					t.Errorf("%s reads the wall clock", f.name)
				}
			}
			return true
		})
	}
}

package descriptors

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sendim/core/fault"
	"sendim/core/model"
)

// endless is a file of a given size whose content repeats: hostile inputs need not lie
// in memory.
type endless struct {
	head, body, tail string
	size             int64 // of all bodies
	at               int64
}

func (e *endless) Open(name string) (fs.File, error) {
	if name != "a.xml" {
		return nil, fs.ErrNotExist
	}
	fresh := *e
	fresh.at = 0
	return &fresh, nil
}

func (e *endless) Stat() (fs.FileInfo, error) { return info{e.length()}, nil }
func (e *endless) Close() error               { return nil }
func (e *endless) length() int64              { return int64(len(e.head)) + e.size + int64(len(e.tail)) }

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && e.at < e.length() {
		var from string
		switch at := e.at - int64(len(e.head)); {
		case at < 0:
			from = e.head[e.at:]
		case at < e.size:
			from = e.body[at%int64(len(e.body)):]
			from = from[:min(int64(len(from)), e.size-at)]
		default:
			from = e.tail[at-e.size:]
		}
		k := copy(p[n:], from)
		n += k
		e.at += int64(k)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

type info struct{ size int64 }

func (i info) Name() string       { return "a.xml" }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

func TestHostileInputIsRefusedInBoundedMemory(t *testing.T) {
	whole := func(s string) fs.FS { return fstest.MapFS{"a.xml": {Data: []byte(s)}} }
	for _, c := range []struct {
		name string
		fsys fs.FS
		opts Options
		code fault.Code
		want string
	}{
		{"nothing", whole(""), Options{}, fault.Syntax, "empty"},
		{"binary", whole("\x7fELF\x02\x01\x01\x00\x00\x00"), Options{}, fault.Encoding, ""},
		{"compressed", whole("\x1f\x8b\x08\x00\x00"), Options{}, fault.Encoding, ""},
		{"bad UTF-8", whole("<system name=\"\xff\xfe\"/>"), Options{}, fault.Encoding, "a.xml:1:"},
		{"a name that is bad UTF-8", whole("<system><node id=\"s\xc3\x28\" type=\"switch\"/></system>"), Options{}, fault.Encoding, ""},
		{"ten million elements deep", &endless{head: "<system>", body: "<node>", size: 60_000_000}, Options{}, fault.Limit, "deep"},
		{"an attribute of a gigabyte", &endless{head: `<system name="`, body: "x", size: 1 << 30, tail: `"/>`}, Options{}, fault.Limit, "bytes"},
		{"a text of a gigabyte", &endless{head: `<system>`, body: "x", size: 1 << 30, tail: `</system>`}, Options{}, fault.Limit, ""},
		{"a comment of a gigabyte", &endless{head: `<system><!--`, body: "x", size: 1 << 30, tail: `--></system>`}, Options{}, fault.Limit, ""},
		{"a million unknown elements", &endless{head: "<system>", body: "<x/>", size: 4_000_000, tail: "</system>"}, Options{}, fault.UnknownElement, "... and 999900 more"},
		{"a million nodes of one name", &endless{head: "<system>", body: `<node id="a" type="switch"/>`, size: 28 * 1_000_000, tail: "</system>"}, Options{}, fault.DuplicateID, "... and 999899 more"},
		{"half a million links to nothing", &endless{head: `<system><node id="a" type="switch">`, body: `<link to="zz"/>`, size: 15 * 500_000, tail: "</node></system>"}, Options{}, fault.UnknownNode, "more"},
		{"half a million self links", &endless{head: `<system><node id="a" type="switch">`, body: `<link to="a"/>`, size: 14 * 500_000, tail: "</node></system>"}, Options{}, fault.SelfLink, ""},
		{"too many nodes", whole(`<system><generate kind="linear" k="6"/><node id="x" type="host"/></system>`), Options{MaxNodes: 12}, fault.Limit, "more than 12 nodes"},
		{"too many links", whole(`<system><generate kind="linear" k="6"/><link from="s1" to="s3"/></system>`), Options{MaxLinks: 11}, fault.Limit, "more than 11 links"},
		{"a generator beyond the limit", whole(`<system><generate kind="fat-tree" k="1000000"/></system>`), Options{}, fault.GeneratorOption, "outside"},
		{"hosts beyond the limit", whole(`<system><node id="a" type="switch"/><hosts per="*" count="999999999"/></system>`), Options{}, fault.Limit, "may be added"},
		{"more bytes than allowed", &endless{head: "<system>", body: "<!-- -->", size: 8_000_000, tail: "</system>"}, Options{MaxBytes: 1 << 20}, fault.Limit, "larger"},
		{"a file that is not there", fstest.MapFS{}, Options{}, fault.FileMissing, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sys, _, err := Decode(c.fsys, c.opts, "a.xml")
			runtime.ReadMemStats(&after)
			if sys != nil || !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.want) {
				text := fmt.Sprint(err)
				t.Errorf("got %s, want %s with %q", text[:min(len(text), 500)], c.code, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
				t.Errorf("allocated %d MiB on the way", used>>20)
			}
		})
	}
}

func TestIncludesCannotLeaveTheFolderByALink(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.xml", `<system><node id="secret" type="host"/></system>`)
	write("project/a.xml", `<system name="a"><include href="sub/in.xml"/><node id="h" type="host"/></system>`)
	write("project/sub/in.xml", `<system><node id="s" type="switch"><link to="h"/></node></system>`)
	write("project/out.xml", `<system><include href="away.xml"/></system>`)
	write("project/up.xml", `<system><include href="../secret.xml"/></system>`)
	if err := os.Symlink("../secret.xml", filepath.Join(dir, "project/away.xml")); err != nil {
		t.Fatal(err)
	}
	sys, _, err := Load(Options{Hash: true}, filepath.Join(dir, "project/a.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sys.Sources) != 2 || len(sys.Sources[1].SHA256) != 64 || sys.Sources[1].Bytes == 0 || sys.Sources[1].File != dir+"/project/sub/in.xml" {
		t.Errorf("%+v", sys.Sources)
	}
	if p := sys.Places.LinkPlace(0); p.File != dir+"/project/sub/in.xml" || p.Line != 1 || p.Column != 36 {
		t.Errorf("the link stands at %s", p)
	}
	if _, _, err := Load(Options{}, filepath.Join(dir, "project/out.xml")); !fault.Is(err, fault.IncludeMissing) {
		t.Errorf("a symbolic link leads out: %v", err)
	}
	if _, _, err := Load(Options{}, filepath.Join(dir, "project/up.xml")); !fault.Is(err, fault.IncludeOutside) {
		t.Errorf("the path leads out: %v", err)
	}
	if _, _, err := Load(Options{Root: dir}, filepath.Join(dir, "project/up.xml")); err != nil {
		t.Errorf("a wider root is not respected: %v", err)
	}
	if _, _, err := Load(Options{Root: filepath.Join(dir, "project")}, filepath.Join(dir, "secret.xml")); !fault.Is(err, fault.IncludeOutside) {
		t.Errorf("a file outside the root is read: %v", err)
	}
	write("project/d.xml", `<deployment realization="simulation"><system href="a.xml"/></deployment>`)
	d, _, err := LoadDeployment(filepath.Join(dir, "project/d.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if sys, _, err := LoadSystems(Options{}, filepath.Join(dir, "project/d.xml"), d); err != nil || sys.Model.NodeCount() != 2 {
		t.Errorf("the deployment's system: %v", err)
	}
}

func TestDetectTellsFilesByTheirRoot(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, root := range map[string]string{"s": "system", "d": "deployment", "p": "system-descriptor", "n": "nodes", "f": "flows", "x": "sistem"} {
		fsys[name] = &fstest.MapFile{Data: []byte("<!-- c --><" + root + "/>")}
	}
	for name, want := range map[string]Kind{"s": KindSystem, "d": KindDeployment, "p": KindPrototype, "n": KindXSDNNodes, "f": KindXSDNFlows} {
		if k, err := Detect(fsys, name); k != want || err != nil {
			t.Errorf("%s is %q, %v", name, k, err)
		}
	}
	if _, err := Detect(fsys, "x"); !fault.Is(err, fault.UnknownElement) || !strings.Contains(err.Error(), `did you mean "system"?`) {
		t.Error(err)
	}
}

func addCorpus(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range parseArchive(data).files {
			if x.name != "want" {
				f.Add(x.data)
			}
		}
	}
}

// FuzzSystem: no input makes the decoder panic, and what it accepts can be written and
// read again with the same meaning.
func FuzzSystem(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		o := Options{MaxNodes: 500, MaxLinks: 1000}
		sys, _, err := Decode(fstest.MapFS{"a.xml": {Data: data}}, o, "a.xml")
		if err != nil {
			if !strings.Contains(err.Error(), "[") {
				t.Fatalf("no code: %v", err)
			}
			return
		}
		for id := range min(sys.Model.LinkCount(), 5) {
			sys.Places.LinkPlace(model.LinkID(id))
		}
		var b bytes.Buffer
		if err := Encode(&b, sys.Model); err != nil {
			t.Fatal(err)
		}
		again, _, err := Decode(fstest.MapFS{"a.xml": {Data: b.Bytes()}}, o, "a.xml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if a, b := fmt.Sprint(dump(sys.Model)), fmt.Sprint(dump(again.Model)); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

// FuzzDeployment is FuzzSystem for deployment descriptors.
func FuzzDeployment(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, _, err := DecodeDeployment(fstest.MapFS{"a.xml": {Data: data}}, "a.xml")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := EncodeDeployment(&b, d); err != nil {
			t.Fatal(err)
		}
		again, _, err := DecodeDeployment(fstest.MapFS{"a.xml": {Data: b.Bytes()}}, "a.xml")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if a, b := fmt.Sprintf("%+v", d), fmt.Sprintf("%+v", again); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

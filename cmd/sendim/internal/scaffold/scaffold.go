package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"sendim/core/fault"
)

//go:embed templates
var templates embed.FS

// Languages lists what an app can be written in.
func Languages() []string { return []string{"go", "python"} }

// Request says which app is wanted.
type Request struct {
	Name string // letters, digits and hyphens; also that of the folder
	Dir  string // folder to make; it may not exist, or must be empty
	Lang string // one of Languages
	SDK  string // Go: folder of SENDIM's source
	// Vendor copies everything that the app is built of into the folder, by the Go tool.
	Vendor func(dir string) error
	Python fs.FS // Python: the package sendim
}

// names is what the templates are filled in with.
type names struct {
	Name     string // "my-switch"
	Package  string // "myswitch"
	File     string // "my_switch"
	Type     string // "MySwitch"
	Module   string // "example.com/my-switch"
	Program  string // what a descriptor names, in the folder
	Vendored bool
}

// Write makes the folder and gives its files, in order. Faults say what about the
// request cannot be; after any error there is no folder that was not there before.
func Write(r Request) ([]string, error) {
	n, err := named(r.Name, r.Lang)
	if err != nil {
		return nil, err
	}
	n.Vendored = r.Vendor != nil
	files, err := r.files(n)
	if err != nil {
		return nil, err
	}
	there, err := empty(r.Dir)
	if err != nil {
		return nil, err
	}
	parent := filepath.Dir(filepath.Clean(r.Dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", r.Name, err)
	}
	// Beside the place, so that the last step is one rename.
	draft, err := os.MkdirTemp(parent, ".new-"+r.Name+"-")
	if err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", r.Name, err)
	}
	defer os.RemoveAll(draft) //nolint:errcheck // it is gone when all went well
	written := make([]string, 0, len(files))
	for _, f := range files {
		path := filepath.Join(draft, filepath.FromSlash(f.path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.text, f.mode)); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.path, err)
		}
		written = append(written, f.path)
	}
	if r.Vendor != nil {
		if err := r.Vendor(draft); err != nil {
			return nil, err
		}
		written = append(written, "vendor/")
	}
	if err := os.Chmod(draft, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", r.Name, err)
	}
	if there {
		if err := os.Remove(r.Dir); err != nil {
			return nil, fmt.Errorf("make the folder of %s: %w", r.Name, err)
		}
	}
	if err := os.Rename(draft, r.Dir); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", r.Name, err)
	}
	slices.Sort(written)
	return written, nil
}

// named checks a name and derives the others.
func named(name, lang string) (names, error) {
	bad := func(format string, args ...any) (names, error) {
		return names{}, fault.New(fault.BadName, fault.Place{}, format, args...)
	}
	if !slices.Contains(Languages(), lang) {
		return names{}, fault.New(fault.BadChoice, fault.Place{Attribute: "--lang"}, "there is no language %q; there are %s", lang, strings.Join(Languages(), ", ")).Suggest(lang, Languages())
	}
	if name == "" || len(name) > 40 {
		return bad("the name of an application has 1 to 40 characters, not %d", len(name))
	}
	for i, c := range name {
		letter, digit := c >= 'a' && c <= 'z', c >= '0' && c <= '9'
		if !letter && (i == 0 || !digit && c != '-') || c == '-' && (name[i-1] == '-' || i == len(name)-1) {
			return bad("%q: the name of an application is lower-case letters, digits and single hyphens between them, as in my-switch", name)
		}
	}
	n := names{Name: name, Package: strings.ReplaceAll(name, "-", ""), File: strings.ReplaceAll(name, "-", "_"), Module: "example.com/" + name}
	for _, part := range strings.Split(name, "-") {
		n.Type += strings.ToUpper(part[:1]) + part[1:]
	}
	// What the sources themselves use, or the language or its library takes.
	taken := map[string][]string{
		"go":     {"app", "flow", "model", "packet", "json", "testing", "apptest", "apprpc", "main", "init", "test", "vendor", "internal", "new", "clear", "append", "error", "string", "nil", "true", "false"},
		"python": {"sendim", "app", "test", "unittest", "print", "none", "true", "false", "and", "as", "assert", "async", "await", "class", "def", "del", "elif", "except", "finally", "from", "global", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "try", "while", "with", "yield", "if", "else", "for", "import", "return", "break", "continue", "sys", "os", "grpc", "time", "json", "token", "types", "string", "signal", "socket", "threading", "typing", "struct", "enum", "queue", "random", "select", "copy", "code", "io", "re"},
	}[lang]
	word := n.Package
	if lang == "python" {
		word = n.File
	}
	if slices.Contains(taken, word) || lang == "go" && token.IsKeyword(word) || slices.Contains([]string{"App", "Rule", "Match", "Group", "Meter", "Commands", "Event", "Action", "Bucket"}, n.Type) && lang == "python" {
		return bad("%q is taken: the language, or the scaffold itself, uses the word %s; my-%s would do", name, word, name)
	}
	n.Program = "sendim-app-" + name
	if lang == "python" {
		n.Program = n.File + ".py"
	}
	return n, nil
}

// empty refuses what is in the way of a new folder; there says that one is there, empty.
func empty(dir string) (there bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fault.New(fault.BadName, fault.Place{}, "%s is in the way: it is no folder", dir)
	case len(entries) > 0:
		return false, fault.New(fault.BadName, fault.Place{}, "the folder %s is there and not empty; nothing is overwritten", dir)
	}
	return true, nil
}

type file struct {
	path string
	text []byte
	mode fs.FileMode
}

// files fills the templates in.
func (r Request) files(n names) ([]file, error) {
	places := map[string]string{"go/app.go": "app.go", "go/app_test.go": "app_test.go", "go/main.go": "plugin/main.go",
		"go/README.md": "README.md", "go/gitignore": ".gitignore"}
	if r.Lang == "python" {
		places = map[string]string{"python/app.py": n.File + ".py", "python/test_app.py": "test_" + n.File + ".py",
			"python/README.md": "README.md", "python/gitignore": ".gitignore"}
	}
	for _, name := range []string{"learns.script", "network.xml", "simulation.xml", "mininet.xml"} {
		places["shared/"+name] = name
	}
	var out []file
	for from, to := range places {
		t, err := template.ParseFS(templates, "templates/"+from+".tmpl")
		if err != nil {
			return nil, fmt.Errorf("read the template of %s: %w", to, err)
		}
		var text bytes.Buffer
		if err := t.Execute(&text, n); err != nil {
			return nil, fmt.Errorf("fill in %s: %w", to, err)
		}
		f := file{to, text.Bytes(), 0o644}
		if to == n.Program {
			f.mode = 0o755
		}
		out = append(out, f)
	}
	if r.Lang == "go" {
		mod, sum, err := modules(r.SDK, n.Module)
		if err != nil {
			return nil, err
		}
		out = append(out, file{"go.mod", mod, 0o644}, file{"go.sum", sum, 0o644})
	} else {
		err := fs.WalkDir(r.Python, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(r.Python, path)
			out = append(out, file{path, text, 0o644})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("copy the package for Python: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

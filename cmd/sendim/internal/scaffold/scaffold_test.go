package scaffold

import (
	"errors"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"sendim/core/fault"
)

// sdk is a folder that looks like SENDIM's source.
func sdk(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for path, text := range map[string]string{"core/app/app.go": "package app\n", "plugins/apprpc/serve.go": "package apprpc\n", "go.sum": "a v1.0.0 h1:x\n",
		"go.mod": "module sendim // ours\n\ngo 1.26\n\nreplace a => ../a\n\nreplace b => example.com/b v1.2.3\n\nrequire c v1.0.0\n\nrequire (\n\t// why\n\ta v1.0.0\n\td v0.1.0 // indirect\n)\n"} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnAppsModuleRequiresWhatOursDoes(t *testing.T) {
	for name, path := range map[string]string{"src": "%s", "my source": "\"%s\""} {
		dir := sdk(t, name)
		mod, sum, err := modules(dir, "example.com/x")
		at := func(p string) string { return strings.Replace(path, "%s", p, 1) }
		want := "module example.com/x\n\ngo 1.26\n\nrequire sendim v0.0.0\n\nrequire (\n\tc v1.0.0 // indirect\n\ta v1.0.0 // indirect\n\td v0.1.0 // indirect\n)\n\n" +
			"// The source that the app is built with.\nreplace sendim => " + at(dir) + "\n\nreplace a => " + filepath.Join(filepath.Dir(dir), "a") + "\nreplace b => example.com/b v1.2.3\n"
		if err != nil || string(mod) != want || string(sum) != "a v1.0.0 h1:x\n" {
			t.Errorf("%v\n%s\nwant\n%s", err, mod, want)
		}
	}
}

func TestTheSourceIsFoundWhereItIsSaidToBe(t *testing.T) {
	dir := sdk(t, "src")
	if got, err := FindSDK(dir); err != nil || got != dir {
		t.Errorf("%s %v", got, err)
	}
	t.Setenv("SENDIM_SDK", dir)
	if got, err := FindSDK(""); err != nil || got != dir {
		t.Errorf("%s %v", got, err)
	}
	if err := os.Remove(filepath.Join(dir, "core/app/app.go")); err != nil {
		t.Fatal(err)
	}
	if _, err := FindSDK(dir); err == nil || !strings.Contains(err.Error(), "is not SENDIM's source: it has no core/app/app.go") {
		t.Error(err)
	}
	t.Setenv("SENDIM_SDK", "")
	here, err := FindSDK("")
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := filepath.Abs("../../../.."); here != want {
		t.Errorf("found %s, not %s", here, want)
	}
}

var python = fstest.MapFS{"sendim/__init__.py": {Data: []byte("# ours\n")}}

func TestNothingIsLeftOfAFolderThatCouldNotBeFinished(t *testing.T) {
	home := t.TempDir()
	_, err := Write(Request{Name: "x", Dir: filepath.Join(home, "x"), Lang: "go", SDK: sdk(t, "src"), Vendor: func(dir string) error {
		if _, err := os.Stat(filepath.Join(dir, "app.go")); err != nil {
			t.Error("the files are not there when they are asked for")
		}
		return errors.New("no vendor today")
	}})
	if left, _ := os.ReadDir(home); err == nil || len(left) > 0 {
		t.Errorf("%v; left: %v", err, left)
	}
}

func TestAFolderIsWholeAndFitsItsName(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := Write(Request{Name: "my-first-2", Dir: filepath.Join(home, "empty"), Lang: "python", Python: python})
	if err != nil || strings.Join(files, " ") != ".gitignore README.md learns.script mininet.xml my_first_2.py network.xml sendim/__init__.py simulation.xml test_my_first_2.py" {
		t.Fatalf("%v %v", files, err)
	}
	if info, err := os.Stat(filepath.Join(home, "empty", "my_first_2.py")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the app is not executable: %v %v", info.Mode(), err)
	}
	if _, err := Write(Request{Name: "sw", Dir: filepath.Join(home, "sw"), Lang: "go", SDK: sdk(t, "src")}); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"app.go", "app_test.go", "plugin/main.go"} {
		text, err := os.ReadFile(filepath.Join(home, "sw", f))
		if err != nil {
			t.Fatal(err)
		}
		if tidy, err := format.Source(text); err != nil || string(tidy) != string(text) {
			t.Errorf("%s is not as gofmt has it: %v", f, err)
		}
	}
	for dir, want := range map[string]string{"sw": "sw", "empty": ""} {
		if got := ModuleName(filepath.Join(home, dir)); got != want {
			t.Errorf("%s is the module %q", dir, got)
		}
	}
}

func TestANameIsRefusedOrMakesWordsOfBothLanguages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z0-9_/.-]{0,12}`).Draw(t, "name")
		for _, lang := range Languages() {
			n, err := named(name, lang)
			if err != nil {
				if !fault.Is(err, fault.BadName) {
					t.Fatalf("%q: %v", name, err)
				}
				continue
			}
			for _, word := range []string{n.Package, n.File, n.Type} {
				if word == "" || strings.ContainsAny(word, "-/. ") || word[0] >= '0' && word[0] <= '9' {
					t.Fatalf("%q gives the word %q", name, word)
				}
			}
		}
	})
}

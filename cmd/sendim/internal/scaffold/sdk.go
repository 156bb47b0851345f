package scaffold

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"sendim/core/fault"
)

// Module is the path of SENDIM's own module.
const Module = "sendim"

// FindSDK gives the folder of SENDIM's source: the one that is named, else that of the
// environment variable SENDIM_SDK, else the one that this program was built from, if it is
// still there, else the folder above the program.
func FindSDK(named string) (string, error) {
	if named == "" {
		named = os.Getenv("SENDIM_SDK")
	}
	if named != "" {
		dir, err := filepath.Abs(named)
		if err != nil {
			return "", fmt.Errorf("find SENDIM's source: %w", err)
		}
		if why := notSource(dir); why != "" {
			return "", fault.New(fault.FileMissing, fault.Place{File: named}, "is not SENDIM's source: %s", why)
		}
		return dir, nil
	}
	var places []string
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		places = append(places, filepath.Join(filepath.Dir(file), "..", "..", "..", ".."))
	}
	if exe, err := os.Executable(); err == nil {
		places = append(places, filepath.Dir(exe), filepath.Dir(filepath.Dir(exe)))
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			places = append(places, filepath.Dir(filepath.Dir(real)))
		}
	}
	for _, dir := range places {
		if notSource(dir) == "" {
			return filepath.Clean(dir), nil
		}
	}
	return "", fault.New(fault.FileMissing, fault.Place{}, "SENDIM's source, which an app in Go is built with, is not found beside this program: "+
		"say where it is by --sdk FOLDER or the environment variable SENDIM_SDK (or write the app in Python: --lang python)")
}

// notSource says why a folder is not SENDIM's source; "": it is.
func notSource(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "there is no go.mod"
	}
	if m := modulePath(text); m != Module {
		return fmt.Sprintf("its go.mod says module %s, not %s", m, Module)
	}
	for _, file := range []string{"core/app/app.go", "plugins/apprpc/serve.go"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err != nil {
			return "it has no " + file
		}
	}
	return ""
}

// modulePath is the module that a go.mod is of.
func modulePath(mod []byte) string {
	for line := range strings.Lines(string(mod)) {
		if words := strings.Fields(line); len(words) >= 2 && words[0] == "module" {
			if path, err := strconv.Unquote(words[1]); err == nil {
				return path
			}
			return words[1]
		}
	}
	return ""
}

// ModuleName is the last part of the module path of a folder; "" if it is no Go module.
func ModuleName(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return ""
	}
	path := modulePath(text)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// modules writes an app's go.mod and go.sum: everything that SENDIM's own require, so that
// the same versions are taken, and nothing has to be asked of anybody.
func modules(sdk, module string) (mod, sum []byte, err error) {
	source, err := os.ReadFile(filepath.Join(sdk, "go.mod"))
	if err != nil {
		return nil, nil, fmt.Errorf("read SENDIM's go.mod: %w", err)
	}
	if sum, err = os.ReadFile(filepath.Join(sdk, "go.sum")); err != nil {
		return nil, nil, fmt.Errorf("read SENDIM's go.sum: %w", err)
	}
	var head, requires, replaces bytes.Buffer
	block := ""
	for line := range strings.Lines(string(source)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "//") {
			continue
		}
		verb, rest := words[0], words[1:]
		switch {
		case block != "" && verb == ")":
			block = ""
			continue
		case block != "":
			verb, rest = block, words
		case len(words) == 2 && words[1] == "(":
			block = verb
			continue
		}
		switch verb {
		case "go", "toolchain", "godebug":
			fmt.Fprintf(&head, "%s %s\n", verb, strings.Join(rest, " "))
		case "require":
			fmt.Fprintf(&requires, "\t%s %s // indirect\n", rest[0], rest[1])
		case "replace":
			fmt.Fprintf(&replaces, "replace %s\n", strings.Join(located(rest, sdk), " "))
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "module %s\n\n%s\n", module, head.Bytes())
	fmt.Fprintf(&out, "require %s v0.0.0\n\nrequire (\n%s)\n\n", Module, requires.Bytes())
	fmt.Fprintf(&out, "// The source that the app is built with.\nreplace %s => %s\n\n%s", Module, quoted(sdk), replaces.Bytes())
	return out.Bytes(), sum, nil
}

// located makes the folder that a replacement names one of the source's.
func located(words []string, sdk string) []string {
	last := len(words) - 1
	if words[last-1] == "=>" && (strings.HasPrefix(words[last], "./") || strings.HasPrefix(words[last], "../")) {
		words[last] = quoted(filepath.Join(sdk, words[last]))
	}
	return words
}

// quoted writes a path as go.mod wants it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},;") {
		return strconv.Quote(path)
	}
	return path
}

package apprpc

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sendim/core/fault"
)

// Prefix begins the file name of every app's binary: the app "throttle" is
// sendim-app-throttle.
const Prefix = "sendim-app-"

// Find gives the path of an app's binary. A name with a slash is a path and is returned
// as it is, if there is such a file. Any other name NAME is looked for as sendim-app-NAME,
// in the given directories first, then beside the running program, then along PATH; the
// current directory is searched only if it is one of these. What cannot be found is the
// fault UnknownApp, with the nearest name that can.
func Find(name string, dirs ...string) (string, error) {
	place := fault.Place{Element: "application", Attribute: "plugin"}
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		if runnable(name) {
			return name, nil
		}
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			return "", fault.New(fault.UnknownApp, place, "%s is a directory, not a program", name)
		case err == nil:
			return "", fault.New(fault.UnknownApp, place, "%s is not executable (chmod +x would make it so)", name)
		case strings.HasPrefix(filepath.Base(name), Prefix):
			return "", fault.New(fault.UnknownApp, place, "there is no program %s; sendim app build makes it, in the folder of its source", name)
		}
		return "", fault.New(fault.UnknownApp, place, "there is no program %s", name)
	}
	places := searched(dirs)
	for _, dir := range places {
		if path := filepath.Join(dir, Prefix+name); name != "" && runnable(path) {
			if !filepath.IsAbs(path) {
				path = "." + string(filepath.Separator) + path
			}
			return path, nil
		}
	}
	found := Found(dirs...)
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Name
	}
	known := "none can be found"
	if len(names) > 0 {
		known = "there are " + strings.Join(names[:min(len(names), 20)], ", ")
	}
	return "", fault.New(fault.UnknownApp, place, "there is no application %q (a program %s%s beside sendim or in PATH); %s", name, Prefix, name, known).
		Suggest(name, names)
}

// Binary is an app's binary that can be found by name.
type Binary struct{ Name, Path string }

// Found lists every app that Find can find by name, sorted by name.
func Found(dirs ...string) []Binary {
	var out []Binary
	seen := map[string]bool{}
	for _, dir := range searched(dirs) {
		entries, _ := os.ReadDir(dir) // what cannot be read holds nothing for us
		for _, e := range entries {
			name, ok := strings.CutPrefix(e.Name(), Prefix)
			path := filepath.Join(dir, e.Name())
			if ok && name != "" && !seen[name] && runnable(path) {
				seen[name] = true
				out = append(out, Binary{name, path})
			}
		}
	}
	slices.SortFunc(out, func(a, b Binary) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func searched(dirs []string) []string {
	all := slices.Clone(dirs)
	if exe, err := os.Executable(); err == nil {
		all = append(all, filepath.Dir(exe))
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if dir == "" {
			dir = "." // as a shell has it
		}
		all = append(all, dir)
	}
	return all
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

package descriptors

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/descriptors/xmlscan"
)

// Load is Decode for files of the machine. Each file's includes stay inside its own
// folder, which symbolic links cannot leave either; Options.Root names another folder.
func Load(o Options, files ...string) (sys *System, warnings *fault.List, err error) {
	var tops []top
	var missing fault.List
	for _, file := range files {
		dir, name := filepath.Split(filepath.Clean(file))
		if o.Root != "" {
			rel, err := filepath.Rel(o.Root, file)
			if err != nil || !filepath.IsLocal(rel) {
				missing.Addf(fault.IncludeOutside, fault.Place{File: file}, "the file is outside the folder %s", o.Root)
				continue
			}
			dir, name = o.Root, rel
		}
		if dir == "" {
			dir = "."
		}
		tops = append(tops, top{folder(dir), filepath.ToSlash(name), prefixOf(dir)})
	}
	if missing.Total > 0 {
		return nil, &fault.List{}, &missing
	}
	if o.Root != "" {
		o.Root = "."
	}
	return decode(o, tops)
}

// folder is a folder of the machine as a file system that nothing leads out of, not
// even a symbolic link. It holds nothing open between its calls.
type folder string

func (f folder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.FS().Open(name)
}

func (f folder) Stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Stat(name)
}

func prefixOf(dir string) string {
	if dir == "." {
		return ""
	}
	return filepath.ToSlash(filepath.Clean(dir)) + "/"
}

// LoadDeployment is DecodeDeployment for a file of the machine.
func LoadDeployment(file string) (*deployment.Deployment, *fault.List, error) {
	dir, name := filepath.Split(filepath.Clean(file))
	if dir == "" {
		dir = "."
	}
	return decodeDeployment(folder(dir), name, prefixOf(dir))
}

// LoadSystems reads the system descriptors that a deployment descriptor names; file is
// the deployment descriptor's own path.
func LoadSystems(o Options, file string, d *deployment.Deployment) (*System, *fault.List, error) {
	files := make([]string, len(d.Systems))
	for i, href := range d.Systems {
		files[i] = filepath.Join(filepath.Dir(file), filepath.FromSlash(href))
	}
	return Load(o, files...)
}

// Kind is what a descriptor is, told by its root element.
type Kind string

// The kinds.
const (
	KindSystem     Kind = "a system descriptor"
	KindDeployment Kind = "a deployment descriptor"
	KindPrototype  Kind = "a system descriptor of the research prototype"
	KindXSDNNodes  Kind = "an xSDN network"
	KindXSDNFlows  Kind = "a list of xSDN flows"
	KindXSDNPolicy Kind = "a list of xSDN policies"
)

func roots() map[string]Kind {
	return map[string]Kind{"system": KindSystem, "deployment": KindDeployment, "system-descriptor": KindPrototype,
		"nodes": KindXSDNNodes, "flows": KindXSDNFlows, "initFlows": KindXSDNFlows, "policies": KindXSDNPolicy}
}

// Detect reads as much of a file as its root element and says what it is.
func Detect(fsys fs.FS, file string) (Kind, error) {
	f, err := openRegular(fsys, file)
	if err != nil {
		return "", fmt.Errorf("open descriptor %s: %w", file, err)
	}
	defer f.Close()
	sc := xmlscan.New(f, xmlscan.Limits{})
	if _, err := sc.Next(); err != nil {
		return "", fmt.Errorf("read descriptor %s: %w", file, err)
	}
	if k, ok := roots()[string(sc.Name())]; ok {
		return k, nil
	}
	p := sc.Pos()
	name := clip(string(sc.Name()))
	return "", fault.New(fault.UnknownElement, fault.Place{File: file, Line: int(p.Line), Column: int(p.Column), Element: name},
		"no descriptor begins with this element").Suggest(name, []string{"system", "deployment", "system-descriptor", "nodes", "flows", "policies"})
}

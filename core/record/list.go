package record

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sendim/core/fault"
	"sendim/core/report"
)

// Latest is the link to the newest run.
const Latest = "latest"

// Found is a run's directory and its manifest.
type Found struct {
	Dir      string
	Manifest report.Manifest
}

// List gives all runs below root, the oldest first; a root that does not exist has none.
func List(root string) ([]Found, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var out []Found
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		dir := filepath.Join(root, e.Name())
		m, err := report.ReadManifest(os.DirFS(dir))
		if err != nil {
			continue // not a run, or one that was just begun
		}
		out = append(out, Found{dir, m})
	}
	slices.SortStableFunc(out, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Manifest.Started, b.Manifest.Started), cmp.Compare(a.Manifest.ID, b.Manifest.ID))
	})
	return out, nil
}

// Find gives the directory of a run by its id, a unique beginning or end of its id,
// "latest", or a path.
func Find(root, name string) (Found, error) {
	dir := filepath.Join(root, name)
	if strings.ContainsRune(name, filepath.Separator) {
		dir = name
	}
	if m, err := report.ReadManifest(os.DirFS(dir)); err == nil {
		if resolved, err := filepath.EvalSymlinks(dir); err == nil {
			dir = resolved
		}
		return Found{dir, m}, nil
	}
	runs, err := List(root)
	if err != nil {
		return Found{}, err
	}
	var ids []string
	var hits []Found
	for _, r := range runs {
		id := filepath.Base(r.Dir)
		ids = append(ids, id)
		if name != "" && (strings.HasPrefix(id, name) || strings.HasSuffix(id, name)) {
			hits = append(hits, r)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		f := fault.New(fault.FileMissing, fault.Place{File: root}, "there is no run %q", name)
		return Found{}, f.Suggest(name, ids)
	}
	return Found{}, fault.New(fault.BadChoice, fault.Place{File: root}, "%d runs begin or end with %q; the newest is %s", len(hits), name, filepath.Base(hits[len(hits)-1].Dir))
}

package descriptors

import (
	"io"

	"sendim/converters/xsdn"
	"sendim/core/fault"
)

// foreign reads the prototype's and xSDN's files, if the first file is one. It gives
// nil and no error when it is not.
func (d *decoder) foreign(tops []top) (*System, error) {
	first, err := Detect(tops[0].fsys, tops[0].file)
	if err != nil || first == KindSystem || first == KindDeployment {
		return nil, nil // the decoder itself says what is wrong, and where
	}
	var files []xsdn.File
	var counts []*counted
	var sources []Source
	for _, t := range tops {
		kind, err := Detect(t.fsys, t.file)
		place := fault.Place{File: t.prefix + t.file}
		switch {
		case err != nil:
			d.faults.Addf(fault.FileMissing, place, "cannot be read with others that are %s: %v", first, err)
		case kind == KindSystem || kind == KindDeployment || kind == KindPrototype && len(tops) > 1 || first == KindPrototype && kind != first:
			d.faults.Addf(fault.MisplacedElement, place, "it is %s, which cannot be read together with %s", kind, first)
		default:
			f, err := openRegular(t.fsys, t.file)
			if err != nil {
				d.faults.Addf(fault.FileMissing, place, "cannot read the file: %v", plain(err))
				continue
			}
			defer f.Close()
			c := &counted{r: io.LimitReader(f, d.opts.MaxBytes)}
			counts = append(counts, c)
			files = append(files, xsdn.File{Name: t.prefix + t.file, Data: c})
			sources = append(sources, Source{File: t.prefix + t.file})
		}
	}
	if d.faults.Total > 0 {
		return nil, d.faults.Err()
	}
	if d.opts.Hash {
		for _, c := range counts {
			c.start()
		}
	}
	var r *xsdn.Result
	if first == KindPrototype {
		r, err = xsdn.ConvertPrototype(files[0])
	} else {
		r, err = xsdn.Convert(files)
	}
	if err != nil {
		return nil, err
	}
	d.warnings.Merge(&r.Warnings)
	if n := r.Model; int64(n.NodeCount()) > d.opts.MaxNodes || int64(n.LinkCount()) > d.opts.MaxLinks {
		d.faults.Addf(fault.Limit, fault.Place{File: sources[0].File}, "%d nodes and %d links; %d and %d are allowed", n.NodeCount(), n.LinkCount(), d.opts.MaxNodes, d.opts.MaxLinks)
	}
	d.faults.Merge(r.Model.Validate(r.Places))
	if d.faults.Total > 0 {
		return nil, d.faults.Err()
	}
	d.warnings.Merge(r.Model.Remarks(r.Places))
	for i, c := range counts {
		sources[i].Bytes, sources[i].SHA256 = c.n, c.sum()
	}
	return &System{Model: r.Model, Sources: sources, Places: r.Places}, nil
}

package descriptors

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// Options bound and direct decoding. The zero value is good.
type Options struct {
	Root     string // folder that includes must not leave, inside the file system given; "": each top file's own
	MaxNodes int64  // default 20 million
	MaxLinks int64  // default 100 million
	MaxBytes int64  // of all files together; default 4 GiB
	MaxFiles int    // default 1000
	Hash     bool   // fill in Source.SHA256

	// AddressRules say, before those of their own, which hosts the addresses of lists stand
	// for that ReplaceFlows reads: flowlist.ParseRule.
	AddressRules []string
}

func (o Options) withDefaults() Options {
	set := func(v *int64, initial int64) {
		if *v <= 0 {
			*v = initial
		}
	}
	set(&o.MaxNodes, 20_000_000)
	set(&o.MaxLinks, 100_000_000)
	set(&o.MaxBytes, 4<<30)
	if o.MaxFiles <= 0 {
		o.MaxFiles = 1000
	}
	return o
}

// System is what system descriptors say.
type System struct {
	Model   *model.Network
	Sources []Source      // in the order in which they were opened
	Places  model.Locator // where nodes, links, flows, ... stand in the sources
}

// Source is one file that was read.
type Source struct {
	File   string // as the file system names it
	Bytes  int64
	SHA256 string // hexadecimal; "" unless Options.Hash
}

// Decode reads system descriptors from a file system as one network and validates it.
// warnings is never nil. err is a *fault.List when the input is at fault.
func Decode(fsys fs.FS, o Options, files ...string) (sys *System, warnings *fault.List, err error) {
	return decode(o, single(fsys, files))
}

// top is one file that the caller named.
type top struct {
	fsys   fs.FS
	file   string
	prefix string // what to put before file names in faults
}

func single(fsys fs.FS, files []string) []top {
	tops := make([]top, len(files))
	for i, f := range files {
		tops[i] = top{fsys: fsys, file: path.Clean(f)}
	}
	return tops
}

func decode(o Options, tops []top) (*System, *fault.List, error) {
	d := newDecoder(o.withDefaults())
	if len(tops) == 0 {
		d.faults.Addf(fault.FileMissing, fault.Place{}, "no system descriptor is named")
		return nil, &d.warnings, d.faults.Err()
	}
	if foreign, err := d.foreign(tops); foreign != nil || err != nil {
		return foreign, &d.warnings, err
	}
	for _, t := range tops {
		root := o.Root
		if root == "" {
			root = path.Dir(t.file)
		}
		d.fsys, d.prefix, d.root = t.fsys, t.prefix, path.Clean(root)
		d.file(t.file, 0, fault.Place{File: d.prefix + t.file}, fault.FileMissing)
	}
	sys := d.finish()
	if d.faults.Total > 0 {
		return nil, &d.warnings, d.faults.Err()
	}
	return sys, &d.warnings, nil
}

// decoder gathers a system from its files.
type decoder struct {
	opts     Options
	faults   fault.List
	warnings fault.List
	language *element

	fsys         fs.FS
	prefix, root string
	sources      []Source
	opened       []openedFile
	open         []string // files being read, outermost first
	bytes        int64    // of all files so far

	b       *model.Builder
	net     rest
	scopes  []scope
	links   mentions
	places  places
	w       *walker
	torn    bool  // a file, or part of one, could not be read
	full    bool  // a limit was crossed: no more nodes and links are taken
	scope   int32 // in effect
	fileNo  int32
	byRank  []model.NodeID       // cache of settleMade
	damaged map[fault.Place]bool // see walker
}

func newDecoder(o Options) *decoder {
	d := &decoder{opts: o, language: systemElement(), b: model.NewBuilder(""), scopes: make([]scope, 1), damaged: map[fault.Place]bool{}}
	d.links.init()
	d.places.spots = map[string][]spot{}
	return d
}

// openedFile is what a second look at a file needs.
type openedFile struct {
	fsys fs.FS
	file string
	top  bool
	data bool        // no descriptor: a list that an element refers to
	by   int         // the file whose <include> it was opened by
	at   xmlscan.Pos // of that <include>
}

// file reads one system descriptor, at its turn inside others.
func (d *decoder) file(name string, scope int32, by fault.Place, missing fault.Code) {
	for _, o := range d.open {
		if o == d.prefix+name {
			d.faults.Addf(fault.IncludeCycle, by, "the file includes itself: %s", strings.Join(append(d.open[:len(d.open):len(d.open)], d.prefix+name), " > "))
			return
		}
	}
	if len(d.sources) >= d.opts.MaxFiles || len(d.open) >= 64 {
		if !d.full {
			d.full = true
			d.faults.Addf(fault.Limit, by, "more than %d files, or includes nested more than 64 deep", d.opts.MaxFiles)
		}
		return
	}
	f, err := openRegular(d.fsys, name)
	if err != nil {
		d.torn = true
		d.faults.Addf(missing, by, "cannot read %s: %v", name, plain(err))
		return
	}
	defer f.Close()
	src := &counted{r: f}
	if d.opts.Hash {
		src.start()
	}
	if info, err := f.Stat(); err == nil {
		d.links.expect(min(info.Size(), d.opts.MaxBytes))
	}
	at := len(d.sources)
	d.sources = append(d.sources, Source{File: d.prefix + name})
	opened := openedFile{fsys: d.fsys, file: name, top: len(d.open) == 0, by: int(d.fileNo)}
	if !opened.top {
		opened.at = d.w.sc.Pos()
	}
	d.opened = append(d.opened, opened)

	outerW, outerScope, outerNo := d.w, d.scope, d.fileNo
	d.open = append(d.open, d.prefix+name)
	left := d.opts.MaxBytes - d.bytes
	d.w = &walker{sc: xmlscan.New(src, xmlscan.Limits{MaxBytes: max(left, 1), MaxAttrValue: maxValue}), root: d.language, name: d.prefix + name, faults: &d.faults, damaged: d.damaged}
	d.scope, d.fileNo = scope, int32(at)
	d.document()
	d.torn = d.torn || d.w.err != nil
	d.w, d.scope, d.fileNo = outerW, outerScope, outerNo
	d.open = d.open[:len(d.open)-1]

	d.bytes += src.n
	d.sources[at].Bytes = src.n
	d.sources[at].SHA256 = src.sum()
}

// document reads a file's root element and what must not follow it.
func (d *decoder) document() {
	w := d.w
	if w.next() != xmlscan.StartElement {
		return
	}
	if string(w.sc.Name()) != "system" {
		name := clip(string(w.sc.Name()))
		d.torn = true
		w.faults.Add(rootFault(w.place(w.sc.Pos(), name, ""), name, "system"))
		return
	}
	t := w.open(d.language)
	if d.b.NetworkName() == "" {
		d.b.SetNetworkName(t.text("name"))
	}
	if t.bool("static-arp") {
		d.b.SetStaticARP()
	}
	w.each(d.language, d.element)
	w.next() // what follows the root is the scanner's to judge
}

func rootFault(place fault.Place, name, want string) fault.Fault {
	f := fault.New(fault.UnknownElement, place, "the root element must be <%s>", want).Suggest(name, []string{want})
	if k, ok := roots()[name]; ok {
		f.What += fmt.Sprintf("; this is %s", k)
	}
	return f
}

// openRegular opens a file and refuses folders and devices, which may never end.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%q is not a path inside the folder", clip(name))
	}
	if info, err := fs.Stat(fsys, name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file")
	}
	return fsys.Open(name)
}

// plain leaves out what the text around it says already.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// counted counts, and perhaps hashes, what is read.
type counted struct {
	r    io.Reader
	n    int64
	hash hash.Hash
}

// start begins to hash.
func (c *counted) start() { c.hash = sha256.New() }

// sum is the SHA-256 of what was read, "" unless start was called.
func (c *counted) sum() string {
	if c.hash == nil {
		return ""
	}
	return hex.EncodeToString(c.hash.Sum(nil))
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	return n, err
}

package descriptors

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/descriptors/xmlscan"
)

// DecodeDeployment reads a deployment descriptor. The system descriptors it names are
// not opened. warnings is never nil; err is a *fault.List when the input is at fault.
func DecodeDeployment(fsys fs.FS, file string) (d *deployment.Deployment, warnings *fault.List, err error) {
	return decodeDeployment(fsys, path.Clean(file), "")
}

// maxDeployment bounds a deployment descriptor, in bytes.
const maxDeployment = 64 << 20

func decodeDeployment(fsys fs.FS, file, before string) (*deployment.Deployment, *fault.List, error) {
	x := &deploymentDecoder{}
	f, err := openRegular(fsys, file)
	if err != nil {
		x.faults.Addf(fault.FileMissing, fault.Place{File: before + file}, "cannot read the file: %v", plain(err))
		return nil, &x.warnings, x.faults.Err()
	}
	defer f.Close()
	language := deploymentElement()
	x.w = &walker{sc: xmlscan.New(f, xmlscan.Limits{MaxBytes: maxDeployment, MaxAttrValue: maxValue}), root: language, name: before + file, faults: &x.faults}
	w := x.w
	if w.next() == xmlscan.StartElement {
		if name := clip(string(w.sc.Name())); name != "deployment" {
			w.faults.Add(rootFault(w.place(w.sc.Pos(), name, ""), name, "deployment"))
		} else {
			x.document(language)
		}
	}
	if x.faults.Total > 0 {
		return nil, &x.warnings, x.faults.Err()
	}
	return &x.d, &x.warnings, nil
}

type deploymentDecoder struct {
	w        *walker
	d        deployment.Deployment
	faults   fault.List
	warnings fault.List
	details  []fault.Place // of <simulation>, <emulation>, <physical>
	listens  fault.Place   // of <control address>
	names    map[string]bool
}

func (x *deploymentDecoder) document(language *element) {
	t := x.w.open(language)
	d, root := &x.d, t.where
	bad := t.at("realization").bad
	d.Name = t.text("name")
	d.Realization = deployment.Realization(t.text("realization"))
	d.Environment, d.Degrade = deployment.Development, deployment.Refuse
	if t.has("environment") {
		d.Environment = deployment.Environment(t.text("environment"))
	}
	if t.has("degrade") {
		d.Degrade = deployment.Degrade(t.text("degrade"))
	}
	d.Prefer = deployment.Realization(t.text("prefer"))
	prefers := t.where
	prefers.Attribute = "prefer"
	d.Emulation.Emulator = "mininet"
	x.names = map[string]bool{}
	x.w.each(language, x.element)
	x.w.next()
	switch {
	case d.Realization == "" && len(x.details) == 1:
		d.Realization = deployment.Realization(x.details[0].Element)
	case d.Realization == "" && !bad:
		root.Attribute = "realization"
		x.faults.Addf(fault.RealizationMissing, root, "nothing says which world: give realization, one of %s", strings.Join(deployment.Realizations(), ", "))
	}
	if d.Prefer != "" && d.Realization != deployment.Simulation && d.Realization != "" {
		x.warnings.Addf(fault.Unused, prefers, "means nothing with realization %s", d.Realization)
	}
	for _, p := range x.details {
		used := p.Element == string(d.Realization) || p.Element == string(d.Prefer) ||
			d.Realization == deployment.Emulation && p.Element == string(d.Emulation.Fallback)
		if !used && d.Realization != "" {
			x.warnings.Addf(fault.Unused, p, "means nothing with realization %s", d.Realization)
		}
	}
	if d.Control.Address != "" && d.Realization != deployment.Physical && d.Realization != "" {
		x.warnings.Addf(fault.Unused, x.listens, "means nothing with realization %s, where the controller is in the run's own place", d.Realization)
	}
	if len(d.Systems) == 0 && x.faults.Total == 0 {
		root.Attribute = ""
		x.warnings.Addf(fault.Unused, root, "no <system href> says which network")
	}
}

func (x *deploymentDecoder) element(el *element) {
	w, d := x.w, &x.d
	t := w.open(el)
	switch el.name {
	case "system":
		if href := t.text("href"); href != "" {
			if path.IsAbs(href) || strings.ContainsAny(href, "\\\x00") || strings.Contains(href, "://") {
				p := t.where
				p.Attribute = "href"
				x.faults.Addf(fault.IncludeOutside, p, "%q is not a path relative to this file", clip(href))
			}
			d.Systems = append(d.Systems, href)
		}
	case "scale":
		for name, to := range map[string]*deployment.Fraction{"rate": &d.Scale.Rate, "size": &d.Scale.Size, "delay": &d.Scale.Delay, "time": &d.Scale.Time} {
			if t.has(name) {
				*to = deployment.Fraction{Num: t.int(name), Den: int64(t.at(name).u)}
			}
		}
	case "application":
		x.application(t)
		return
	case "control":
		d.Control.Delay, d.Control.Address = model.Time(t.int("delay")), t.text("address")
		if t.has("openflow") {
			d.Control.OpenFlow = t.text("openflow")
		}
		x.positive(t, "delay")
		x.listening(t)
		x.certificates(t)
		w.each(el, func(c *element) {
			t := w.open(c)
			x.positive(t, "delay")
			d.Control.Delays = append(d.Control.Delays, deployment.SwitchDelay{Nodes: model.Selector(t.text("nodes")), Delay: model.Time(t.int("delay"))})
			w.leaf(c)
		})
		return
	case "simulation":
		x.details = append(x.details, t.where)
		d.Simulation = deployment.SimulationOptions{Seed: uint64(t.int("seed")), Until: model.Time(t.int("until")), Workers: int(t.int("workers"))}
	case "emulation":
		x.details = append(x.details, t.where)
		d.Emulation = deployment.EmulationOptions{Emulator: "mininet", Until: model.Time(t.int("until")), Seed: uint64(t.int("seed")),
			Budget: model.Time(t.int("budget")), Fallback: deployment.Realization(t.text("fallback"))}
		if t.has("emulator") {
			d.Emulation.Emulator = t.text("emulator")
		}
	case "physical":
		x.details = append(x.details, t.where)
		d.Physical.Until, d.Physical.Seed = model.Time(t.int("until")), uint64(t.int("seed"))
		w.each(el, x.physical)
		return
	}
	w.leaf(el)
}

func (x *deploymentDecoder) positive(t *tag, attr string) {
	if t.has(attr) && t.int(attr) == 0 {
		p := t.where
		p.Attribute = attr
		x.faults.Addf(fault.OutOfRange, p, "must be more than zero: control messages take time")
	}
}

// listening holds an address against what programs can listen at.
func (x *deploymentDecoder) listening(t *tag) {
	address := x.d.Control.Address
	x.listens = t.where
	x.listens.Attribute = "address"
	if address == "" {
		return
	}
	i := strings.LastIndexByte(address, ':')
	if n, err := strconv.ParseUint(address[i+1:], 10, 16); i < 0 || err != nil || n == 0 {
		x.faults.Addf(fault.BadAddress, x.listens, "%q is not HOST:PORT, as 192.0.2.1:6653", clip(address))
	}
}

// certificates reads what <control> says about TLS.
func (x *deploymentDecoder) certificates(t *tag) {
	c := &x.d.Control
	c.TLS = t.bool("tls")
	files := []struct {
		name string
		to   *string
	}{{"ca", &c.CA}, {"cert", &c.Cert}, {"key", &c.Key}}
	given, lacking := 0, ""
	for _, f := range files {
		if *f.to = t.text(f.name); *f.to != "" {
			given++
		} else if lacking == "" {
			lacking = f.name
		}
	}
	p := t.where
	switch {
	case given > 0 && given < len(files):
		p.Attribute = lacking
		x.faults.Addf(fault.MissingAttribute, p, "the attribute is required with the others: ca, cert and key are given together")
	case given > 0 && !c.TLS:
		p.Attribute = "tls"
		x.warnings.Addf(fault.Unused, p, "certificates mean nothing without tls=\"true\"")
	}
}

func (x *deploymentDecoder) application(t *tag) {
	a := deployment.Application{Name: t.text("name"), Plugin: t.text("plugin"), SHA256: t.text("sha256"), OnLoss: t.text("on-loss"),
		Memory: model.Size(t.int("memory")), Commands: t.int("commands"), Silence: model.Time(t.int("silence"))}
	for _, attr := range []string{"memory", "silence"} {
		if t.has(attr) && t.int(attr) == 0 {
			p := t.where
			p.Attribute = attr
			x.faults.Addf(fault.OutOfRange, p, "must be more than zero")
		}
	}
	if a.Name == "" {
		a.Name = a.Plugin
	}
	if a.OnLoss == "" {
		a.OnLoss = "keep"
	}
	if strings.HasPrefix(a.Plugin, "builtin:") {
		for _, attr := range []string{"on-loss", "memory", "commands", "silence"} {
			if t.has(attr) {
				p := t.where
				p.Attribute = attr
				x.warnings.Addf(fault.Unused, p, "means nothing for %s, which is no process of its own that could be lost or held to bounds", clip(a.Plugin))
			}
		}
	}
	if x.names[a.Name] && a.Name != "" {
		p := t.where
		p.Attribute = "name"
		x.faults.Addf(fault.DuplicateID, p, "two applications are called %q; give them names", clip(a.Name))
	}
	x.names[a.Name] = true
	set := map[string]bool{}
	x.w.each(t.el, func(c *element) {
		t := x.w.open(c)
		name := t.text("name")
		if set[name] && name != "" {
			p := t.where
			p.Attribute = "name"
			x.faults.Addf(fault.DuplicateID, p, "parameter %q is set twice", clip(name))
		}
		set[name] = true
		a.Params = append(a.Params, deployment.Param{Name: name, Value: t.text("value")})
		x.w.leaf(c)
	})
	x.d.Applications = append(x.d.Applications, a)
}

func (x *deploymentDecoder) physical(c *element) {
	t := x.w.open(c)
	p := &x.d.Physical
	if c.name == "tunnel" {
		p.Tunnel = t.text("kind")
	} else {
		h := deployment.PhysicalHost{ID: t.text("id"), OVSDB: t.text("ovsdb"), Libvirt: t.text("libvirt"), Docker: t.text("docker"), Address: t.text("address")}
		for _, other := range p.Hosts {
			if other.ID == h.ID && h.ID != "" {
				at := t.where
				at.Attribute = "id"
				x.faults.Addf(fault.DuplicateID, at, "host %q is declared twice", h.ID)
			}
		}
		p.Hosts = append(p.Hosts, h)
	}
	x.w.leaf(c)
}

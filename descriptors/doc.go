// Package descriptors reads and writes SENDIM's two XML languages: the system
// descriptor, which says what a network is, and the deployment descriptor, which says
// where and how it runs.
//
// For those who read descriptors:
//
//	sys, warnings, err := descriptors.Load(descriptors.Options{}, "abilene.xml", "tenants.xml")
//	sys, warnings, err := descriptors.Decode(fsys, descriptors.Options{}, "abilene.xml")
//	d, warnings, err := descriptors.LoadDeployment("mininet.xml")
//	sys, warnings, err := descriptors.LoadSystems(descriptors.Options{}, "mininet.xml", d) // the <system href> of d
//	kind, err := descriptors.Detect(fsys, "some.xml")                                     // by its root element
//	err := descriptors.Encode(w, network)
//	err := descriptors.EncodeDeployment(w, d)
//
// sys.Model is validated and complete; sys.Places finds the line of a node, link, flow
// again for whoever has a fault to report later. err is a *fault.List when the input is
// at fault (every fault of one pass, the first hundred kept), warnings never is nil and
// holds what was accepted but deserves a word.
//
// Several files are one network, as if their contents stood in one <system>. Files
// reach others by <include>, relative to their own folder and never outside the folder
// of the top file (or Options.Root). The research prototype's <system-descriptor> and
// xSDN's <nodes>, <flows> and <policies> are read unchanged, told apart by their root.
//
// The language is data: one table (language.go, system.go, deployments.go) from which
// the decoder checks, the schemas in schema/ and the reference in docs/descriptors.md
// are made. Unknown elements and attributes are faults with the nearest valid name.
//
// Rules worth knowing:
//
//   - <defaults> hold for everything after them in their file and in files included
//     after them. Attribute by attribute, a later one wins over an earlier, and what the
//     element says itself wins over all. A "for" selector narrows them: to the nodes it
//     matches, and to the links with a matching node at either end.
//   - A nested <link to> at both ends is one link: mentions pair up one to one, in
//     order; equal ids or ports pair first. An unpaired mention is a link of its own. A
//     pair that disagrees is a fault. <link from to> never pairs.
//   - A link's attributes hold for both directions; its child <back> says what differs
//     on the way back.
//   - <hosts per count prefix> sees the nodes declared before it. One host per node is
//     called PREFIX+NODE, several PREFIX+NODE-1, -2, ...
//
// Decoding streams: its memory is the model's, plus a few bytes per mention of a link.
package descriptors

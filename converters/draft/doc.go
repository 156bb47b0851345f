// Package draft turns what a foreign file says about a network into a model, by one set
// of rules for all formats. It serves the importers: a reader of a format fills in a
// Network (nodes, links and demands as the file has them, in the file's order, with
// quantities already in the model's units), and Build does the rest:
//
//   - Every node gets a name that is unique, ASCII and legal, made from its label, and
//     from its label and id where labels repeat. The file's own id stays as the property
//     source.id where the name differs from it.
//   - Parallel links stay, each a link of its own. Links from a node to itself are left out
//     and counted.
//   - A link without a delay gets one from its length, or from the coordinates of its ends
//     (great circle, 5 us/km: light in fibre), or the caller's default; one without a rate
//     gets the caller's default or stays unlimited. Which rule gave each value is counted
//     and, where several rules were at work, kept as rate.from and delay.from at the link.
//   - Demands between nodes become demands between hosts: a switch that a demand names
//     gets a host h-NAME, unless the caller attaches hosts itself or wants none.
//   - Nothing is left out without being counted in the Summary and told in the warnings.
//
// The same input gives the same model. Nothing here is safe for concurrent use.
package draft

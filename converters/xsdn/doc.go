// Package xsdn reads the XML of two research prototypes into a model: xSDN's network,
// flows and policies, and the first SENDIM's <system-descriptor>. It is a pure function
// of the files' contents.
//
// What these formats leave open is decided here, the same for every file:
//
//   - xSDN's nodes are routers and endpoints at once: node X becomes a switch X with a
//     host h-X, whose link to it is unlimited.
//   - Sizes and speeds have no unit: one of size is 1 MB (10^6 bytes), one of speed is
//     1 MB/s (8 Mbps), one of time is 1 s, so that size/speed gives the same seconds.
//   - Values may differ per direction. Those of the direction listed first become the
//     link's properties (cost, energy, speed ...), the others back.cost and so on. A
//     direction that is missing is remarked on and takes the other's values.
//   - A flow without a profile has the profile "time". Each profile that a flow or a
//     policy names is declared. A policy of the first generation, without goal and
//     property, means what its profile is called.
//   - A file of flows in which no flow has chunks lists pairs for xSDN's search for
//     routes; it is no traffic and is remarked on.
//   - In a <system-descriptor> a type other than "switch" means a host, links listed at
//     one end only are kept and remarked on, a later node replaces an earlier one of the
//     same id.
package xsdn

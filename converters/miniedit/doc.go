// Package miniedit reads and writes the files of MiniEdit, Mininet's graphical editor
// (examples/miniedit.py, loadTopology and saveTopology). It serves sendim import and
// sendim convert; both directions are pure functions.
//
// Read makes a draft of a file of version 1 or 2:
//
//   - Hosts become hosts, switches of all types switches; a legacyRouter forwards here by
//     its tables as every switch, which is said.
//   - A link's bw is in Mbit/s, loss in percent, max_queue_size in packets, as TCLink has
//     it; params1 and params2 make the directions differ, port1 and port2 fix ports. A
//     delay without a unit is microseconds, because that is how tc reads it; a warning
//     says so, because it is seldom what was meant.
//   - A host's address is its ip (a /8 unless it says more, as in Mininet), or ipBase plus
//     its nodeNum; a switch's datapath id its dpid, in hexadecimal.
//   - Everything else is kept: an option KEY of a node or link as the property
//     miniedit.KEY, other keys of a node as miniedit.node.KEY (of a link miniedit.link.KEY),
//     and what the file says as a whole (application, controllers, ...) as miniedit.file.KEY
//     at its first node. A value that is no string, or reads as JSON, is kept as JSON.
//
// Write makes a file of version 2 that MiniEdit opens, and that Read makes the same nodes
// and links of. What MiniEdit has no key for stands in options called "sendim", which it
// keeps and ignores. Files that came from MiniEdit go back with all their keys. What no
// key can hold (flows, services, scenario ...) is listed.
//
// MiniEdit as Mininet 2.3.0 installs it fails in Python 3 on every file with preferences,
// its own included: its loadTopology adds two dict.items(), which later versions do not.
package miniedit

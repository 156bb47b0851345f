// Package freeze writes a whole graph of plain values to bytes and reads it back in another
// process: structs with their unexported fields, slices that share arrays, pointers into the
// middle of other things, maps, and interfaces that hold registered types. It promises those
// who keep checkpoints that nothing reachable is forgotten: what cannot be written (functions,
// channels, unregistered interfaces) is found by Plan.Check from the types alone, before
// there is any value, and what is left out is left out by name and with a reason.
//
// What has been written is read only by a program whose types lie in memory in the same way;
// another one is told by name which types differ (*LayoutError). Truncated and hostile bytes
// are refused (*DamageError) in memory bounded by a small multiple of their length; whether
// the values make sense to their owner is not looked at.
//
// This is the only package of the product that looks at memory behind the language's back:
// it reads and writes unexported fields through unsafe. Capacities of slices are not kept.
// Times and addresses do not enter the bytes: equal graphs, reached in equal order, give
// equal bytes.
package freeze

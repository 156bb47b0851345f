// Package learningswitch is the app that makes every switch learn where hosts are from the
// packets it sees, as Ethernet bridges do: a packet for a known host leaves by the port
// the host was last seen at, any other floods along the runtime's spanning tree.
//
// It is for users who want connectivity without thinking of routes, in any topology:
// cycles do no harm, because floods follow the tree and what is learned follows floods.
package learningswitch

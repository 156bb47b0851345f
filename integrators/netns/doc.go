// Package netns gives an emulated run a place of its own on a Linux machine and
// takes the place away without a trace. It is the fence around netlink.
//
// A Sandbox is one helper process, the program itself executed again, in new
// network, mount, PID and IPC namespaces. It promises that nothing of a run
// outlives it: the helper is process 1 of its PID namespace, so ending it ends
// every process and, with the last of them, every interface, bridge and mount.
// It ends on Close, when its parent dies in whatever way (a death signal from
// the kernel, and the end of the control socket as a second rope), and on
// SIGTERM. No namespace is given a name, so two runs cannot meet.
//
// Inside, processes are started with the caller's files as standard streams,
// and TCP listeners are opened whose sockets are used from outside; that is how
// a controller serves switches it shares no network with. Probe tells what the
// kernel can do to a link, tried out rather than assumed.
//
// Hosts are network namespaces inside, made and joined by links many at a time by the
// helper, which holds them, shapes links, and starts programs in hosts. They have no names
// but in the helper, and end with it.
//
// Works as root, and without where the kernel grants user namespaces; when
// neither, NotPermittedError names what stands in the way.
package netns

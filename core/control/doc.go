// Package control is the runtime that stands between apps and switches, the same in
// every world: it keeps the topology view, delivers events to apps in one order, merges
// their commands in one order, numbers groups and meters, keeps the spanning tree for
// floods, answers ARP for apps that ask for it, runs their timers, and remembers the
// rules each app wants beside those installed.
//
// Between an app and a switch it translates: an app's tables follow those of the apps
// before it, names become numbers, Flood becomes a group and NextApp a goto, and cookies
// say whose a rule is, so that no app can touch another's. What no switch would take is
// not sent; the app is told Failed. When a switch comes back, it gets the difference
// between what it holds and what is wanted there; where nobody can say what it holds, it is
// emptied and gets all of it.
//
// A world drives it: it puts in what switches say (Upcall) and takes out what switches
// are told (Downcall). Time is a parameter, so the runtime itself is deterministic and
// knows neither clock nor wire. It is not safe for concurrent use.
package control

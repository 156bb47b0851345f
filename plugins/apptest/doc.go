// Package apptest is the bench of an app's author: it runs an app, through the same
// control runtime as every world, over switches in memory that obey OpenFlow, with a fixed
// control delay and links that only take time. Send packets between hosts and see which
// way they went, take links down, let time pass, compare the tables with a golden file.
//
// Besides the bench there are laws that every app should keep, each one call in a test:
// SameEventsSameCommands, SaveRestoreChangesNothing, NothingLeftBehind, NoLoopNoBlackHole.
// A Subject holds them of an app in another process, too; that is what sendim app test
// does.
//
// RunScript drives an app by a small script (see Script for its language), Replay by the
// diary of a run, and compares what it wants with what it wanted then.
package apptest

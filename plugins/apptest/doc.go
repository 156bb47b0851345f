// Package apptest is the bench of an app's author: it runs an app, through the same
// control runtime as every world, over switches in memory that obey OpenFlow, with a fixed
// control delay and links that only take time. Send packets between hosts and see which
// way they went, take links down, let time pass, compare the tables with a golden file.
//
// Besides the bench there are laws that every app should keep, each one call in a test:
// SameEventsSameCommands, SaveRestoreChangesNothing, NoLoopNoBlackHole.
package apptest

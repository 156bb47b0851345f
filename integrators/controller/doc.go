// Package controller says how an app's commands reach switches and the switches' words
// come back: Controller is what carries them, for worlds in which switches are real. It
// runs the control runtime in real time, against a Clock whose zero is the moment when
// the apps' first answers are in force.
//
// embedded speaks OpenFlow itself; adapters to foreign controllers stand beside it.
// Emulated and physical worlds use whichever their deployment names.
package controller

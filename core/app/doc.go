// Package app is the contract of an application: one event in, commands out.
//
// An App is a pure reaction. It has no clock, no socket and no goroutine; what it may
// know reaches it as an Event, and what it wants leaves it as Commands. It knows neither
// descriptor files nor where it runs, so the same binary controls a simulated, an
// emulated and a physical network. plugins/apprpc carries this contract across a
// process boundary; Local runs an app inside the process.
//
// Events and commands are tagged structs without behaviour, so that they cross the
// wire, land in the trace and become golden files unchanged.
package app

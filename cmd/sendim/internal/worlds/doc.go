// Package worlds holds the promise of the whole product to the test: random networks,
// applications and workloads, each run in the simulator and emulated, must end with the
// same reachability, the same tables and the same mean rates. Every other world is
// emulated by Mininet and the rest natively; SENDIM_EMULATOR names one for all. It has
// only tests; they need what an emulation needs, and skip by name without it.
package worlds

//go:build !linux

package cost

// Machine knows nothing elsewhere; nothing is emulated there.
func Machine() Limits { return Limits{-1, -1, -1, -1, -1, -1, -1} }

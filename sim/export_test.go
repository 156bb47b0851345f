package sim

// Eager is a backend that asks the apps about every arrival by itself.
func Eager(b Backend) Backend { b.eager = true; return b }

package backend

// Phase is a stretch of bringing a world up.
type Phase struct {
	Name    string  `json:"phase"`
	Seconds float64 `json:"s"`
}

// Phased is a session that has measured what its start took, in order. They cover Open and
// the first Apply. The times are of the wall clock.
type Phased interface{ Phases() []Phase }

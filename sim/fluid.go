package sim

type fluids struct{}
type fluidRun struct{}

func (f *fluids) settle(w *world, now int64)          {}
func (w *world) catchUp(s *node, now int64)           {}
func (w *world) detour(s *node, now int64)            {}
func (w *world) detourHost(h *host, now int64)        {}
func (w *world) fluidCapacity(a uint32)               {}
func (w *world) fluidActivate()                       {}
func (w *world) leftOver(o *oddity, rate int64) int64 { return rate }
func (w *world) launchFluid(f *run, now int64)        {}
func (w *world) forgetFluid(f *run)                   {}
func (w *world) stopFluid(f *run, now int64)          {}
func (w *world) accountFluid(f *run, now int64)       {}
func (w *world) probeAgain(f *run, now int64)         {}

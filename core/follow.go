package core

import (
	"sendim/core/backend"
	"sendim/core/model"
)

// explorer is a session whose network is not what it was told but what it finds: it comes
// and goes by itself. The networks are edits of the one that the session began with.
type explorer interface {
	backend.Session
	Network() *model.Network
}

// follow takes the network as a session that finds it out knows it now.
func (w *World) follow() {
	s, ok := w.session().(explorer)
	if !ok {
		return
	}
	if n := s.Network(); n != w.Model {
		j := *w.job
		j.Model = n
		w.Model, w.job = n, &j
		w.Results.Edited(n)
	}
}

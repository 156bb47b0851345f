package emulate

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/integrators/controller/credentials"
)

// secure readies TLS between the switches and the controller, where the deployment asks
// for it: nil where it does not. All switches are one Open vSwitch, which has one
// certificate. Files that the deployment names are shown by both sides; else the run
// makes what it needs, in its own directory.
func (s *Session) secure(ctx context.Context, d *deployment.Deployment) (*tls.Config, error) {
	if d == nil || !d.Control.TLS {
		return nil, nil
	}
	own := credentials.Files{CA: d.Control.CA, Cert: d.Control.Cert, Key: d.Control.Key}
	switches := own
	if own.CA == "" {
		var err error
		if own, switches, err = credentials.Make(filepath.Join(s.dir, "tls"), s.spec.Run, time.Now()); err != nil {
			return nil, err
		}
	} else if err := own.Both(time.Now()); err != nil {
		return nil, fault.New(fault.BadChoice, fault.Place{Element: "control", Attribute: "tls"}, "%v", err)
	}
	config, err := own.Server()
	if err != nil {
		return nil, err
	}
	argv := []string{"--no-wait", "set-ssl"} // the daemon may be yet to start
	for _, file := range []string{switches.Key, switches.Cert, switches.CA} {
		whole, err := filepath.Abs(file)
		if err != nil {
			return nil, fmt.Errorf("finding a switch's certificate: %w", err)
		}
		argv = append(argv, whole)
	}
	if _, err := s.place.vswitch.Vsctl(ctx, argv...); err != nil {
		return nil, fmt.Errorf("giving the switches their certificate: %w", err)
	}
	return config, nil
}

// target is where switches find a listener: HOST:PORT, with "ssl:" before it where TLS is
// spoken.
func target(l net.Listener, secured bool) string {
	if secured {
		return "ssl:" + l.Addr().String()
	}
	return l.Addr().String()
}

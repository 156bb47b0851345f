package embedded

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// secure is TLS's part of a connection, where there is one. It is a connection's own
// business from here on: the listener has long gone on to the next.
func (k *conn) secure(ctx context.Context) error {
	if k.owner.cfg.TLS == nil {
		return nil
	}
	if err := k.net.SetDeadline(time.Now().Add(k.owner.cfg.Handshake)); err != nil {
		return err
	}
	t := tls.Server(k.net, k.owner.cfg.TLS)
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS: %w", k.patience(err))
	}
	k.net, k.read = t, bufio.NewReaderSize(t, strangerReads)
	return nil
}

package credentials

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files name what one side shows and whom it believes, all PEM.
type Files struct {
	CA   string // the certificates of the authorities that the other side may come from
	Cert string // one's own certificate, with those between it and the authority
	Key  string // its private key
}

// Server is how a controller listens with these files: TLS 1.2 or later (Open vSwitch
// before 3.2 knows no later one), and only for who shows a certificate of the authority.
// Names in certificates are not looked at: which switch speaks is said by its datapath id,
// as with every OpenFlow controller.
func (f Files) Server() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the controller's certificate %s and its key %s: %w", f.Cert, f.Key, err)
	}
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate authority of the switches: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("reading the certificate authority of the switches: %s has no certificate", f.CA)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: authorities, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}, nil
}

// Both says whether both sides can show these files, as where all switches are one Open
// vSwitch: the certificate comes of the authority, is good at this time, and both for a
// server and for a client. Left to the two sides, none would say more than that the other's
// certificate is bad.
func (f Files) Both(now time.Time) error {
	if _, err := f.Server(); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return fmt.Errorf("reading the certificate %s and its key %s: %w", f.Cert, f.Key, err)
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return fmt.Errorf("reading the certificate authority: %w", err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, raw := range pair.Certificate[1:] {
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			return fmt.Errorf("reading the certificate %s: %w", f.Cert, err)
		}
		between.AddCert(c)
	}
	for usage, side := range map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "the controller", x509.ExtKeyUsageClientAuth: "a switch"} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
		var unknown x509.UnknownAuthorityError
		switch {
		case err == nil:
		case errors.As(err, &unknown):
			return fmt.Errorf("the certificate %s comes of none of the authorities in %s: its issuer is %q", f.Cert, f.CA, pair.Leaf.Issuer)
		default:
			return fmt.Errorf("the certificate %s is not good for %s: %w", f.Cert, side, err)
		}
	}
	return nil
}

// validity is how long what is made for a run is good: longer than any run.
const validity = 366 * 24 * time.Hour

// Make makes an authority in a directory, which is made if need be, and what the
// controller and the switches of one run show each other. run stands in the names, for
// people. now is the time that certificates begin with, less an hour for clocks that go
// wrong. Files of an earlier Make are replaced.
func Make(dir, run string, now time.Time) (controller, switches Files, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("making certificates for run %s: %w", run, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Files{}, Files{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Files{}, Files{}, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of run " + clip(run)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		return Files{}, Files{}, err
	}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, text("CERTIFICATE", raw), 0o644); err != nil {
		return Files{}, Files{}, err
	}
	for i, side := range []struct {
		to    *Files
		name  string
		usage x509.ExtKeyUsage
	}{{&controller, "controller", x509.ExtKeyUsageServerAuth}, {&switches, "switches", x509.ExtKeyUsageClientAuth}} {
		*side.to = Files{CA: ca, Cert: filepath.Join(dir, side.name+".pem"), Key: filepath.Join(dir, side.name+".key")}
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return Files{}, Files{}, err
		}
		raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 2), Subject: pkix.Name{CommonName: side.name + " of run " + clip(run)},
			NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{side.usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}, authority, &own.PublicKey, key)
		if err != nil {
			return Files{}, Files{}, err
		}
		secret, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			return Files{}, Files{}, err
		}
		// A file that is there keeps its mode when it is written.
		if err := errors.Join(remove(side.to.Key), os.WriteFile(side.to.Key, text("PRIVATE KEY", secret), 0o600),
			os.WriteFile(side.to.Cert, text("CERTIFICATE", raw), 0o644)); err != nil {
			return Files{}, Files{}, err
		}
	}
	return controller, switches, nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// clip keeps a run's name within what a common name may have (RFC 5280: 64 characters).
func clip(run string) string { return strings.ToValidUTF8(run[:min(len(run), 40)], "") }

func text(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

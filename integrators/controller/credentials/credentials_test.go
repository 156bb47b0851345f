package credentials_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/integrators/controller/credentials"
)

func TestKeysAreForTheirOwnerAloneAndTheAuthoritysIsNowhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	for range 2 { // the second replaces the first
		own, switches, err := credentials.Make(dir, strings.Repeat("a long name ", 20), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []credentials.Files{own, switches} {
			if _, err := f.Server(); err != nil {
				t.Error(err)
			}
			if info, err := os.Stat(f.Key); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", f.Key, info.Mode(), err)
			}
		}
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil || len(keys) != 2 {
		t.Errorf("keys: %v %v", keys, err)
	}
}

func TestFilesThatAreNoCredentialsAreNamed(t *testing.T) {
	dir := t.TempDir()
	own, switches, err := credentials.Make(dir, "r", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files credentials.Files
		says  string
	}{
		{"no authority in the file", credentials.Files{CA: empty, Cert: own.Cert, Key: own.Key}, "empty.pem has no certificate"},
		{"no such file", credentials.Files{CA: filepath.Join(dir, "nowhere.pem"), Cert: own.Cert, Key: own.Key}, "nowhere.pem"},
		{"another's key", credentials.Files{CA: own.CA, Cert: own.Cert, Key: switches.Key}, "does not match"},
	} {
		if _, err := c.files.Server(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// issue makes a certificate good for some usages and its key, by an authority that is made
// for it.
func issue(t *testing.T, dir, name string, from time.Time, usages ...x509.ExtKeyUsage) credentials.Files {
	t.Helper()
	write := func(file, kind string, raw []byte) string {
		path := filepath.Join(dir, name+file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	make := func(c, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			signer = key
		}
		raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return key, raw
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority " + name}, NotBefore: from, NotAfter: from.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	signer, raw := make(ca, ca, nil)
	f := credentials.Files{CA: write("-ca.pem", "CERTIFICATE", raw)}
	key, raw := make(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usages}, ca, signer)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	f.Cert, f.Key = write(".pem", "CERTIFICATE", raw), write(".key", "PRIVATE KEY", secret)
	return f
}

func TestFilesThatBothSidesShowMustBeGoodForBoth(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	good := issue(t, dir, "good", now.Add(-time.Minute), x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
	anybody := issue(t, dir, "anybody", now.Add(-time.Minute))
	for _, f := range []credentials.Files{good, anybody} {
		if err := f.Both(now); err != nil {
			t.Error(err)
		}
	}
	other := good
	other.CA = anybody.CA
	for _, c := range []struct {
		files credentials.Files
		says  string
	}{
		{other, `good.pem comes of none of the authorities in ` + anybody.CA + `: its issuer is "CN=authority good"`},
		{issue(t, dir, "old", now.Add(-2*time.Hour)), "old.pem is not good for"},
		{issue(t, dir, "server", now.Add(-time.Minute), x509.ExtKeyUsageServerAuth), "server.pem is not good for a switch"},
		{issue(t, dir, "client", now.Add(-time.Minute), x509.ExtKeyUsageClientAuth), "client.pem is not good for the controller"},
		{credentials.Files{CA: good.CA, Cert: good.Cert, Key: anybody.Key}, "does not match"},
	} {
		if err := c.files.Both(now); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, and not that %s", err, c.says)
		}
	}
}

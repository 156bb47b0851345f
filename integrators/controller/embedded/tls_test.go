package embedded_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/core/control"
	"sendim/integrators/controller/credentials"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/embedded/wire"
)

// certified makes certificates, and the controller's side of them.
func certified(t testing.TB, dir string) (switches credentials.Files, adjust func(*embedded.Config)) {
	t.Helper()
	own, switches, err := credentials.Make(dir, "test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	config, err := own.Server()
	if err != nil {
		t.Fatal(err)
	}
	return switches, func(c *embedded.Config) { c.TLS, c.Handshake = config, 5*time.Second }
}

// client is what a switch does with its files: it believes the authority and does not
// look at names, as Open vSwitch.
func client(t testing.TB, own, believed credentials.Files) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(own.Cert, own.Key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(believed.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, ServerName: "127.0.0.1"}
}

func TestOnlyWhoShowsACertificateOfTheAuthorityIsHeard(t *testing.T) {
	switches, adjust := certified(t, t.TempDir())
	strangers, _ := certified(t, t.TempDir())
	s := polling()
	b := run(t, s, 1, nil, adjust)

	plain := dial(t, b.addr)
	plain.send(wire.TypeHello, 1)
	plain.closed()
	silent := dial(t, b.addr)
	silent.closed() // after the time for the handshake
	for _, c := range []*tls.Config{client(t, strangers, switches), {InsecureSkipVerify: true}} {
		if conn, err := tls.Dial("tcp", b.addr, c); err == nil { // TLS 1.3 tells a client late
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				t.Error("a stranger was heard")
			}
			conn.Close()
		}
	}

	c, err := tls.Dial("tcp", b.addr, client(t, switches, switches))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := over(t, c)
	p.greet(1)
	b.wait(t, 1)
	b.startApps(t)
	if u := s.await(t, "introduction", kind(control.SwitchConnected)); len(u.Ports) != 2 {
		t.Errorf("introduced %+v", u)
	}
	refused := 0
	for deadline := time.Now().Add(time.Minute); refused < 4 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		b.clock.Flush()
		refused = 0
		for _, text := range b.diary.texts() {
			if strings.Contains(text, "refused: TLS: ") {
				refused++
			}
		}
	}
	if refused != 4 {
		t.Errorf("%d of 4 were refused by name: %v", refused, b.diary.texts())
	}
}

func TestARealSwitchSpeaksTLSAndOneWithoutTheCertificateIsNotServed(t *testing.T) {
	l, listener := place(t)
	dir := filepath.Join(l.sandbox.RunDir(), "tls")
	switches, adjust := certified(t, dir)
	s := polling()
	l.bench = run(t, s, 2, listener, adjust)
	bridge := func(i int, target string) []string {
		b := fmt.Sprintf("s%d", i)
		return []string{"add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols=OpenFlow13",
			fmt.Sprintf("other_config:datapath-id=%016x", i), "other_config:disable-in-band=true", "--", "set-controller", b, target}
	}
	l.vsctl("set-ssl", switches.Key, switches.Cert, switches.CA)
	l.vsctl(bridge(1, "ssl:"+l.addr)...)
	l.vsctl(bridge(2, "tcp:"+l.addr)...)
	l.wait(t, 1)
	l.startApps(t)
	s.flush(t, 0, rule(0, 1))
	if n := len(l.rules(0)); n != 1 {
		t.Errorf("%d rules", n)
	}
	if got := l.Connected(); len(got) != 1 || got[0] != 0 {
		t.Errorf("connected: %v", got)
	}
}

// over is a peer on a connection that is there.
func over(t testing.TB, c net.Conn) *peer {
	t.Helper()
	c.SetDeadline(time.Now().Add(time.Minute))
	return newPeer(t, c)
}

package cli

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"sendim/core/model"
	"sendim/core/packet"
	"sendim/descriptors"
	"sendim/integrators/controller/credentials"
	"sendim/integrators/controller/discover"
)

// asking is how many addresses are asked for at most: each goes out of every port, every
// second.
const asking = 4096

func (c *cli) discoverCommand() *cobra.Command {
	var file, listen, name string
	var ask []string
	var files credentials.Files
	var quiet, most time.Duration
	o := discover.Options{}
	cmd := &cobra.Command{
		Use: "discover", Short: "Write a system descriptor of a network of real switches that nobody described", Args: cobra.NoArgs,
		Example: `  sendim discover --listen 192.0.2.1:6653 --switches 4 --ask 10.0.0.0/24 -o found.xml
  ovs-vsctl set-controller s1 tcp:192.0.2.1:6653        at each switch`,
		Long: `Listen for OpenFlow switches, find out how they are connected, and write what was
found as a system descriptor: switches with their datapath ids, links with their ports,
hosts with their addresses. It ends when nothing new was seen for a while.

Links are found by LLDP, which is sent out of every port. Hosts are found when they say
something that no rule of their switch handles, or when they answer for an address that
was asked for (--ask). While it looks, a switch has up to two rules more, which send
what nothing else handles to the controller; they are taken away at the end, and no
other rule is touched. Rates and delays cannot be seen; write them in by hand.`,
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:6653", "where switches find the controller, as HOST:PORT")
	openflowFlag(f, &o.OpenFlow)
	f.IntVar(&o.Switches, "switches", 1, "wait until so many are there")
	f.DurationVar(&quiet, "quiet", 3*time.Second, "end when nothing new was seen for so long")
	f.DurationVar(&most, "for", 0, "end after so long in any case (default: never)")
	f.StringArrayVar(&ask, "ask", nil, "address or prefix (10.0.0.0/24) that hosts may have; ask for it at every port where no switch is")
	f.StringVar(&files.CA, "ca", "", "speak TLS: authority of the switches' certificates (PEM file; with --cert and --key)")
	f.StringVar(&files.Cert, "cert", "", "the controller's certificate (PEM file)")
	f.StringVar(&files.Key, "key", "", "its private key (PEM file)")
	f.StringVar(&name, "name", "found", "name of the network")
	f.StringVarP(&file, "output", "o", "", "file to write (default: standard output)")
	cmd.MarkFlagsRequiredTogether("ca", "cert", "key")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := model.CheckID(name); err != nil {
			return fail(WrongInput, "--name: %w", err)
		}
		if quiet <= 0 || most < 0 || o.Switches < 0 {
			return fail(WrongInput, "--quiet must be more than zero, --for and --switches not less")
		}
		if err := openflowKnown(o.OpenFlow); err != nil {
			return err
		}
		o.Name, o.Quiet, o.Most = name, model.Time(quiet)*model.Nanosecond, model.Time(most)*model.Nanosecond
		var err error
		if o.Ask, err = addressesOf(ask); err != nil {
			return err
		}
		if o.TLS, err = tlsOf(files); err != nil {
			return fail(WrongInput, "%w", err)
		}
		rand.Read(o.Key[:]) //nolint:errcheck // it never fails
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return fail(WrongInput, "--listen: %w", err)
		}
		fmt.Fprintf(c.errs, "listening at %s\n", l.Addr())
		found, err := discover.Look(cmd.Context(), l, o, func(n int) { fmt.Fprintf(c.errs, "%d switches\n", n) })
		if err != nil {
			return err
		}
		for _, note := range found.Notes {
			fmt.Fprintf(c.errs, "note: %s\n", note)
		}
		if len(found.Switches) == 0 {
			return fail(Failed, "no switch has connected to %s: ovs-vsctl set-controller BRIDGE tcp:%s", l.Addr(), l.Addr())
		}
		n, err := found.Network()
		if err != nil {
			return err
		}
		err = c.writeFile(file, func(w io.Writer) error { return descriptors.Encode(w, n) })
		if err == nil && file != "" {
			fmt.Fprintf(c.errs, "%s: %d switches, %d hosts, %d links between switches\n", file, len(found.Switches), len(found.Hosts), len(found.Links))
		}
		return err
	}
	return cmd
}

// tlsOf is how the controller listens with these files; nil where there are none.
func tlsOf(f credentials.Files) (*tls.Config, error) {
	if f == (credentials.Files{}) {
		return nil, nil
	}
	return f.Server()
}

// addressesOf lists the IPv4 addresses of prefixes, without those of a network itself and
// of everybody in it.
func addressesOf(list []string) (out []packet.IPv4, err error) {
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if a, single := netip.ParseAddr(text); single == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || !p.Addr().Is4() {
			return nil, fail(WrongInput, "--ask: %q is no IPv4 address or prefix; write it like 10.0.0.0/24", text)
		}
		if p.Bits() < 20 {
			return nil, fail(WrongInput, "--ask: %s has more than %d addresses", text, asking)
		}
		whole := p.Masked()
		for a := whole.Addr(); whole.Contains(a); a = a.Next() {
			last := !whole.Contains(a.Next())
			if p.Bits() < 31 && (a == whole.Addr() || last) {
				continue
			}
			four := a.As4()
			out = append(out, packet.IPv4(binary.BigEndian.Uint32(four[:])))
		}
	}
	if len(out) > asking {
		return nil, fail(WrongInput, "--ask: %d addresses are more than %d", len(out), asking)
	}
	return out, nil
}

package worlds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/report"
	"sendim/descriptors"
	"sendim/integrators/emulate"
	"sendim/integrators/labtest"
)

// The seeds that are always tried: learning among cycles while a link fails; select
// groups over a generated part; a reactive app and names with blanks; hosts with several
// links; users held to rates by an app alone, and clients of services by two and by three
// in a chain; failures of every kind. And some for the simulator alone.
func labSeeds() []uint64 { return []uint64{309, 314, 316, 323, 1000, 1004, 1007, 2002, 2006} }
func fluidSeeds() []uint64 {
	return []uint64{3, 4, 6, 9, 12, 14, 24, 38, 1001, 1004, 1005, 1007, 1016, 1077, 2002, 2003, 2021, 2036, 2047}
}

// TestWorlds runs drawn networks in both worlds. SENDIM_WORLDS=N asks for N seeds,
// SENDIM_WORLDS=A-B for those from A to B; SENDIM_WORLDS_KEEP=DIR keeps what was run.
func TestWorlds(t *testing.T) {
	lab(t)
	bin := build(t)
	for _, seed := range seeds(t, labSeeds()) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { try(t, bin, draw(seed, 30)) })
	}
}

// TestDrawnNetworksAreValid needs no lab: whatever the drawing makes is a descriptor.
func TestDrawnNetworksAreValid(t *testing.T) {
	for n := range uint64(900) {
		seed := n + n/300*(chains-300) // as many of each kind
		w := draw(seed, 30)
		dir := t.TempDir()
		w.save(t, dir)
		if _, err := w.addresses(dir); err != nil {
			t.Fatalf("seed %d %q: %v\n%s", seed, w.drawn, err, w.files["network.xml"])
		}
	}
}

// TestFluidsFollowPackets holds the two granularities of the simulator against each
// other on flows that last. SENDIM_WORLDS asks for seeds as above. Of the first sixty worlds
// that fail (2000 to 2059) six differ by more than it allows, each for a reason that
// docs/traffic.md has:
//   - 2059: the third try falls together with the repair; the connection's segment is sent
//     just before it and the next comes 1.6 s later, the fluid's just in time.
//   - 2009, 2056: queues of 0.3 s, which the connection's time-outs count and the fluid's do not.
//   - 2017: the host whose link was down asks for addresses again while the controller is cut
//     off, and gets no answer.
//   - 2007: the host comes back to a window of one segment, and its acknowledgements wait
//     behind another connection's data: 17 s do not suffice to fill the path again.
//   - 2011: no outage of packets at all, but connections in both directions of a link.
func TestFluidsFollowPackets(t *testing.T) {
	bin := build(t)
	for _, seed := range seeds(t, fluidSeeds()) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel() // no machine's time is measured
			w := drawWith(seed, 15, (*drawing).long)
			dir := w.room(t, "fluid-")
			t.Log(strings.Join(w.drawn, ", "))
			w.save(t, dir)
			packets := w.run(t, bin, dir, "simulation")
			if err := os.Rename(filepath.Join(dir, "runs"), filepath.Join(dir, "packets")); err != nil {
				t.Fatal(err)
			}
			w.files["network.xml"] = strings.ReplaceAll(w.files["network.xml"], "<flow ", `<flow granularity="flow" `)
			w.save(t, dir)
			fluids := w.run(t, bin, dir, "simulation")
			c := report.Compare(packets, fluids, report.DefaultTolerance())
			w.users.mayShare(&c.Flows, packets)
			differ(t.Errorf, &report.Comparison{Tables: c.Tables, Pings: c.Pings, Flows: c.Flows})
			differ(t.Logf, &report.Comparison{Links: c.Links}) // a fluid has neither headers nor acknowledgements
		})
	}
}

func lab(t *testing.T) {
	if _, err := (emulate.Backend{}).Capabilities(t.Context(), backend.Spec{Deployment: &deployment.Deployment{}}); err != nil {
		labtest.Lacks(t, err)
	}
}

// build makes the programs as a user has them: the apps beside sendim.
func build(t *testing.T) string {
	bin := t.TempDir()
	for out, pkg := range map[string]string{"sendim": "sendim/cmd/sendim", "sendim-app-learning-switch": "sendim/plugins/learning-switch/plugin",
		"sendim-app-shortest-path": "sendim/plugins/shortest-path/plugin", "sendim-app-load-balancer": "sendim/plugins/load-balancer/plugin",
		"sendim-app-throttle": "sendim/plugins/throttle/plugin"} {
		if text, err := exec.Command("go", "build", "-o", filepath.Join(bin, out), pkg).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, text)
		}
	}
	return bin
}

func seeds(t *testing.T, always []uint64) []uint64 {
	text := os.Getenv("SENDIM_WORLDS")
	if text == "" {
		return always
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		first, last = "1", text
	}
	a, err := strconv.ParseUint(first, 10, 64)
	b, err2 := strconv.ParseUint(last, 10, 64)
	if err := errors.Join(err, err2); err != nil {
		t.Fatalf("SENDIM_WORLDS: %v", err)
	}
	var out []uint64
	for ; a <= b; a++ {
		out = append(out, a)
	}
	return out
}

func (w *world) save(t *testing.T, dir string) {
	for name, text := range w.files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// addresses asks the product which addresses it counted.
func (w *world) addresses(dir string) (map[string]netip.Prefix, error) {
	d, _, err := descriptors.LoadDeployment(filepath.Join(dir, "simulation.xml"))
	if err != nil {
		return nil, err
	}
	sys, _, err := descriptors.LoadSystems(descriptors.Options{}, filepath.Join(dir, "simulation.xml"), d)
	if err != nil {
		return nil, err
	}
	names, err := naming.New(sys.Model)
	if err != nil {
		return nil, err
	}
	out := map[string]netip.Prefix{}
	for i := range sys.Model.NodeCount() {
		ip, bits := names.IP(model.NodeID(i))
		out[sys.Model.NodeName(model.NodeID(i))] = netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), int(bits))
	}
	for _, h := range w.hosts {
		if h.addr.IsValid() && out[h.name] != h.addr {
			return nil, fmt.Errorf("%s has the address %s, not its own %s", h.name, out[h.name], h.addr)
		}
	}
	return out, nil
}

// emulator is who emulates: every other world each, or who is named.
func (w *world) emulator() string {
	if named := os.Getenv("SENDIM_EMULATOR"); named != "" {
		return named
	}
	return []string{"mininet", "native"}[w.seed%2]
}

// try runs one world twice and asks everything of the results.
func try(t *testing.T, bin string, w *world) {
	dir := w.room(t, "")
	w.save(t, dir)
	if _, err := w.addresses(dir); err != nil {
		t.Fatalf("%v\n%s", err, w.files["network.xml"])
	}
	t.Logf("%d hosts, %d links, %s", len(w.hosts), len(w.links), strings.Join(w.drawn, ", "))
	sim := w.run(t, bin, dir, "simulation")
	emu := w.run(t, bin, dir, "emulation")
	// The flows are short and a machine that tests is not quiet: the product's own
	// tolerance is for long-lived flows.
	lenient := report.DefaultTolerance()
	lenient.Rate, lenient.Loss = 2*lenient.Rate, 3*lenient.Loss
	c := report.Compare(sim, emu, lenient)
	differ(t.Errorf, &report.Comparison{Tables: c.Tables, Pings: c.Pings})
	w.users.mayShare(&c.Flows, sim)
	if c.Believed && !w.chancy {
		differ(t.Errorf, &report.Comparison{Flows: c.Flows})
	} else {
		t.Logf("rates are not judged: %s", c.Verdict)
		differ(t.Logf, &report.Comparison{Flows: c.Flows})
	}
	differ(t.Logf, &report.Comparison{Links: c.Links})
}

// differ names what differs.
func differ(complain func(string, ...any), c *report.Comparison) {
	for _, s := range []report.Section{c.Tables, c.Pings, c.Flows, c.Links} {
		for _, r := range s.Rows {
			if r.Verdict == report.Different {
				complain("%s: %s and %s: %s", r.Name, r.A, r.B, r.Why)
			}
		}
	}
}

// room is where a world is run.
func (w *world) room(t *testing.T, kind string) string {
	keep := os.Getenv("SENDIM_WORLDS_KEEP")
	if keep == "" {
		return t.TempDir()
	}
	dir := filepath.Join(keep, kind+strconv.FormatUint(w.seed, 10))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *world) run(t *testing.T, bin, dir, kind string) *report.Results {
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	began := time.Now()
	argv := []string{"run", "--name", kind, kind + ".xml"}
	if kind == "emulation" {
		argv = append(argv, "--on", w.emulator())
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "sendim"), argv...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%s: %v\n%s", kind, err, out.String())
	}
	r, err := report.Read(os.DirFS(filepath.Join(dir, "runs", kind)))
	if err != nil {
		t.Fatalf("%s: %v\n%s", kind, err, out.String())
	}
	if r.Manifest.State != report.Finished {
		t.Fatalf("%s is %s: %s\n%s", kind, r.Manifest.State, r.Manifest.Error, out.String())
	}
	t.Logf("%s took %.1f s", kind, time.Since(began).Seconds())
	if want := len(w.hosts) * (len(w.hosts) - 1); len(r.Pings) != want {
		t.Errorf("%s asked %d pairs, not %d", kind, len(r.Pings), want)
	}
	for _, p := range r.Pings {
		if want, sure := w.reaches(p.From, p.To); sure && want != (p.Received > 0) {
			t.Errorf("%s: %s -> %s: %d of %d echoes answered, want an answer: %t", kind, p.From, p.To, p.Received, p.Sent, want)
		}
	}
	return r
}

package shortestpath_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/sim"
)

// ring is two ways from s1 to s4, the controller a second away. A link of the way in use
// fails at 5 s, and the app hears of it at 6 s. After 7 s it has routed anew: were s1 still
// to follow its group, what it sends would go by s2 again from 8.6 s on, and end there.
const ring = `<system name="ring">
  <defaults><link rate="100Mbps" delay="1ms"/></defaults>
  <node id="s1" type="switch"><link to="s2"/><link to="s3"/></node>
  <node id="s2" type="switch"><link to="s4"/></node>
  <node id="s3" type="switch"><link to="s4"/></node>
  <node id="s4" type="switch"/>
  <node id="h1" type="host"><link to="s1"/></node>
  <node id="h2" type="host"><link to="s4"/></node>
  <flow id="first" from="h1" to="h2" start="0s" size="1kB" transport="udp" rate="1Mbps"/>
  <flow id="f" from="h1" to="h2" start="4s" duration="5400ms" rate="10Mbps" transport="udp"/>
  <scenario>
    <at time="5s"><down link="s1--s2"/></at>
    <at time="8500ms"><down link="s2--s4"/></at>
    <at time="8600ms"><up link="s1--s2"/></at>
  </scenario>
</system>`

func TestALinkThatFailsCostsWhatWasOnItWhileTheControllerIsFar(t *testing.T) {
	for protect, most := range map[string]int64{
		"link": 2,          // 1 ms of a packet every 1.2 ms
		"none": 900 + 1000, // until 7 s: it hears of the failure after a second, and is heard after another
	} {
		t.Run(protect, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"network.xml": ring,
				"d.xml": `<deployment name="d" realization="simulation"><system href="network.xml"/><control delay="1s"/>
					<application plugin="shortest-path"><param name="mode" value="proactive"/><param name="ecmp" value="none"/>
					<param name="protect" value="` + protect + `"/></application></deployment>`} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			j, err := job.Load(job.Input{Descriptor: filepath.Join(dir, "d.xml")})
			if err != nil {
				t.Fatal(err)
			}
			res, err := core.Run(t.Context(), core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}},
				Launch: func(context.Context, deployment.Application) (app.Instance, error) {
					return app.Local(shortestpath.New()), nil
				}}, core.Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range res.Flows {
				lost := f.Sent - f.Received
				if f.ID == "f" && (f.Sent < 4000 || lost > most || protect == "none" && lost < 1000) {
					t.Errorf("%d of %d packets lost", lost, f.Sent)
				}
			}
		})
	}
}

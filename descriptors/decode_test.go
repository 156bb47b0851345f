package descriptors

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func TestTry(t *testing.T) {
	sys, w, err := Decode(fstest.MapFS{"a.xml": {Data: []byte(`<system name="abilene">
  <defaults><link rate="10Gbps" delay="5ms" queue="100p"/></defaults>
  <defaults for="type=host"><node cpu="2" memory="4GiB"/><link rate="1Gbps"/></defaults>
  <generate kind="fat-tree" k="4" prefix="dc-" hosts="2"/>
  <node id="s1" type="switch" dpid="0x1"> <link to="s2" rate="1Gbps" delay="2ms" loss="0.1%"/> <property name="pop" value="Seattle"/></node>
  <node id="s2" type="switch"><link to="s1"/></node><node id="s3" type="switch"/>
  <node id="h1" type="host" ip="10.0.0.1/24" cpu="4" memory="8GiB"> <link to="s1"/></node>
  <node id="h2" type="host"> <link to="s2"/></node>
  <node id="h3" type="host"> <link to="s3"/></node>
  <link id="spare" from="s1:2" to="s3:1" rate="1Gbps" redundant="true"/>
  <link from="s2" to="s3"/>
  <hosts per="type=switch" count="1" prefix="h-"/>
  <class id="gold" min="100Mbps" max="1Gbps" priority="1"/>
  <profile id="premium" class="gold" rate="50Mbps" pool="web"><member node="h1"/></profile>
  <service id="web" ip="10.9.9.9" port="tcp/80"><member node="h-s3" weight="2"/><member node="h-s2"/></service>
  <tenant id="red" vlan="10"><member node="h1"/><quota rate="500Mbps"/></tenant>
  <policy profile="premium" goal="minimize" property="delay" priority="2"/>
  <flow id="f1" from="h1" to="h2" start="1s" size="10MB" granularity="flow" transport="tcp"/>
  <flow id="f2" from="h3" to="web" start="0s" duration="10s" rate="5Mbps" granularity="packet" transport="udp" packet="1000B" class="gold"/>
  <demands start="0s" until="30s"><demand from="h-s1" to="h-s3" rate="80Mbps"/></demands>
  <traffic id="bg" kind="poisson" sizes="websearch" load="0.4" of="access" from="dc-h*" to="dc-h*" start="0s" until="5s" granularity="chunk" chunk="64KB"/>
  <process node="h2" at="1s" command="python3 -m http.server 80"/>
  <scenario><at time="3s"><down link="s1--s2"/><rate link="spare" value="100Mbps"/></at> <at time="5s"><up link="s1--s2"/></at></scenario>
  <test><reachable from="*" to="*"/> <throughput flow="f1" min="80Mbps"/> <loss flow="f2" max="1%"/></test>
</system>
`)}}, Options{}, "a.xml")
	fmt.Println(w, err)
	if sys != nil {
		for l := range sys.Model.Links() {
			fmt.Println(sys.Model.LinkName(l.ID), l.A.Port, l.B.Port, l.Spec, l.Back, sys.Places.LinkPlace(l.ID))
		}
	}
}

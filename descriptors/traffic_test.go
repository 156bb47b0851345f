package descriptors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/workload"
)

func TestTheLanguageKnowsWhatIsDrawn(t *testing.T) {
	if !slices.Equal(TrafficKinds(), workload.Kinds()) {
		t.Errorf("the language has %v, drawn are %v", TrafficKinds(), workload.Kinds())
	}
	if !slices.Equal(knownSizes(), workload.SizeNames()) {
		t.Errorf("the language has %v, drawn are %v", knownSizes(), workload.SizeNames())
	}
}

// decoded reads a.xml of some files beside a small network.
func decoded(t *testing.T, o Options, body string, files map[string]string) (*System, *fault.List, error) {
	t.Helper()
	fsys := fstest.MapFS{"a.xml": {Data: []byte(`<system><generate kind="linear" k="4"/>` + body + `</system>`)}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Decode(fsys, o, "a.xml")
}

func TestMatricesOverTimeFollowEachOther(t *testing.T) {
	const three = "time,from,to,rate\n0s,h1,h2,1Mbps\n10s,h1,h2,2Mbps\n25s,h1,h2,3Mbps\n"
	for _, c := range []struct{ name, attrs, want, warning string }{
		{"the last lasts as long as the one before", ``, "0ps-10s 10s-25s 25s-40s", ""},
		{"or as long as is said", `every="5s"`, "0ps-10s 10s-25s 25s-30s", ""},
		{"moved", `start="1s" every="5s"`, "1s-11s 11s-26s 26s-31s", ""},
		{"cut", `until="30s"`, "0ps-10s 10s-25s 25s-30s", ""},
		{"cut earlier", `until="12s"`, "0ps-10s 10s-12s", "1 of 3 matrices begin after the end and are left out"},
		{"faster", `time="1/5"`, "0ps-2s 2s-5s 5s-8s", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys, warnings, err := decoded(t, Options{}, `<demands href="m.csv" `+c.attrs+`/>`, map[string]string{"m.csv": three})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range sys.Model.Demands {
				got = append(got, fmt.Sprintf("%s-%s", m.Start, m.Until))
			}
			said := ""
			if warnings.Total > 0 {
				said = warnings.Faults[0].What
			}
			if strings.Join(got, " ") != c.want || said != c.warning {
				t.Errorf("got %v, %q", got, said)
			}
		})
	}
}

func TestListsAreHashedAndBounded(t *testing.T) {
	files := map[string]string{"f.csv": "2\n0 1 3 100 5 0\n1 2 3 100 5 0\nthe rest is not read\n" + strings.Repeat("# more\n", 20)}
	sys, _, err := decoded(t, Options{Hash: true}, `<flows href="f.csv"/>`, files)
	if err != nil {
		t.Fatal(err)
	}
	if s := sys.Sources[1]; s.File != "f.csv" || s.Bytes != int64(len(files["f.csv"])) || len(s.SHA256) != 64 {
		t.Errorf("%+v", s)
	}
	if at := sys.Places.ObjectPlace("flow", 1).String(); at != "f.csv:3" {
		t.Errorf("the second flow is said to stand at %s", at)
	}
	_, _, err = decoded(t, Options{MaxBytes: 90}, `<flows href="f.csv"/>`, files)
	if !fault.Is(err, fault.Limit) {
		t.Errorf("got %v", err)
	}
	_, _, err = decoded(t, Options{MaxFiles: 1}, `<flows href="f.csv"/>`, files)
	if !fault.Is(err, fault.Limit) {
		t.Errorf("got %v", err)
	}
}

// TestPlacesAreFoundAroundLists: a list between includes must not confuse the second
// look at the files.
func TestPlacesAreFoundAroundLists(t *testing.T) {
	fsys := fstest.MapFS{
		"a.xml":  {Data: []byte("<system>\n<flows href=\"f.csv\"/>\n<include href=\"b.xml\"/>\n<flows href=\"f.csv\" prefix=\"x\"/><include href=\"c.xml\"/>\n<node id=\"h9\" type=\"host\"/></system>")},
		"b.xml":  {Data: []byte("<system>\n\n<node id=\"s1\" type=\"switch\"/><flows href=\"f.csv\" prefix=\"y\"/></system>")},
		"c.xml":  {Data: []byte("<system>\n<node id=\"h1\" type=\"host\"><link to=\"s1\"/></node>\n<node id=\"h2\" type=\"host\"><link to=\"s1\"/></node></system>")},
		"f.csv":  {Data: []byte("from,to,bytes\nh1,h2,5\n")},
		"d.xml":  {Data: []byte("<system><node id=\"h7\" type=\"host\"/></system>")},
		"unused": {},
	}
	sys, _, err := Decode(fsys, Options{}, "a.xml", "d.xml")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"s1": "b.xml:3:1", "h1": "c.xml:2:1", "h2": "c.xml:3:1", "h9": "a.xml:5:1", "h7": "d.xml:1:9"} {
		id, _ := sys.Model.NodeByName(name)
		if got := sys.Places.NodePlace(id).String(); got != want {
			t.Errorf("%s is said to stand at %s, not %s", name, got, want)
		}
	}
	if len(sys.Model.Flows) != 3 {
		t.Errorf("%d flows", len(sys.Model.Flows))
	}
}

func TestLongListsAreValidatedWithTheirNetwork(t *testing.T) {
	var b strings.Builder
	b.WriteString("src,dst,start_s,size_bytes\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,%d,0.%06d,1000\n", i%4, (i+1)%4, i)
	}
	sys, _, err := decoded(t, Options{}, `<flows href="f.csv"/>`, map[string]string{"f.csv": b.String()})
	if err != nil {
		t.Fatal(err)
	}
	if n := sys.Model; len(n.Flows) != 200_000 || n.Flows[7].From == n.Flows[7].To || n.NodeKindOf(n.Flows[7].From) != model.Host {
		t.Errorf("%d flows, %+v", len(n.Flows), n.Flows[7])
	}
}

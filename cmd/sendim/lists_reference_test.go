package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Lists of flows whose completion times others have computed come out the same through
// everything a user has: descriptor, list, an app's tables, results. Median relative error
// below 1e-6, every flow below 1e-5.
func TestListsOfFlowsFinishWhenReferencesSay(t *testing.T) {
	root := os.Getenv("SENDIM_REFERENCE")
	if root == "" {
		t.Skip("SENDIM_REFERENCE does not name a folder of reference files")
	}
	router, err := filepath.Abs("../../examples/fat-tree/by_port.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{8, 16} {
		t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
			given := rows(t, filepath.Join(root, "performance", "flows", fmt.Sprintf("k%d-10k.csv.gz", k)))
			dir := t.TempDir()
			list := "id,from,to,start_s,size_bytes,src_port,dst_port,transport,granularity\n"
			start := map[string]float64{}
			for i, r := range given[1:] {
				list += fmt.Sprintf("%s,%s,%s,%s,%s,%d,9,tcp,flow\n", r[0], r[1], r[2], r[3], r[4], i%65536)
				start[r[0]] = number(t, r[3])
			}
			for name, text := range map[string]string{
				"list.csv":    list,
				"network.xml": fmt.Sprintf(`<system name="tree" static-arp="true"><generate kind="fat-tree" k="%d" rate="1Gbps" delay="0s"/><flows href="list.csv"/></system>`, k),
				"run.xml": fmt.Sprintf(`<deployment name="tree" realization="simulation"><system href="network.xml"/>
					<application name="router" plugin="%s"/><control delay="1ps"/></deployment>`, router),
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("sendim", "run", "run.xml")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			want := map[string]float64{}
			for _, r := range rows(t, filepath.Join(root, "performance", "flows", fmt.Sprintf("fct-k%d-10k.csv.gz", k)))[1:] {
				want[r[0]] = number(t, r[1])
			}
			got := rows(t, filepath.Join(dir, "runs", "latest", "flows.csv"))
			finish := slices.Index(got[0], "finish_s")
			var wrong []float64
			for _, r := range got[1:] {
				id := r[0]
				wrong = append(wrong, math.Abs(number(t, r[finish])-want[id])/(want[id]-start[id]))
			}
			if len(wrong) != len(want) {
				t.Fatalf("%d flows, want %d", len(wrong), len(want))
			}
			slices.Sort(wrong)
			if median, worst := wrong[len(wrong)/2], wrong[len(wrong)-1]; median >= 1e-6 || worst >= 1e-5 {
				t.Errorf("relative errors: median %.3g, largest %.3g", median, worst)
			} else {
				t.Logf("relative errors: median %.3g, largest %.3g", median, worst)
			}
		})
	}
}

// rows reads a table, packed or not.
func rows(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	if filepath.Ext(file) == ".gz" {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

package examples

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core"
	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/descriptors"
	"sendim/integrators/labtest"
	"sendim/plugins/apprpc"
	learningswitch "sendim/plugins/learning-switch"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/plugins/throttle"
	"sendim/sim"
)

// launch uses the apps that are linked in, whatever the descriptors say about binaries;
// those in Python run as they are.
func launch(ctx context.Context, a deployment.Application) (app.Instance, error) {
	if filepath.Ext(a.Plugin) == ".py" {
		return apprpc.Launch(ctx, apprpc.Options{Path: a.Plugin, Stderr: os.Stderr})
	}
	switch strings.TrimPrefix(a.Plugin, "builtin:") {
	case "shortest-path":
		return app.Local(shortestpath.New()), nil
	case "load-balancer":
		return app.Local(loadbalancer.New()), nil
	case "learning-switch":
		return app.Local(learningswitch.New()), nil
	case "throttle":
		return app.Local(throttle.New()), nil
	}
	return nil, errors.New("no such app: " + a.Plugin)
}

// each calls f for every descriptor of a kind.
func each(t *testing.T, kind descriptors.Kind, f func(t *testing.T, file string)) {
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xml" {
			return err
		}
		k, err := descriptors.Detect(os.DirFS("."), filepath.ToSlash(path))
		if err != nil {
			return err
		}
		if k == kind {
			found++
			t.Run(path, func(t *testing.T) {
				if dir := filepath.Dir(path); kind == descriptors.KindDeployment && (dir == "python" || dir == "fat-tree" || dir == "sendim-paper/allocation") {
					labtest.NeedsPython(t)
				}
				f(t, path)
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Fatalf("there is no %s", kind)
	}
}

func TestEverySystemDescriptorIsValid(t *testing.T) {
	each(t, descriptors.KindSystem, func(t *testing.T, file string) {
		_, warnings, err := descriptors.Load(descriptors.Options{}, file)
		if err != nil {
			t.Error(err)
		}
		for _, w := range warnings.Faults {
			if filepath.Ext(w.Place.File) == ".xml" { // a log may hold what is no traffic
				t.Error(w)
			}
		}
	})
}

func TestEveryDeploymentIsValid(t *testing.T) {
	each(t, descriptors.KindDeployment, func(t *testing.T, file string) {
		j, err := job.Load(job.Input{Descriptor: file})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.Check(t.Context(), j, nil, launch); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryExampleRunsInTheSimulation(t *testing.T) {
	each(t, descriptors.KindDeployment, func(t *testing.T, file string) {
		j, err := job.Load(job.Input{Descriptor: file, On: "simulation"})
		if err != nil {
			t.Fatal(err)
		}
		res, err := core.Run(t.Context(), core.RunSpec{Job: j, Backends: []backend.Backend{sim.Backend{}}, Launch: launch}, core.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range res.Tests {
			if !v.Passed {
				t.Errorf("%s: %s, expected %s", v.Name, v.Measured, v.Expected)
			}
		}
		for _, f := range res.Flows {
			if !f.Finished() {
				t.Errorf("flow %s has not finished", f.ID)
			}
		}
		if len(res.Tests) == 0 || len(res.Flows) == 0 {
			t.Error("the example shows neither traffic nor tests")
		}
	})
}

func TestTheTwoWorldsOfAnExampleDifferInNothingElse(t *testing.T) {
	for _, dir := range []string{"abilene", "fast-failover", "first", "load-balancer", "python", "throttle"} {
		a, err := os.ReadFile(filepath.Join(dir, "simulation.xml"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, "mininet.xml"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Replace(string(a), `realization="simulation"`, `realization="emulation"`, 1); got != string(b) {
			t.Errorf("%s: more than the realization differs", dir)
		}
	}
}

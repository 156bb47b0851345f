package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sendim/core"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/record"
	"sendim/core/report"
)

// repeat runs a job several times, with rising seeds where chance comes from a seed, and
// writes the means and confidence intervals as a run of its own.
func (c *cli) repeat(ctx context.Context, o runOptions, in job.Input, spec core.RunSpec) error {
	name := o.name
	if name == "" {
		name = time.Now().Format("20060102-150405") + "-" + strings.ToLower(spec.Job.Title())
	}
	seed := spec.Job.Deployment.Seed()
	var all []*report.Results
	s := &session{cli: c, o: o}
	for i := range o.repeat {
		next := seed + uint64(i)
		in.Seed = &next
		j, err := job.Load(in)
		if err != nil {
			return err
		}
		spec.Job, spec.Name = j, fmt.Sprintf("%s-r%d", name, i+1)
		one := &session{cli: c, o: o}
		res, err := one.carryOut(ctx, spec)
		if err != nil || res.Manifest.State == report.Interrupted {
			return one.outcome(res, err)
		}
		s.failed += one.failed
		fmt.Fprintf(c.errs, "run %d of %d: %s\n", i+1, o.repeat, res.Manifest.ID)
		all = append(all, res.Results)
	}
	sum := report.Summarise(all)
	rec, err := record.New(c.runs, name, spec.Job.Title(), time.Now())
	if err != nil {
		return err
	}
	sum.Manifest.ID = rec.ID
	if err := rec.CloseTrace(); err != nil {
		return err
	}
	if err := rec.Finish(sum); err != nil {
		return err
	}
	return s.outcome(&core.Result{Results: sum, Dir: rec.Dir}, nil)
}

// hash is the checksum of an app's binary, "" for one that is linked in.
func (c *cli) hash(a deployment.Application) string {
	if strings.HasPrefix(a.Plugin, "builtin:") {
		return ""
	}
	path, err := c.wiring.Find(a.Plugin)
	if err != nil {
		return ""
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

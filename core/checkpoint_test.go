package core

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
)

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// resultFiles are those that do not say which run they are of.
var resultFiles = []string{"flows.csv", "links.csv", "series.csv", "tables.json", "fct.csv"} //nolint:gochecknoglobals // a list

func TestARunGoesOnFromACheckpointAsIfNothingHadHappened(t *testing.T) {
	whole, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), t.TempDir()), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []model.Time{0, 500 * model.Millisecond, model.Second, 1500 * model.Millisecond, 2500 * model.Millisecond} {
		var b bytes.Buffer
		s := spec(load(t, pair, "x", "refuse"), t.TempDir())
		s.Stops = []Stop{{At: at, Do: func(w *World) error { return w.Checkpoint(&b) }}}
		cut, err := Run(t.Context(), s, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		want := file(t, filepath.Join(whole.Dir, "trace.jsonl"))
		if got := file(t, filepath.Join(cut.Dir, "trace.jsonl")); got != want {
			t.Errorf("a checkpoint at %s shows in the diary", at)
		}
		cp, err := ReadCheckpoint(&b)
		if err != nil {
			t.Fatal(err)
		}
		if cp.At != at || cp.Network != "pair" || cp.Nodes != 3 {
			t.Errorf("%+v", cp.About)
		}
		s = spec(cp.Job, t.TempDir())
		s.From = cp
		rest, err := Run(t.Context(), s, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(want, "\n")
		if got := file(t, filepath.Join(rest.Dir, "trace.jsonl")); got != strings.Join(lines[cp.Entries:], "") {
			t.Errorf("from %s on the diary differs", at)
		}
		for _, name := range resultFiles {
			if _, err := os.Stat(filepath.Join(whole.Dir, name)); err != nil {
				continue
			}
			if file(t, filepath.Join(whole.Dir, name)) != file(t, filepath.Join(rest.Dir, name)) {
				t.Errorf("from %s on %s differs", at, name)
			}
		}
		if rest.Manifest.Digest != whole.Manifest.Digest || rest.Passed() != whole.Passed() || len(rest.Tests) != len(whole.Tests) {
			t.Errorf("from %s on: digest %s, %d of %d tests", at, rest.Manifest.Digest, rest.Passed(), len(rest.Tests))
		}
	}
}

// interactive plays at a run as a prompt does and gives its diary.
func interactive(t *testing.T, play func(context.Context, *World) error) string {
	t.Helper()
	res, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), t.TempDir()), Hooks{Interact: func(ctx context.Context, l *Live) error {
		return l.Do(ctx, func(w *World) error { return play(ctx, w) })
	}})
	if err != nil {
		t.Fatal(err)
	}
	return file(t, filepath.Join(res.Dir, "trace.jsonl"))
}

func TestWhatIsSoughtIsWhatWouldHaveBeen(t *testing.T) {
	want := interactive(t, func(ctx context.Context, w *World) error { return w.To(ctx, 2500*model.Millisecond) })
	got := interactive(t, func(ctx context.Context, w *World) error {
		if err := w.Mark(); err != nil {
			return err
		}
		for _, at := range []model.Time{2 * model.Second, 300 * model.Millisecond, 1200 * model.Millisecond, 3500 * model.Millisecond, 0, 2500 * model.Millisecond} {
			if _, err := w.Seek(ctx, at); err != nil {
				return err
			}
			if now := w.Session.Now(); now != at {
				t.Errorf("sought %s and came to %s", at, now)
			}
			if err := w.Mark(); err != nil {
				return err
			}
		}
		return nil
	})
	if got != want {
		t.Errorf("the diary of a run that went back and forth differs:\n%s\n\n%s", got, want)
	}
	got = interactive(t, func(ctx context.Context, w *World) error {
		if found, err := w.Until(ctx, trace.PacketIn); err != nil || !found {
			t.Errorf("no packet came to the controller: %v", err)
		}
		if n, err := w.Step(ctx, 100); err != nil || n != 100 {
			t.Errorf("%d steps: %v", n, err)
		}
		return w.To(ctx, 2500*model.Millisecond)
	})
	if got != want {
		t.Error("the diary of a run that was stepped through differs")
	}
}

func TestARunAtWorkStandsStillWhenAskedTo(t *testing.T) {
	stood := make(chan error, 1)
	_, err := Run(t.Context(), spec(load(t, pair, "x", "refuse"), ""), Hooks{Live: func(l *Live) {
		go func() {
			ctx := context.Background()
			var at [2]model.Time
			err := l.Do(ctx, func(w *World) error { at[0] = w.Session.Now(); return w.Hold(ctx, true) })
			if err == nil {
				err = l.Do(ctx, func(w *World) error { at[1] = w.Session.Now(); return w.Hold(ctx, false) })
			}
			if err == nil && at[0] != at[1] {
				t.Errorf("time went on from %s to %s", at[0], at[1])
			}
			stood <- err
		}()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-stood; err != nil && err != ErrOver {
		t.Error(err)
	}
}

func TestAWorldWithoutCheckpointsSaysSoByName(t *testing.T) {
	opened := false
	s := spec(load(t, pair, "x", "refuse"), "", narrow{without: []backend.Capability{backend.Checkpoints}, opened: &opened})
	s.Stops = []Stop{{At: model.Second, Do: func(*World) error { return nil }}}
	if _, err := Run(t.Context(), s, Hooks{}); err == nil || opened || !strings.Contains(err.Error(), "this world has no checkpoints (checkpoint)") {
		t.Errorf("opened: %v; %v", opened, err)
	}
	err := NoCheckpoints(backend.Capabilities{Missing: map[backend.Capability]string{backend.Checkpoints: "no world is as small as a file"}})
	if !strings.Contains(err.Error(), "(checkpoint): no world is as small as a file") {
		t.Error(err)
	}
}

func TestWhatIsNoCheckpointIsRefused(t *testing.T) {
	for name, in := range map[string]string{"an empty file": "", "another file": "<system/>", "only the beginning of one": envelopeMagic} {
		if _, err := ReadCheckpoint(strings.NewReader(in)); err == nil {
			t.Errorf("%s is taken for a checkpoint", name)
		}
	}
}

func FuzzCheckpointsThatAreDamagedAreRefused(f *testing.F) {
	var b bytes.Buffer
	e, err := newEnvelope(&b)
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range []string{`{"format":1}`, "the conductor's", "the session's"} {
		if err := e.part(func(w io.Writer) error { _, err := io.WriteString(w, part); return err }); err != nil {
			f.Fatal(err)
		}
	}
	if err := e.close(); err != nil {
		f.Fatal(err)
	}
	good := b.Bytes()
	if parts, err := openEnvelope(bytes.NewReader(good), 3); err != nil || string(parts[2]) != "the session's" {
		f.Fatal(parts, err)
	}
	f.Add(good, uint16(30), byte(1))
	f.Fuzz(func(t *testing.T, in []byte, at uint16, x byte) {
		if _, err := ReadCheckpoint(bytes.NewReader(in)); err == nil {
			t.Error("bytes that nobody wrote are taken for a checkpoint")
		}
		damaged := bytes.Clone(good)
		damaged[int(at)%len(damaged)] ^= x
		if _, err := openEnvelope(bytes.NewReader(damaged), 3); (err == nil) != (x == 0) {
			t.Errorf("byte %d changed by %d: %v", at, x, err)
		}
	})
}

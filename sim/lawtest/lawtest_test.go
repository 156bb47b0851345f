package lawtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/core/model"
)

// broken plays a world in several manners and gives the first law that it breaks.
func broken(w world) (law string, err error) {
	lots := rand.New(rand.NewPCG(1, uint64(len(w.system))))
	looks := []model.Time{}
	for at := model.Time(0); at < 6*model.Second; at += 97 * model.Millisecond {
		looks = append(looks, at)
	}
	looks = append(looks, last-2*model.Second) // is anything still under way at the end?
	first, err := w.play(manner{captures: true, looks: looks})
	if err != nil {
		return lawOf(err, "every world can be played"), err
	}
	for _, l := range laws() {
		if err := l.check(first); err != nil {
			return l.name, err
		}
	}
	second, err := w.play(manner{looks: looks})
	if err != nil {
		return lawOf(err, "every world can be played again"), err
	}
	if first.text != second.text || first.digest != second.digest {
		return "the same world gives the same bytes, captured or not", fmt.Errorf("%s and %s: %s", first.digest, second.digest, difference(first.text, second.text))
	}
	var stops []model.Time
	for range 5 {
		stops = append(stops, model.Time(lots.Int64N(int64(5*model.Second))))
	}
	stopped, err := w.play(manner{stops: stops})
	if err != nil {
		return lawOf(err, "every world can be played with stops"), err
	}
	if first.digest != stopped.digest || first.sorted() != stopped.sorted() {
		return "stops change nothing", fmt.Errorf("%s and %s: %s", first.digest, stopped.digest, difference(first.sorted(), stopped.sorted()))
	}
	cancelled, err := w.play(manner{looks: looks, cancels: lots})
	if err != nil {
		return lawOf(err, "every world can be interrupted"), err
	}
	if first.digest != cancelled.digest || first.sorted() != cancelled.sorted() {
		return "interruptions change nothing", fmt.Errorf("%s and %s: %s", first.digest, cancelled.digest, difference(first.sorted(), cancelled.sorted()))
	}
	var thaws []model.Time
	for range 3 {
		thaws = append(thaws, model.Time(lots.Int64N(int64(5*model.Second))))
	}
	slices.Sort(thaws)
	thawed, err := w.play(manner{looks: looks, thaws: thaws})
	if err != nil {
		return lawOf(err, "every world goes on from a checkpoint"), err
	}
	if first.digest != thawed.digest || first.text != thawed.text {
		return "checkpoints change nothing", fmt.Errorf("%s and %s: %s", first.digest, thawed.digest, difference(first.text, thawed.text))
	}
	early, err := w.play(manner{captures: true, closeAt: 1 + model.Time(lots.Int64N(int64(3*model.Second)))})
	if err != nil {
		return lawOf(err, "every world can be closed at any time"), err
	}
	for _, l := range laws() {
		if err := l.check(early); err != nil {
			return "closed early: " + l.name, err
		}
	}
	alone, err := w.play(manner{workers: 1, looks: looks[:3]})
	if err != nil {
		return lawOf(err, "every world can be played unwatched"), err
	}
	if first.digest != alone.digest {
		return "watching changes nothing", fmt.Errorf("%s and %s", first.digest, alone.digest)
	}
	thawed, err = w.play(manner{workers: 2, looks: looks[:3], thaws: thaws, hands: lots})
	if err != nil {
		return lawOf(err, "every world goes on from a checkpoint with other workers"), err
	}
	if alone.digest != thawed.digest || alone.text != thawed.text {
		return "workers that take a checkpoint up change nothing", fmt.Errorf("%s and %s: %s", alone.digest, thawed.digest, difference(alone.text, thawed.text))
	}
	for workers := 2; workers <= 3; workers++ {
		many, err := w.play(manner{workers: workers, looks: looks[:3]})
		if err != nil {
			return lawOf(err, "every world can be played by many workers"), err
		}
		if alone.digest != many.digest || alone.text != many.text {
			return "the number of workers changes nothing", fmt.Errorf("%d workers: %s and %s: %s", workers, alone.digest, many.digest, difference(alone.text, many.text))
		}
		if err := sameLooks(alone, many); err != nil {
			return "the number of workers changes nothing to be seen", fmt.Errorf("%d workers: %w", workers, err)
		}
	}
	return "", nil
}

func sameLooks(a, b *play) error {
	for i := range a.looks {
		if x, y := fmt.Sprint(a.looks[i]), fmt.Sprint(b.looks[i]); x != y {
			return fmt.Errorf("at %s: %s", a.looks[i].at, difference(strings.ReplaceAll(x, "} ", "}\n"), strings.ReplaceAll(y, "} ", "}\n")))
		}
	}
	return nil
}

func lawOf(err error, otherwise string) string {
	if errors.Is(err, errStorm) {
		return ""
	}
	if errors.Is(err, errInvalid) {
		return "a drawn world is valid"
	}
	return otherwise
}

func difference(x, y string) string {
	a, b := strings.Split(x, "\n"), strings.Split(y, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n and " + b[i]
		}
	}
	return fmt.Sprintf("%d and %d lines", len(a), len(b))
}

// TestLawsHold plays drawn worlds.
func TestLawsHold(t *testing.T) {
	first, last := uint64(1), uint64(48)
	if text := os.Getenv("SENDIM_LAWS"); text != "" {
		from, to, ranged := strings.Cut(text, "-")
		if !ranged {
			from, to = "1", text
		}
		var err, err2 error
		first, err = strconv.ParseUint(from, 10, 64)
		last, err2 = strconv.ParseUint(to, 10, 64)
		if err := errors.Join(err, err2); err != nil {
			t.Fatalf("SENDIM_LAWS: %v", err)
		}
	}
	before := runtime.NumGoroutine()
	found := map[string]int{}
	for number := first; number <= last; number++ {
		w := draw(number)
		start := time.Now()
		law, err := broken(w)
		if d := time.Since(start); d > time.Second {
			t.Logf("world %d took %v", number, d)
		}
		if law == "" {
			continue
		}
		if found[law]++; found[law] > 2 || errors.Is(err, errInvalid) {
			t.Errorf("world %d: %s: %s", number, law, short(err))
			continue
		}
		w = smallest(w, func(x world) bool { l, _ := broken(x); return l == law }, 400)
		_, err = broken(w)
		t.Errorf("world %d: %s: %v\n%s", number, law, err, w)
		if dir := os.Getenv("SENDIM_LAWS_KEEP"); dir != "" {
			keep(t, filepath.Join(dir, fmt.Sprint(number)), w)
		}
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond) // one that has just ended may still be counted
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func keep(t *testing.T, dir string, w world) {
	system, deploy := w.texts()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"system.xml": system, "deployment.xml": deploy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeptWorldsKeepTheLaws plays the worlds that once broke a law.
func TestKeptWorldsKeepTheLaws(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "*", "system.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var w world
			for name, lines := range map[string]*[]string{"system.xml": &w.system, "deployment.xml": &w.deployment} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				*lines = strings.Split(strings.TrimSpace(string(text)), "\n")
			}
			if law, err := broken(w); law != "" {
				t.Errorf("%s: %v", law, err)
			}
		})
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// degrees and sizes of what is converted: random networks of switches.
func (l *lab) converted() (nodes, degrees []int) {
	if l.quick {
		return []int{10, 100, 1000, 10_000}, []int{2, 10}
	}
	return []int{10, 100, 1000, 10_000, 100_000}, []int{2, 10, 100}
}

// conversion turns descriptors into Mininet scripts, by number of nodes and by the mean
// number of links at a node, once.
func (l *lab) conversion(ctx context.Context, repetition int) error {
	nodes, degrees := l.converted()
	for _, degree := range degrees {
		for _, size := range nodes {
			if size <= degree { // a node has at most a link to every other
				continue
			}
			if !l.due("conversion", "conversion", size, degree, repetition, linear) {
				continue
			}
			l.say("conversion, %d nodes, %d links a node (%d of %d)", size, degree, repetition, l.repetitions)
			if err := l.convert(ctx, size, degree, repetition); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *lab) convert(ctx context.Context, size, degree, repetition int) error {
	descriptor, script := fmt.Sprintf("random-%d-%d.xml", size, degree), "script.py"
	if _, err := os.Stat(filepath.Join(l.work, descriptor)); err != nil {
		if _, err := l.sendimIn(ctx, "", "generate", "random", "--n", fmt.Sprint(size), "--degree", fmt.Sprint(degree),
			"--hosts", "0", "--connected=true", "-o", descriptor); err != nil {
			return err
		}
	}
	out, err := l.run(ctx, l.work, l.sendim, "convert", "mininet", descriptor, "-o", script)
	if err != nil {
		return err
	}
	if out.exit != 0 {
		l.leave("conversion", "conversion", size, degree, repetition, failure(out))
		return nil
	}
	at := row{experiment: "conversion", world: "conversion", size: size, degree: degree, repetition: repetition}
	note := func(metric string, value float64, unit string) {
		r := at
		r.metric, r.value, r.unit = metric, value, unit
		l.add(r)
	}
	note("convert_s", out.wall, "s")
	note("peak_mib", out.peak, "MiB")
	l.processor(at, out)
	l.done("conversion", size, degree, out.wall)
	if repetition > 1 {
		return os.Remove(filepath.Join(l.work, script))
	}
	// The files are the same every time.
	for _, f := range []struct{ name, file string }{{"descriptor", descriptor}, {"script", script}} {
		lines, bytes, err := count(filepath.Join(l.work, f.file))
		if err != nil {
			return err
		}
		note(f.name+"_lines", float64(lines), "lines")
		note(f.name+"_bytes", float64(bytes), "B")
	}
	if l.compile {
		out, err := l.run(ctx, l.work, "/usr/bin/python3", "-m", "py_compile", script)
		if err != nil {
			return err
		}
		if out.exit != 0 {
			return fmt.Errorf("the script of %d nodes with %d links each does not compile: %s", size, degree, out.stderr)
		}
		note("py_compile_s", out.wall, "s")
	}
	return os.Remove(filepath.Join(l.work, script))
}

// count gives the lines of a file that are not blank, and its bytes, without holding it.
func count(file string) (lines, size int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		if len(bytes.TrimSpace(in.Bytes())) > 0 {
			lines++
		}
	}
	if err := in.Err(); err != nil {
		return 0, 0, fmt.Errorf("count the lines of %s: %w", file, err)
	}
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return lines, int(info.Size()), nil
}

// lines counts what has to be written for a chain: a descriptor that names its shape, one
// that lists nodes and links, and the Mininet script that either becomes.
func (l *lab) lines(ctx context.Context) error {
	sizes := []int{10, 100, 1000, 10_000}
	for _, size := range sizes {
		listed, err := l.chain(ctx, size)
		if err != nil {
			return err
		}
		shape, script := "shape.xml", "script.py"
		text := fmt.Sprintf("<system name=\"chain\">\n  <generate kind=\"linear\" k=\"%d\"/>\n</system>\n", size/2)
		if err := os.WriteFile(filepath.Join(l.work, shape), []byte(text), 0o644); err != nil {
			return err
		}
		if _, err := l.sendimIn(ctx, "", "convert", "mininet", shape, "-o", script); err != nil {
			return err
		}
		for _, f := range []struct{ world, file string }{{"descriptor, shape", shape}, {"descriptor, listed", listed}, {"script", script}} {
			n, _, err := count(filepath.Join(l.work, f.file))
			if err != nil {
				return err
			}
			l.add(row{experiment: "lines", world: f.world, size: size, repetition: 1, metric: "lines", value: float64(n), unit: "lines"})
		}
	}
	return nil
}

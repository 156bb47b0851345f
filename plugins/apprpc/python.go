package apprpc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"sendim/plugins/python"
)

// isPython says whether a file's first line hands it to Python, as #!/usr/bin/python3
// and #!/usr/bin/env python3 do.
//
// Such an app is talked to in the clear, over a socket in a directory that only this
// user can enter (see local): certificates would keep nobody out whom that directory
// lets in, Python's library has no means to make them, and older releases of grpcio know
// only one curve, which is not that of go-plugin's. All other apps have certificates.
func isPython(file string) bool {
	for i, word := range hashBang(file) {
		name := path.Base(word)
		if strings.HasPrefix(name, "python") || strings.HasPrefix(name, "pypy") {
			return true
		}
		if i == 0 && name != "env" {
			return false
		}
	}
	return false
}

// hashBang gives the words of a script's first line, the program first; none for other
// files. A carriage return stays: to the kernel it is part of the name.
func hashBang(file string) []string {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	words, script := strings.CutPrefix(line, "#!")
	if !script {
		return nil
	}
	return strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
}

// unstartable says why the kernel does not start a file, if its first line tells.
func unstartable(file string, err error) (reason string, known bool) {
	words := hashBang(file)
	switch {
	case errors.Is(err, syscall.ENOEXEC) && filepath.Ext(file) == ".py":
		return "its first line must be #!/usr/bin/python3", true
	case errors.Is(err, syscall.ENOENT) && len(words) > 0 && strings.HasSuffix(words[len(words)-1], "\r"):
		return "its lines end as on Windows, which the first one must not", true
	case errors.Is(err, syscall.ENOENT) && len(words) > 0:
		return fmt.Sprintf("its first line names %s, which is not there", text(words[0])), true
	}
	return "", false
}

// layPython writes the package sendim into a directory of the app's own and gives the
// environment in which the app finds it there. A package beside the app, or on the
// user's own PYTHONPATH, comes first. Hashes of text are the same in every run, so that
// an app that forgets to sort a set still repeats itself; and what it prints before it
// imports the package waits in a buffer until the package has sent it to the log.
func layPython(dir string) ([]string, error) {
	home := filepath.Join(dir, "python")
	if err := os.CopyFS(home, python.Files); err != nil {
		return nil, fmt.Errorf("laying out the package for Python: %w", err)
	}
	if given := os.Getenv("PYTHONPATH"); given != "" {
		home = given + string(filepath.ListSeparator) + home
	}
	return []string{"PYTHONPATH=" + home, "PYTHONHASHSEED=0", "PYTHONUNBUFFERED="}, nil
}

// local lets only sockets in the app's own directory pass as the address of an app that
// is talked to in the clear.
func local(network, address, dir string) error {
	if network != "unix" || filepath.Dir(address) != dir {
		return fmt.Errorf("listens at %s %s and not in its own directory", network, address)
	}
	return nil
}

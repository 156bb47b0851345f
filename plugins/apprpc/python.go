package apprpc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sendim/plugins/python"
)

// isPython says whether a file's first line hands it to Python, as #!/usr/bin/python3
// and #!/usr/bin/env python3 do.
//
// Such an app is talked to in the clear, over a socket in a directory that only this
// user can enter (see local): certificates would keep nobody out whom that directory
// lets in, Python's library has no means to make them, and the curve that go-plugin's
// are of is unknown to the grpcio that PyPI has. All other apps have certificates.
func isPython(file string) bool {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return false
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	words, script := strings.CutPrefix(line, "#!")
	if err != nil || !script {
		return false
	}
	for i, word := range strings.Fields(words) {
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

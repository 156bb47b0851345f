package live

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"sendim/cmd/sendim/internal/prompt"
)

// Socket is the name of the control socket in a run's directory.
const Socket = "control.sock"

// The operations of a Request.
const (
	Line  = "line"  // carry out Line as the prompt would
	Words = "words" // what a line may begin with
	State = "state" // where the run stands
	Stop  = "stop"  // end the run, gracefully
)

// Request asks a living run for something.
type Request struct {
	Op   string `json:"op"`
	Line string `json:"line,omitempty"`
}

// Reply is a part of an answer; the last one has Done set.
type Reply struct {
	Out   string         `json:"out,omitempty"` // text to show
	Words []string       `json:"words,omitempty"`
	State *prompt.Status `json:"state,omitempty"`
	Done  bool           `json:"done,omitempty"`
	Error string         `json:"error,omitempty"`
	Code  int            `json:"code,omitempty"`  // of a program on a host that failed
	Leave bool           `json:"leave,omitempty"` // the line asked to leave the prompt
}

// short gives a path of the socket that fits into a socket address (108 bytes) however
// deep the directory lies: it goes through an open descriptor of the directory, which
// must stay open while the path is used.
func short(dir string) (path string, release func(), err error) {
	path = filepath.Join(dir, Socket)
	if len(path) < 100 || runtime.GOOS != "linux" {
		return path, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), Socket), func() { f.Close() }, nil
}

func dial(dir string) (net.Conn, error) {
	path, release, err := short(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	return net.Dial("unix", path)
}

package live

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"sendim/cmd/sendim/internal/prompt"
	"sendim/cmd/sendim/internal/tty"
)

// Socket is the name of the control socket in a run's directory.
const Socket = "control.sock"

// The operations of a Request.
const (
	Line     = "line"     // carry out Line as the prompt would
	Complete = "complete" // what the last word of Line may be
	State    = "state"    // where the run stands
	Stop     = "stop"     // end the run, gracefully

	// While a line is under way:
	Input     = "input"     // Data is for the program that reads; Taken answers it
	End       = "end"       // there is no more input
	Resize    = "resize"    // the terminal is of another Size
	Interrupt = "interrupt" // end the line
)

// Request asks a living run for something, or is about a line under way.
type Request struct {
	Op   string `json:"op"`
	Line string `json:"line,omitempty"`

	Dir      string    `json:"dir,omitempty"`      // where names of files in Line count from
	Reads    bool      `json:"reads,omitempty"`    // a program may have input
	Terminal string    `json:"terminal,omitempty"` // of the one who reads, as in TERM; with a Size it is one
	Size     *tty.Size `json:"size,omitempty"`

	Data []byte `json:"data,omitempty"` // at most mostData bytes
}

// mostData bounds the bytes of input in one request.
const mostData = 32 << 10

// Reply is a part of an answer; the last one has Done set.
type Reply struct {
	Out    string         `json:"out,omitempty"`    // text to show
	Err    string         `json:"err,omitempty"`    // text to show as errors are
	Raw    []byte         `json:"raw,omitempty"`    // what is no text, in the place of Out or, with Second, of Err
	Second bool           `json:"second,omitempty"` // see Raw
	Begin  bool           `json:"begin,omitempty"`  // a program begins that may read: Input may come
	Taken  bool           `json:"taken,omitempty"`  // the Input was given on; the next may come
	Left   []byte         `json:"left,omitempty"`   // what was taken and the program did not read
	Words  []string       `json:"words,omitempty"`
	State  *prompt.Status `json:"state,omitempty"`
	Done   bool           `json:"done,omitempty"`
	Error  string         `json:"error,omitempty"`
	Code   int            `json:"code,omitempty"`  // of a program on a host that failed; below 0: a signal ended it
	Leave  bool           `json:"leave,omitempty"` // the line asked to leave the prompt
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

package netns

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
)

// What is said on the control socket. Each message is four bytes of length
// (big endian), with which open files travel, then that much JSON.
const (
	opSetup     = "setup"
	opExec      = "exec"
	opExit      = "exit" // from the helper, unasked: a process has ended
	opListen    = "listen"
	opSignal    = "signal"
	opProbe     = "probe"
	opHosts     = "hosts"
	opLinks     = "links"
	opShape     = "shape"
	opSetLinks  = "set-links"
	opDevices   = "devices"
	opIntroduce = "introduce"
	opEnlarge   = "enlarge"
	opStill     = "still"
	opStop      = "stop"
	opFreeze    = "freeze"
	opThaw      = "thaw"

	opRemoveLinks = "remove-links"
	opRemoveHosts = "remove-hosts"
	opReaddress   = "readdress"
	opIntroduceTo = "introduce-to"
	opForget      = "forget"
	opListHosts   = "list-hosts"

	opReply = "reply"
)

// maxBody bounds one message; an argument list is at most 2 MiB on Linux.
const maxBody = 8 << 20

// maxFiles is the most open files that travel with one message.
const maxFiles = 3

// message is any request, reply or report.
type message struct {
	Op string `json:"op"`
	// ID numbers requests; a reply repeats it, and a process is known by the
	// number of the request that started it.
	ID uint64 `json:"id,omitempty"`

	Label  string `json:"label,omitempty"`
	RunDir string `json:"rundir,omitempty"`

	Argv []string `json:"argv,omitempty"`
	Dir  string   `json:"dir,omitempty"`
	Env  []string `json:"env,omitempty"`

	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"`

	// Host is where a program starts, or whose counters are asked for; "" is the sandbox.
	Host     string    `json:"host,omitempty"`
	Names    []string  `json:"names,omitempty"`
	Links    []Link    `json:"links,omitempty"`
	Ends     []End     `json:"ends,omitempty"`
	Up       bool      `json:"up,omitempty"`
	Shapings []Shaping `json:"shapings,omitempty"`
	Text     []byte    `json:"text,omitempty"`

	Others    []End        `json:"others,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`

	Process uint64 `json:"process,omitempty"`
	Signal  int    `json:"signal,omitempty"`
	GraceMS int64  `json:"grace_ms,omitempty"`

	PID      int       `json:"pid,omitempty"`
	Bytes    int       `json:"bytes,omitempty"`
	Count    int       `json:"count,omitempty"`
	Status   uint32    `json:"status,omitempty"`
	Features *Features `json:"features,omitempty"`
	Error    string    `json:"error,omitempty"`
	Errno    int       `json:"errno,omitempty"`
}

func (m *message) fail(err error) {
	m.Error = err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		m.Errno = int(errno)
	}
}

func (m *message) err() error {
	if m.Error == "" {
		return nil
	}
	return &remoteError{text: m.Error, errno: syscall.Errno(m.Errno)}
}

// wire is one end of the control socket. Sending is safe for concurrent use,
// receiving is for one goroutine.
type wire struct {
	conn *net.UnixConn
	mu   sync.Mutex
}

// newWire takes over the file.
func newWire(f *os.File) (*wire, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errors.New("the control file is not a unix socket")
	}
	return &wire{conn: u}, nil
}

func (w *wire) send(m message, files ...*os.File) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return fmt.Errorf("a message of %d bytes: %w", len(body), syscall.E2BIG)
	}
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(body)))
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			// Not File.Fd, which would make the description blocking for
			// everybody who shares it.
			raw, err := f.SyscallConn()
			if err != nil {
				return err
			}
			if err := raw.Control(func(fd uintptr) { fds[i] = int(fd) }); err != nil {
				return err
			}
		}
		rights = syscall.UnixRights(fds...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n, _, err := w.conn.WriteMsgUnix(head[:], rights, nil)
	if err == nil && n < len(head) {
		_, err = w.conn.Write(head[n:])
	}
	if err == nil {
		_, err = w.conn.Write(body)
	}
	return err
}

// receive returns the next message and the files that came with it, which are
// the caller's to close. io.EOF is the orderly end.
func (w *wire) receive() (message, []*os.File, error) {
	var head [4]byte
	var files []*os.File
	oob := make([]byte, syscall.CmsgSpace(maxFiles*4))
	for n := 0; n < len(head); {
		k, oobn, _, _, err := w.conn.ReadMsgUnix(head[n:], oob)
		if err == nil && k == 0 || errors.Is(err, io.EOF) {
			err = io.EOF
		}
		if err != nil {
			closeAll(files)
			return message{}, nil, err
		}
		n += k
		files = append(files, received(oob[:oobn])...)
	}
	m, err := readBody(head, w.conn)
	if err != nil {
		closeAll(files)
		return message{}, nil, err
	}
	return m, files, nil
}

func received(oob []byte) []*os.File {
	var files []*os.File
	controls, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, c := range controls {
		fds, err := syscall.ParseUnixRights(&c)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files
}

// readBody reads and decodes what follows a header.
func readBody(head [4]byte, r io.Reader) (message, error) {
	n := binary.BigEndian.Uint32(head[:])
	if n > maxBody {
		return message{}, fmt.Errorf("a message of %d bytes is longer than %d", n, maxBody)
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(body) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return message{}, fmt.Errorf("decoding a message: %w", err)
	}
	return m, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

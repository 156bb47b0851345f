package tty

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Size of a terminal, in characters.
type Size struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
}

// Open makes a pair: what is written to one is read from the other. slave is the terminal
// of a program, master the place where its user sits.
func Open() (master, slave *os.File, err error) {
	// Not blocking, so that reading can be given up.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		// Blocking, as programs expect of theirs; os.OpenFile would change that.
		if fd, err = unix.Open("/dev/pts/"+strconv.Itoa(number), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0); err == nil {
			slave = os.NewFile(uintptr(fd), "/dev/pts/"+strconv.Itoa(number))
		}
	}
	if err != nil {
		_ = master.Close()
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	return master, slave, nil
}

// SetSize says how large a terminal is; the program on it hears SIGWINCH.
func SetSize(f *os.File, s Size) error {
	return control(f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(s.Rows), Col: uint16(s.Cols)})
	})
}

// GetSize says how large a terminal is; 24 rows of 80 where it does not know.
func GetSize(f *os.File) Size {
	s := Size{24, 80}
	_ = control(f, func(fd int) error {
		w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		if err == nil && w.Col > 0 && w.Row > 0 {
			s = Size{int(w.Row), int(w.Col)}
		}
		return err
	})
	return s
}

// Raw has a terminal hand over every key as it is pressed, ^C and all, and, where it is all
// for a program, write what it is given as it is. restore puts it back.
func Raw(f *os.File, all bool) (restore func(), err error) {
	var before *unix.Termios
	err = control(f, func(fd int) (err error) {
		if before, err = unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
			return err
		}
		raw := *before // cfmakeraw(3)
		raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
		if all {
			raw.Oflag &^= unix.OPOST
		}
		raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
		raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
		return unix.IoctlSetTermios(fd, unix.TCSETS, &raw)
	})
	if err != nil {
		return nil, fmt.Errorf("take the terminal: %w", err)
	}
	return func() {
		_ = control(f, func(fd int) error { return unix.IoctlSetTermios(fd, unix.TCSETS, before) })
	}, nil
}

// Unread takes what was typed and nobody read out of a terminal.
func Unread(slave *os.File) []byte {
	var out []byte
	_ = control(slave, func(fd int) error {
		mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		mode.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
		mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 0, 0 // a Read does not wait
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
			return err
		}
		buf := make([]byte, 4096)
		for {
			n, err := unix.Read(fd, buf)
			if n <= 0 {
				return err
			}
			out = append(out, buf[:n]...)
		}
	})
	return out
}

// Foreground says whether this process may use a terminal now: one in the background would
// be stopped.
func Foreground(f *os.File) bool {
	group := 0
	err := control(f, func(fd int) (err error) {
		group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	})
	return err == nil && group == unix.Getpgrp()
}

// Block has reads of a file wait for what is to come, as programs expect of theirs.
func Block(f *os.File) error {
	return control(f, func(fd int) error { return unix.SetNonblock(fd, false) })
}

// control calls with a file's descriptor, leaving its mode as it is.
func control(f *os.File, what func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) { inner = what(int(fd)) }); err != nil {
		return err
	}
	return inner
}

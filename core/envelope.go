package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"sendim/core/freeze"
)

// envelopeMagic begins every checkpoint.
const envelopeMagic = "SENDIM checkpoint 1\n"

// envelope writes parts whose lengths are not known before: each is a row of pieces with
// their lengths and ends with an empty one; a checksum (SHA-256) over all comes last.
type envelope struct {
	to  io.Writer
	sum hash.Hash
	err error
}

func newEnvelope(to io.Writer) (*envelope, error) {
	e := &envelope{to: to, sum: sha256.New()}
	e.write([]byte(envelopeMagic))
	return e, e.err
}

func (e *envelope) write(b []byte) {
	if e.err == nil {
		e.sum.Write(b)
		_, e.err = e.to.Write(b)
	}
}

// Write is for the content of a part.
func (e *envelope) Write(b []byte) (int, error) {
	if len(b) > 0 {
		e.write(binary.AppendUvarint(nil, uint64(len(b))))
		e.write(b)
	}
	return len(b), e.err
}

func (e *envelope) part(content func(io.Writer) error) error {
	if e.err != nil {
		return nil // it has been told
	}
	if err := content(e); err != nil {
		e.err = err
		return err
	}
	e.write([]byte{0})
	return e.err
}

func (e *envelope) close() error {
	if e.err != nil {
		return nil
	}
	_, e.err = e.to.Write(e.sum.Sum(nil))
	return e.err
}

// openEnvelope reads so many parts. It takes no more memory than the file has bytes, and
// looks at nothing before the checksum is right.
func openEnvelope(from io.Reader, parts int) ([][]byte, error) {
	magic := make([]byte, len(envelopeMagic))
	if _, err := io.ReadFull(from, magic); err != nil || string(magic) != envelopeMagic {
		return nil, errors.New("this is no checkpoint: it does not begin as one")
	}
	all, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	cut := len(all) - sha256.Size
	if cut < 0 {
		return nil, &freeze.DamageError{What: "it ends early"}
	}
	sum := sha256.New()
	sum.Write(magic)
	sum.Write(all[:cut])
	if !bytes.Equal(sum.Sum(nil), all[cut:]) {
		return nil, &freeze.DamageError{What: "its checksum is wrong; it was cut short or changed"}
	}
	out := make([][]byte, parts)
	rest := all[:cut]
	for i := range out {
		for {
			n, k := binary.Uvarint(rest)
			if k <= 0 || n > uint64(len(rest)-k) {
				return nil, &freeze.DamageError{What: "its parts do not fit"}
			}
			piece := rest[k : k+int(n)]
			rest = rest[k+int(n):]
			if n == 0 {
				break
			}
			if out[i] == nil {
				out[i] = piece[:len(piece):len(piece)]
			} else {
				out[i] = append(out[i], piece...)
			}
		}
	}
	if len(rest) > 0 {
		return nil, &freeze.DamageError{What: "something follows its last part"}
	}
	return out, nil
}

package descriptors

import (
	"bytes"
	"strings"
)

// archive is a text file of files ("-- NAME --" before each), the form Go's own tests
// call txtar.
type archive struct {
	comment string
	files   []archived
}

type archived struct {
	name string
	data []byte
}

func parseArchive(data []byte) *archive {
	a := &archive{}
	for line := range bytes.Lines(data) {
		s := strings.TrimRight(string(line), "\n")
		if strings.HasPrefix(s, "-- ") && strings.HasSuffix(s, " --") && len(s) > 6 {
			a.files = append(a.files, archived{name: s[3 : len(s)-3]})
		} else if k := len(a.files); k > 0 {
			a.files[k-1].data = append(a.files[k-1].data, line...)
		} else {
			a.comment += string(line)
		}
	}
	return a
}

func (a *archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(a.comment)
	for _, f := range a.files {
		b.WriteString("-- " + f.name + " --\n")
		b.Write(f.data)
	}
	return b.Bytes()
}

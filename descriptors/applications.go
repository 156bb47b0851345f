package descriptors

import (
	"os"

	"sendim/descriptors/xmlscan"
)

// ApplicationPlace looks once more into a deployment descriptor and finds where an
// application, by its name, or one of its parameters stands: line and column, 0 when it
// is not there (an option of the command line may have brought it). What a manifest says
// about parameters is known only after the descriptor was read, and faults are rare.
func ApplicationPlace(file, application, param string) (line, column int) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0
	}
	sc := xmlscan.NewBytes(text, xmlscan.Limits{})
	inside := false
	for {
		switch kind, err := sc.Next(); {
		case err != nil || kind == xmlscan.EOF:
			return line, column
		case kind == xmlscan.EndElement && string(sc.Name()) == "application" && inside:
			return line, column
		case kind != xmlscan.StartElement:
		case string(sc.Name()) == "application":
			name, ok := sc.Value("name")
			if !ok {
				name, _ = sc.Value("plugin")
			}
			if inside = string(name) == application; inside {
				p := sc.Pos()
				line, column = int(p.Line), int(p.Column)
			}
		case inside && param != "" && string(sc.Name()) == "param":
			if name, _ := sc.Value("name"); string(name) == param {
				p := sc.Pos()
				return int(p.Line), int(p.Column)
			}
		}
	}
}

// Command sendim runs one network and its applications in a simulator and in Mininet,
// and compares what came out. backends.go lists the worlds there are, apps.go the
// applications that are linked in; everything else is in internal/.
package main

import (
	"os"

	"sendim/cmd/sendim/internal/cli"
	"sendim/cmd/sendim/internal/doctor"
)

func main() {
	os.Exit(cli.Main(cli.Wiring{
		Backends:  backends,
		Builtins:  builtins(),
		Find:      findApp,
		Start:     startApp,
		Importers: importers(),
		Hidden:    hidden(),
		Doctor:    doctor.Examine,
	}, os.Args))
}

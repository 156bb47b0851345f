// Command sendim runs one network and its applications in a simulator and in Mininet,
// and compares what came out. backends.go lists the worlds there are, apps.go the
// applications that are linked in; everything else is in internal/.
package main

import (
	"os"

	"sendim/cmd/sendim/internal/cli"
	"sendim/cmd/sendim/internal/doctor"
	"sendim/plugins/python"
)

func main() {
	os.Exit(cli.Main(wiring(), os.Args))
}

func wiring() cli.Wiring {
	return cli.Wiring{
		Backends:  backends,
		Builtins:  builtins(),
		Find:      findApp,
		Found:     foundApps,
		Python:    python.Files,
		Start:     startApp,
		Importers: importers(),
		Hidden:    hidden(),
		Doctor:    doctor.Examine,
		Measure:   doctor.Measure,
	}
}

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"sendim/cmd/sendim/internal/gc"
	"sendim/cmd/sendim/internal/live"
	"sendim/core/record"
)

func (c *cli) gcCommand() *cobra.Command {
	var dry, unfinished bool
	cmd := &cobra.Command{
		Use: "gc", Short: "Remove what dead runs left on this machine", Args: cobra.NoArgs,
		Long: `Remove what runs that were killed have left: their processes (and with them their
namespaces, interfaces and mounts), the sockets of their apps and of their Open vSwitch,
their control sockets and half-written files. What is ours is known by its label; living
runs, and what bears no label, are not touched. Processes and apps are looked for on the
whole machine, files in the folder of runs (--runs).

The directories of runs that never came to their end are listed and stay, unless
--unfinished says that they are to go as well; then their names are free again. Processes of other users take root to be seen.`,
	}
	f := format(cmd)
	cmd.Flags().BoolVar(&unfinished, "unfinished", false, "remove the directories of runs that never came to their end, too")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "list what would be removed, and remove nothing")
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := checkFormat(*f); err != nil {
			return err
		}
		alive := func(r record.Found) bool {
			return record.Written(r.Dir) || live.Alive(r.Dir) || processAlive(r.Manifest.PID)
		}
		list, err := gc.Find(c.runs, alive)
		if err != nil {
			return err
		}
		if unfinished {
			gc.Unfinished(list, alive)
		}
		var failed error
		if !dry {
			failed = gc.Remove(list)
		}
		if len(list) == 0 && *f == "table" {
			fmt.Fprintln(c.errs, "dead runs have left nothing")
			return nil
		}
		cells := make([][]string, len(list))
		for i, t := range list {
			cells[i] = []string{t.Done, t.Kind, t.Name, t.Run, t.Why}
		}
		if list == nil {
			list = []gc.Thing{} // in JSON an empty list, not null
		}
		if err := rows(c.out, *f, []string{"done", "kind", "name", "run", "why"}, cells, list); err != nil {
			return err
		}
		if failed != nil {
			return silent(Failed) // the list tells
		}
		return nil
	}
	return cmd
}

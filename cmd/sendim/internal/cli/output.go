package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

// format adds -f to a read command.
func format(cmd *cobra.Command) *string {
	f := cmd.Flags().StringP("format", "f", "table", "table, json or csv")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	return f
}

// rows writes a table in the format asked for; v is what stands in its place as JSON.
func rows(w io.Writer, format string, columns []string, list [][]string, v any) error {
	switch format {
	case "table":
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, strings.ToUpper(strings.Join(columns, "\t")))
		for _, row := range list {
			fmt.Fprintln(t, strings.Join(row, "\t"))
		}
		return t.Flush()
	case "csv":
		out := csv.NewWriter(w)
		out.Write(columns) //nolint:errcheck // Error tells
		out.WriteAll(list) //nolint:errcheck // Error tells
		return out.Error()
	case "json":
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		return enc.Encode(v)
	}
	return fail(WrongInput, "there is no format %q; there are table, json, csv", format)
}

// checkFormat refuses an unknown format before any work is done.
func checkFormat(format string) error {
	switch format {
	case "table", "json", "csv":
		return nil
	}
	return fail(WrongInput, "there is no format %q; there are table, json, csv", format)
}

func terminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// bars shows how far long work is, on a terminal only. It is safe for concurrent use.
type bars struct {
	mu    sync.Mutex
	w     io.Writer
	total int
	stage string
	bar   *progressbar.ProgressBar
}

func newBars(w io.Writer) *bars {
	if !terminal(w) {
		return nil
	}
	return &bars{w: w}
}

// worth is the least total that deserves a bar.
const worth = 20

func (b *bars) show(stage string, done, total int) {
	if b == nil || total < worth && total > 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if total == 0 {
		total = -1
	}
	if stage != b.stage || b.bar == nil || total != b.total {
		b.drop()
		b.stage, b.total = stage, total
		b.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(stage),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100_000_000), progressbar.OptionEnableColorCodes(false))
	}
	b.bar.Set(done) //nolint:errcheck // a bar that cannot be drawn is no loss
}

func (b *bars) clear() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop()
}

func (b *bars) drop() {
	if b.bar != nil {
		b.bar.Clear() //nolint:errcheck // as above
		b.bar = nil
	}
}

// Package record is the folder of runs: it makes the directory of a run, writes its
// files so that a reader never sees half of one, points "latest" to it, and lists and
// finds runs again.
//
// Two runs that start at once never share a directory. Under sudo everything belongs to
// whoever called it. A directory holds manifest.json from the start (state "running")
// and the other files of report.Results after the end, beside trace.jsonl.
package record

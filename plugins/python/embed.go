// Package python is SENDIM's package for apps written in Python, as files: whoever starts
// or scaffolds such an app lays them beside it. The folder sendim is the package itself;
// README.md tells authors how to use it.
package python

import "embed"

// Files holds the folder sendim.
//
//go:embed sendim/*.py
var Files embed.FS

// Command plugin is shortest-path as an app binary.
package main

import (
	"sendim/plugins/apprpc"
	shortestpath "sendim/plugins/shortest-path"
)

func main() { apprpc.Serve(shortestpath.New()) }

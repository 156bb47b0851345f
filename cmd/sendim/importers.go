package main

import (
	"sendim/cmd/sendim/internal/cli"
	"sendim/converters/brite"
	"sendim/converters/caida"
	"sendim/converters/cloudsim"
	"sendim/converters/containerlab"
	"sendim/converters/hpcc"
	"sendim/converters/htsim"
	"sendim/converters/miniedit"
	"sendim/converters/netbench"
	"sendim/converters/repetita"
	"sendim/converters/rocketfuel"
	"sendim/converters/sndlib"
	"sendim/converters/topohub"
	"sendim/converters/topologyzoo"
)

// importers lists the foreign formats that "sendim import" reads, in the order in which
// a file is tried when its format is not named: formats that many files would pass come
// last.
func importers() []cli.Importer {
	return []cli.Importer{
		{Name: "topology-zoo", Aliases: []string{"graphml", "gml"}, Doc: "GraphML and GML: the Internet Topology Zoo, networkx, yEd, Gephi", Is: topologyzoo.Is, Read: topologyzoo.Read},
		{Name: "sndlib", Doc: "SNDlib's networks, XML and native, with matrices of demands over time", Is: sndlib.Is, Read: sndlib.Read},
		{Name: "topohub", Doc: "topohub's JSON (networkx node-link)", Is: topohub.Is, Read: topohub.Read},
		{Name: "repetita", Doc: "REPETITA's graphs with demands", Is: repetita.Is, Read: repetita.Read},
		{Name: "containerlab", Aliases: []string{"clab"}, Doc: "containerlab's labs", Is: containerlab.Is, Read: containerlab.Read},
		{Name: "miniedit", Doc: "networks drawn in Mininet's MiniEdit", Is: miniedit.Is, Read: miniedit.Read},
		{Name: "brite", Doc: "topologies of the generator BRITE", Is: brite.Is, Read: brite.Read},
		{Name: "rocketfuel", Doc: "ISP maps (*.cch), and weights and latencies (*.intra) of one ISP together", Is: rocketfuel.Is, Read: rocketfuel.Read},
		{Name: "netbench", Doc: "topologies of the simulator netbench", Is: netbench.Is, Read: netbench.Read},
		{Name: "htsim", Doc: "fat-tree parameters of the simulator htsim", Is: htsim.Is, Read: htsim.Read},
		{Name: "hpcc", Doc: "topologies of HPCC's simulator and its descendants", Is: hpcc.Is, Read: hpcc.Read},
		{Name: "cloudsim", Doc: "physical topologies of CloudSimSDN", Is: cloudsim.Is, Read: cloudsim.Read},
		{Name: "caida", Aliases: []string{"edge-list"}, Doc: "AS relationships, AS links, SNAP and other lists of edges, Inet", Is: caida.Is, Read: caida.Read},
	}
}

// Package rocketfuel reads the ISP maps of Rocketfuel (Spring, Mahajan, Wetherall,
// "Measuring ISP Topologies with Rocketfuel", SIGCOMM 2002) and the weights and latencies
// inferred for them (Mahajan, Spring, Wetherall, Anderson, "Inferring Link Weights using
// End-to-End Measurements", IMW 2002). It serves the importer.
//
// A *.weights.intra and a *.latencies.intra of one ISP belong together; either can be read
// alone. Their rows are directions: two that mirror each other are one link. In a map
// (*.cch) every node lists its neighbours; two that list each other share one link.
package rocketfuel

// Package dot draws a network for Graphviz. Write is a pure function of the network; it
// serves everyone who wants a picture:
//
//	sendim convert dot abilene.xml | dot -Tsvg > abilene.svg
//
// Switches are boxes, hosts ellipses, external nodes dashed; a link says its rate, delay
// and loss (there/back where they differ), parallel links are lines of their own, links
// that stand by are dashed. Every node is named by its id, which may be any text. Where
// all switches have a longitude and latitude, the picture is a map.
//
// More than 400 links are laid out by sfdp, without labels at the lines (they are
// tooltips of an SVG), and hosts with a single link are counts at their switch.
package dot

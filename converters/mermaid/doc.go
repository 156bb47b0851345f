// Package mermaid draws a network as a Mermaid flowchart, which many hosts of Markdown
// show as a picture. Write is a pure function of the network.
//
// Switches are boxes, hosts rounded, external nodes hexagons; a link says its rate, delay
// and loss (there/back where they differ), parallel links are lines of their own, links
// that stand by are dotted. Nodes are numbered and named by their labels, in which every
// character that could mean something to Mermaid or HTML is an entity, so that an id may
// be any text.
//
// Mermaid draws at most 500 links and 50 000 characters unless its page allows more. More
// than 400 links lose their labels, and hosts with a single link become counts at their
// switch.
package mermaid

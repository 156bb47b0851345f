// Package caida reads graphs that are lists of rows, as the AS level of the Internet is
// published: CAIDA's AS relationships (serial 1 and 2), CAIDA's AS links, SNAP's edge
// lists, Inet's output, and any list of edges with blanks, tabs, commas or bars between
// its columns. It serves the importer.
//
// Every row is a link. Only where every row has its mirror image, as in files that list
// both directions, two rows are one link; the summary says so. Columns that the format
// does not explain stay as properties.
package caida

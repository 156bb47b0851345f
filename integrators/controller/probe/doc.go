// Package probe writes and reads the LLDP by which links are found. It promises whoever
// looks for links that what is read as signed was written with the same key, names the
// port and the moment it was sent, and comes from nobody who does not know the key: hosts
// see these frames, and may send what they like.
package probe

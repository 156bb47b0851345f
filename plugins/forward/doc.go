// Package forward says where packets go in a network whose apps leave that open: along
// paths of fewest links. It is for apps whose own business is another, so that each of
// them carries packets by itself when no app follows it, and all in the same way.
package forward

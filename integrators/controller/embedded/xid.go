package embedded

// On the wire the top bit of a transaction id says whose it is: the runtime's messages
// have the low 31 bits of its own number, ours have the bit.
const own uint32 = 1 << 31

// short is the id on the wire of a message of the runtime.
func short(xid uint64) uint32 { return uint32(xid) &^ own }

// full gives the runtime's number back: the newest one on the line that has these bits.
// It is 0 where the id is ours or was never used.
func (k *conn) full(xid uint32) uint64 {
	newest := k.newest.Load()
	if xid&own != 0 || newest == 0 {
		return 0
	}
	full := newest&^uint64(own-1) | uint64(xid)
	if full > newest {
		if full < uint64(own) {
			return 0
		}
		full -= uint64(own)
	}
	return full
}

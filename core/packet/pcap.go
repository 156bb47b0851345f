package packet

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Capture files are in the classic format with nanoseconds, big endian, Ethernet
// (draft-ietf-opsawg-pcap sections 4 and 5): what Wireshark and tcpdump read.
const (
	pcapMagic    = 0xa1b2_3c4d
	pcapSnap     = 256 << 10
	pcapEthernet = 1
)

const (
	picosPerNano   = 1_000
	picosPerSecond = 1_000_000_000_000
)

// PcapHeader writes the beginning of a capture file.
func PcapHeader(w io.Writer) error {
	b := make([]byte, 0, 24)
	b = binary.BigEndian.AppendUint32(b, pcapMagic)
	b = append(b, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0) // version 2.4, two reserved words
	b = binary.BigEndian.AppendUint32(b, pcapSnap)
	b = binary.BigEndian.AppendUint32(b, pcapEthernet)
	return pcapWrite(w, b)
}

// PcapRecord writes one frame seen at a time in picoseconds since the start,
// which must not be negative: the format has no times before its epoch. The time
// is cut to whole nanoseconds.
func PcapRecord(w io.Writer, at int64, frame []byte) error {
	return PcapRecordCut(w, at, frame, len(frame))
}

// PcapRecordCut is [PcapRecord] for a frame of which only the first bytes are at
// hand; wire is its full length.
func PcapRecordCut(w io.Writer, at int64, frame []byte, wire int) error {
	if at < 0 || wire < len(frame) || len(frame) > pcapSnap {
		return fmt.Errorf("packet: capture record at %d ps with %d of %d bytes: needs a time from 0 on and at most %d bytes, not above the full length", at, len(frame), wire, pcapSnap)
	}
	b := make([]byte, 0, 16)
	b = binary.BigEndian.AppendUint32(b, uint32(at/picosPerSecond))
	b = binary.BigEndian.AppendUint32(b, uint32(at%picosPerSecond/picosPerNano))
	b = binary.BigEndian.AppendUint32(b, uint32(len(frame)))
	b = binary.BigEndian.AppendUint32(b, uint32(wire))
	if err := pcapWrite(w, b); err != nil {
		return err
	}
	return pcapWrite(w, frame)
}

func pcapWrite(w io.Writer, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("packet: writing a capture: %w", err)
	}
	return nil
}

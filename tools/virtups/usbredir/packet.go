package usbredir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxBody bounds what a peer can make us hold: a control transfer of 64 KiB and its head, with room to spare.
const maxBody = 128 << 10

// Packet is one packet of the protocol.
type Packet struct {
	Type Type
	ID   uint64 // chosen by the guest for a transfer; 0 where nothing is answered
	Body []byte
}

// Codec reads and writes packets on a byte stream. Reading and writing may be done by two goroutines; Widen by neither while they run.
type Codec struct {
	stream io.ReadWriter
	wide   bool
}

// NewCodec returns a codec for a fresh connection, where ids have 32 bits.
func NewCodec(stream io.ReadWriter) *Codec {
	return &Codec{stream: stream}
}

// Widen makes ids 64 bits long, as they are from the second packet on when both peers have Cap64BitIDs.
func (c *Codec) Widen() { c.wide = true }

func (c *Codec) headerSize() int {
	if c.wide {
		return 16
	}
	return 12
}

// Read returns the next packet; io.EOF is the orderly end of a connection.
func (c *Codec) Read() (Packet, error) {
	var header [16]byte
	h := header[:c.headerSize()]
	if _, err := io.ReadFull(c.stream, h); err != nil {
		return Packet{}, err
	}
	p := Packet{Type: Type(binary.LittleEndian.Uint32(h))}
	length := binary.LittleEndian.Uint32(h[4:])
	if c.wide {
		p.ID = binary.LittleEndian.Uint64(h[8:])
	} else {
		p.ID = uint64(binary.LittleEndian.Uint32(h[8:]))
	}
	if length > maxBody {
		return Packet{}, fmt.Errorf("packet type %d claims %d bytes, more than %d", p.Type, length, maxBody)
	}
	p.Body = make([]byte, length)
	if _, err := io.ReadFull(c.stream, p.Body); err != nil {
		return Packet{}, fmt.Errorf("packet type %d of %d bytes: %w", p.Type, length, err)
	}
	return p, nil
}

// Write sends a packet with one write.
func (c *Codec) Write(p Packet) error {
	b := make([]byte, 0, c.headerSize()+len(p.Body))
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Type))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Body)))
	if c.wide {
		b = binary.LittleEndian.AppendUint64(b, p.ID)
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(p.ID))
	}
	_, err := c.stream.Write(append(b, p.Body...))
	return err
}

// Greet exchanges hellos and returns what both peers can do. A peer must send nothing else before it has read the other's hello, because
// the length of the next header hangs on it.
func (c *Codec) Greet(name string, own Capability) (Capability, error) {
	hello := Hello{Capabilities: own}
	copy(hello.Version[:len(hello.Version)-1], name)
	written := make(chan error, 1)
	go func() { written <- c.Write(Packet{Type: TypeHello, Body: Encode(hello, nil)}) }() // both peers may write first
	p, err := c.Read()
	if err = errors.Join(err, <-written); err != nil {
		return 0, err
	}
	if p.Type != TypeHello {
		return 0, fmt.Errorf("packet type %d came before the hello", p.Type)
	}
	if len(p.Body) == len(hello.Version) { // a peer older than capabilities
		p.Body = append(p.Body, 0, 0, 0, 0)
	}
	if _, err := Decode(p, &hello); err != nil {
		return 0, err
	}
	both := own & hello.Capabilities
	if both&Cap64BitIDs != 0 {
		c.Widen()
	}
	return both, nil
}

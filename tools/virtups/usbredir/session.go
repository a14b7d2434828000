package usbredir

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// maxWaiting bounds how many transfers may wait for an answer.
const maxWaiting = 64

// session is one guest's connection. One goroutine reads the packets; all else belongs to the goroutine that called run.
type session struct {
	host  *Host
	conn  net.Conn
	codec *Codec
	port  Port
	caps  Capability

	shown     int  // the plug that the guest was told of, 0 for none
	leaving   bool // a disconnect was sent and its acknowledgement is due
	receiving bool // the guest polls the interrupt endpoint
	config    uint8
	reports   uint64            // id of the next interrupt packet
	waiting   map[uint64]answer // transfers that the device has not answered yet, by id
	trail     trail
	empty     time.Time // until then the guest finds nothing at the port, zero for no such time
}

func newSession(h *Host, conn net.Conn) *session {
	return &session{host: h, conn: conn, codec: NewCodec(conn), waiting: map[uint64]answer{}}
}

func (s *session) run() error {
	caps, err := s.codec.Greet("virtups", HostCapabilities)
	if err != nil {
		return ended(err)
	}
	s.caps = caps

	packets, failed, quit := make(chan Packet), make(chan error, 1), make(chan struct{})
	go func() {
		defer close(packets)
		for {
			p, err := s.codec.Read()
			if err != nil {
				failed <- err
				return
			}
			select {
			case packets <- p:
			case <-quit:
				failed <- nil
				return
			}
		}
	}()
	err = ended(s.loop(packets))
	close(quit)
	s.conn.Close()
	if readErr := <-failed; err == nil {
		err = ended(readErr)
	}
	return err
}

// ended turns the ways in which a guest leaves into nil.
func ended(err error) error {
	for _, usual := range []error{io.EOF, net.ErrClosed, io.ErrClosedPipe, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, usual) {
			return nil
		}
	}
	return err
}

func (s *session) loop(packets <-chan Packet) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := s.catchUp(); err != nil {
			return err
		}
		s.arm(timer)
		select {
		case <-timer.C:
			if err := s.answerLate(time.Now()); err != nil {
				return err
			}
		case p, ok := <-packets:
			if !ok {
				return nil
			}
			if err := s.handle(p); err != nil {
				return err
			}
		case <-s.host.wake:
		}
	}
}

// catchUp brings the guest to what the host has now: another device or none, and the pending reports.
func (s *session) catchUp() error {
	want := s.host.want()
	if s.leaving {
		return nil
	}
	if s.shown != want && s.shown != 0 {
		if s.trails(time.Now()) {
			return s.fail()
		}
		s.shown, s.receiving = 0, false
		s.leaving = s.caps&CapDisconnectAck != 0
		clear(s.waiting)
		if err := s.send(TypeDeviceDisconnect, 0, nil); err != nil || s.leaving {
			return err
		}
	}
	if time.Now().Before(s.empty) {
		return nil
	}
	s.empty = time.Time{}
	if s.shown != want {
		s.shown = want
		if err := s.connect(); err != nil {
			return err
		}
	}
	if s.receiving {
		return s.deliver()
	}
	return nil
}

// deliver sends the pending reports, each cut to packets of the endpoint.
func (s *session) deliver() error {
	for _, r := range s.host.take() {
		for range max(r.Copies, 1) {
			if err := s.interrupt(r); err != nil {
				return err
			}
		}
		if r.Sent != nil {
			r.Sent()
		}
	}
	return nil
}

// interrupt sends one report. One that fails is a packet of no data: to QEMU that is the end of a transfer, with its status.
func (s *session) interrupt(r Report) error {
	rest := r.Data
	if r.Status != Success {
		rest = nil
	}
	for again := len(rest) > 0 || r.Status != Success; again; again = len(rest) > 0 {
		n := min(len(rest), int(s.port.MaxPacket))
		head := Interrupt{Endpoint: s.port.Endpoint, Status: r.Status, Length: uint16(n)}
		if err := s.send(TypeInterrupt, s.reports, Encode(head, rest[:n])); err != nil {
			return err
		}
		s.reports++
		rest = rest[n:]
	}
	return nil
}

func (s *session) send(t Type, id uint64, body []byte) error {
	if err := s.codec.Write(Packet{Type: t, ID: id, Body: body}); err != nil {
		return fmt.Errorf("send packet type %d: %w", t, err)
	}
	return nil
}

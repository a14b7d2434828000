package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// monitor talks to QEMU (QMP, QEMU's docs/interop/qmp-spec). One goroutine reads, any may command.
type monitor struct {
	conn    net.Conn
	answers chan qmpAnswer

	mu       sync.Mutex // one command at a time
	shutdown string     // why the machine stopped, in QEMU's words; read once reading has ended
	ended    chan struct{}
}

type qmpAnswer struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
	Data  struct {
		Reason string `json:"reason"`
	} `json:"data"`
}

// monitorPatience is how long QEMU may take to open its monitor, or to answer.
const monitorPatience = 10 * time.Second

// dialMonitor connects to a QEMU that was just started.
func dialMonitor(ctx context.Context, socket string) (*monitor, error) {
	ctx, cancel := context.WithTimeout(ctx, monitorPatience)
	defer cancel()
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "unix", socket)
		if err == nil {
			m := &monitor{conn: conn, answers: make(chan qmpAnswer), ended: make(chan struct{})}
			go m.read()
			return m, m.command("qmp_capabilities")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("QEMU's monitor: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// read ends with QEMU, which closes the connection.
func (m *monitor) read() {
	defer close(m.ended)
	defer m.conn.Close()
	for d := json.NewDecoder(m.conn); ; {
		var a qmpAnswer
		if err := d.Decode(&a); err != nil {
			return
		}
		switch {
		case a.Event == "SHUTDOWN":
			m.shutdown = a.Data.Reason
		case a.Return != nil || a.Error != nil:
			select {
			case m.answers <- a:
			case <-time.After(monitorPatience):
			}
		}
	}
}

// command gives QEMU a command without arguments.
func (m *monitor) command(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := json.NewEncoder(m.conn).Encode(map[string]string{"execute": name}); err != nil {
		return fmt.Errorf("QEMU's monitor: %s: %w", name, err)
	}
	select {
	case a := <-m.answers:
		if a.Error != nil {
			return fmt.Errorf("QEMU's monitor: %s: %s", name, a.Error.Desc)
		}
		return nil
	case <-m.ended:
		return fmt.Errorf("QEMU's monitor: %s: %w", name, io.ErrUnexpectedEOF)
	case <-time.After(monitorPatience):
		return errors.New("QEMU's monitor: no answer to " + name)
	}
}

// reason waits until QEMU has ended and tells why the machine stopped: "guest-reset", "guest-shutdown", or "" when QEMU died.
func (m *monitor) reason() string {
	<-m.ended
	return m.shutdown
}

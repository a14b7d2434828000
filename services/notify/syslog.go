package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Syslog tells events to a syslog server, as RFC 5424 has it: over UDP (RFC 5426) a message is a packet, over TCP (RFC 6587) its length goes
// before it.
type Syslog struct {
	Network string // "udp" or "tcp"
	Server  string // HOST:PORT
	Host    string // name of this machine
}

var _ Sender = Syslog{}

const daemon = 3 // facility

// Send implements Sender. Each message has a connection of its own: TCP would tell of a lost one with the next message only.
func (s Syslog) Send(ctx context.Context, e Event) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, s.Network, s.Server)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	message := s.format(e)
	if s.Network == "tcp" {
		message = fmt.Sprintf("%d %s", len(message), message)
	}
	if _, err = conn.Write([]byte(message)); err != nil || s.Network != "tcp" {
		return err
	}
	return finish(conn.(*net.TCPConn))
}

// finish waits until the server has closed its end too, since only then all of it has arrived; one that keeps it open has had its time.
func finish(conn *net.TCPConn) error {
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// format is the message (RFC 5424, section 6).
func (s Syslog) format(e Event) string {
	return fmt.Sprintf("<%d>1 %s %s upsmon - %s [meta sequenceId=\"%d\"] %s", daemon*8+severity(e.Type),
		e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), header(s.Host, 255), header(e.Type, 32), (e.Seq-1)%0x7fffffff+1, printable(e.Text))
}

// severities of the types that are worse than a notice.
var severities = map[string]int{
	"FSD": 1, "SHUTDOWN": 1, "OFFORDER": 1, "ATTENTION": 1, // alert
	"LOWBATT": 2, "NOPARENT": 2, // critical
	"ONBATT": 4, "COMMBAD": 4, "NOCOMM": 4, "REPLBATT": 4, "ALARM": 4, "OFF": 4, "BYPASS": 4, "OVER": 4, // warning
}

func severity(kind string) int {
	if s, worse := severities[kind]; worse {
		return s
	}
	return 5
}

// header is a word of the header: printable ASCII without blanks, "-" for nothing.
func header(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// printable leaves control characters out, a line end above all.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

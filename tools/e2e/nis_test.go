package e2e

import (
	"encoding/binary"
	"io"
	"net"
	"regexp"
	"testing"
	"time"
)

// TestAPCUPSDProtocol: who speaks apcupsd's protocol sees an outage of the booted card's UPS.
func TestAPCUPSDProtocol(t *testing.T) {
	m := bootReady(t, setup{})
	m.console(0, `nisd: .*msg=listening`)
	m.awaitRecord(`(?m)^STATUS   : ONLINE $`)
	m.do(m.UPS[0], "mains off")
	m.awaitRecord(`(?m)^STATUS   : ONBATT $`)
	m.awaitRecord(`(?m)^NUMXFERS : 1$`)
	m.do(m.UPS[0], "mains on")
	m.awaitRecord(`(?m)^STATUS   : ONLINE $`)
	t.Log("\n" + m.record3551())
}

// record3551 asks for the STATUS record as apcaccess does: each line, and each question, has its length in two bytes before it (apcupsd's manual, "NIS Network Server
// Protocol"). It is "" where nobody answers.
func (m *machine) record3551() (text string) {
	conn, err := net.DialTimeout("tcp", m.Addr("nis"), patience)
	if err != nil {
		return ""
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	if _, err := conn.Write([]byte("\x00\x06status")); err != nil {
		return ""
	}
	for {
		var length uint16
		if err := binary.Read(conn, binary.BigEndian, &length); err != nil || length == 0 {
			return text
		}
		line := make([]byte, length)
		if _, err := io.ReadFull(conn, line); err != nil {
			return text
		}
		text += string(line)
	}
}

func (m *machine) awaitRecord(want string) {
	m.t.Helper()
	re := regexp.MustCompile(want)
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		record := m.record3551()
		if re.MatchString(record) {
			return
		}
		if time.Since(start) > patience {
			m.t.Fatalf("want %s in\n%s", want, record)
		}
	}
}

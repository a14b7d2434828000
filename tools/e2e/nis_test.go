package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// testAPCUPSDProtocol: who speaks apcupsd's protocol, Debian's apcaccess for one, sees an outage of the booted card's UPS.
func testAPCUPSDProtocol(m *machine) {
	t := m.t
	apcaccess := filepath.Join(debian(t, "apcupsd", []string{"apcupsd"}, "sbin/apcaccess"), "apcaccess")
	m.console(0, `nisd: .*msg=listening`)
	m.awaitRecord(`(?m)^STATUS   : ONLINE $`)
	ask := func(args ...string) string {
		t.Helper()
		ctx, cancel := within(t, patience)
		defer cancel()
		out, err := exec.CommandContext(ctx, apcaccess, append([]string{"-h", m.Addr("nis")}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("apcaccess %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	all := ask()
	date := regexp.MustCompile(`(?m)^(DATE|END APC) .*$|^(LINEV|LOADPCT|BCHARGE|TIMELEFT|BATTV|OUTPUTV|MAXLINEV|MINLINEV) .*$`) // what moves by itself
	if got, want := date.ReplaceAllString(all, "$1$2"), date.ReplaceAllString(m.record3551(), "$1$2"); got != want {
		t.Errorf("apcaccess prints\n%s\nof\n%s", got, want)
	}
	with, without := regexp.MustCompile(`(?m)^LINEV    : [0-9.]+ Volts$`), regexp.MustCompile(`(?m)^LINEV    : [0-9.]+$`)
	if bare := ask("-u"); !with.MatchString(all) || !without.MatchString(bare) {
		t.Errorf("apcaccess prints\n%s\nand with -u\n%s", all, bare)
	}
	if got := ask("-p", "STATUS"); got != "ONLINE \n" {
		t.Errorf("apcaccess -p STATUS: %q", got)
	}
	transfers, err := strconv.Atoi(strings.TrimSuffix(ask("-p", "NUMXFERS"), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	m.do(m.UPS[0], "mains off")
	m.awaitRecord(`(?m)^STATUS   : ONBATT $`)
	if got := ask("-p", "STATUS"); got != "ONBATT \n" {
		t.Errorf("apcaccess -p STATUS in the outage: %q", got)
	}
	m.awaitRecord(fmt.Sprintf(`(?m)^NUMXFERS : %d$`, transfers+1))
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

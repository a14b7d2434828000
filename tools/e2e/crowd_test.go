package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestCrowd: the confined upsd holds many clients, some of them over TLS, within the memory that init lets it have. CROWD=10000 and TLS=1000 hold so many
// (by hand: it takes minutes in QEMU).
func TestCrowd(t *testing.T) {
	plain, secure := number(t, "CROWD", 1000), number(t, "TLS", 50)
	m := bootReady(t, setup{config: "[tls]\nstarttls = \"on\"\n", files: map[string][]byte{"crowd": forCard(t, "build", "./crowd")}})
	pid := m.pid("upsd")
	before := m.statusOf(pid)
	m.shell(fmt.Sprintf("echo %d >/proc/sys/fs/file-max", 2*(plain+secure)+20_000)) // the clients are on the card too, as they never are
	ctx, cancel := context.WithTimeout(t.Context(), patience+time.Duration(plain+50*secure)*20*time.Millisecond)
	defer cancel()
	began := time.Now()
	said, err := m.Console.Shell(ctx, fmt.Sprintf("/crowd %s %d %d", pid, plain, secure))
	got := regexp.MustCompile(`(?m)^crowd (\d+) (\d+) (\d+) (\d+)\s*$`).FindStringSubmatch(said)
	if err != nil || got == nil || got[1] != strconv.Itoa(plain+secure) || got[2] != got[1] {
		t.Fatalf("%v: %s", err, said)
	}
	t.Logf("%s clients in %v: %s kB resident (%s before), %s kB of data (%s before)", got[1], time.Since(began).Round(time.Second), got[3], before["VmRSS"], got[4], before["VmData"])
	if m.pid("upsd") != pid {
		t.Error("it is another upsd now")
	}
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
}

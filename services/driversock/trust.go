package driversock

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/peercred"
)

// Trust is the users whose drivers are believed, besides root and our own, as flag.Value: UID or FIRST-LAST. Its zero
// value believes everybody who may put a socket into the directory.
type Trust struct {
	first, last uint32
	set         bool
}

// Set takes one user id or a range of them.
func (t *Trust) Set(s string) error {
	lo, hi, isRange := strings.Cut(s, "-")
	if !isRange {
		hi = lo
	}
	first, err1 := strconv.ParseUint(lo, 10, 32)
	last, err2 := strconv.ParseUint(hi, 10, 32)
	if err1 != nil || err2 != nil || first > last {
		return fmt.Errorf("%q is no user id, nor FIRST-LAST", s)
	}
	*t = Trust{uint32(first), uint32(last), true}
	return nil
}

func (t *Trust) String() string {
	if t == nil || !t.set {
		return ""
	}
	return fmt.Sprintf("%d-%d", t.first, t.last)
}

// includes reports whether the user is believed.
func (t Trust) includes(uid uint32) bool {
	return !t.set || uid == 0 || int(uid) == os.Getuid() || t.first <= uid && uid <= t.last
}

// dial connects to a socket whose maker is believed. The file's owner would not do: it may be another file by now.
func (t Trust) dial(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	cred, err := peercred.Of(conn.(*net.UnixConn))
	if err == nil && !t.includes(cred.Uid) {
		err = fmt.Errorf("%s: made by uid %d, whose drivers are not trusted", path, cred.Uid)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

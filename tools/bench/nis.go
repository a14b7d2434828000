package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// nisRows are those of apcupsd's protocol.
var nisRows = []row{
	{"status, 1 connection", pressing(1, status, false)},
	{"status, 16", pressing(16, status, false)},
	{"status, 200", pressing(200, status, false)},
	{"status, 1, acknowledged at once", pressing(1, status, true)},
	{"status, 16, acknowledged at once", pressing(16, status, true)},
	{"connect, status, 1 client", pressingNew(1, status)},
	{"connect, status, 16", pressingNew(16, status)},
	{"status beside 200 idle", besideIdle(200, status)},
}

// nisContest is nisd beside an apcupsd that has the same UPS: it is the slave of another nisd.
var nisContest = contest{
	theirs: "apcupsd",
	rows:   nisRows,
	set: func(ctx context.Context, k kit) (*stand, []server, error) {
		t, err := k.tree(ctx, "apcupsd", "apcupsd")
		if err == nil {
			err = t.harmless()
		}
		if err != nil {
			return nil, nil, err
		}
		b, err := newBench(nil)
		if err != nil {
			return nil, nil, err
		}
		s := newBare(b)
		s.theirs = k.version("apcupsd", "apcupsd")
		s.ready = []readied{{status, "STATUS   : ONLINE"}, {status, "LINEV    : 231.8 Volts"}, {status, "LOADPCT  : 0.0 Percent"}}
		master, err := freeAddr()
		if err != nil {
			return s, nil, err
		}
		nisd := nisd(k.ours("nisd"))
		if err := s.drive(ctx, filepath.Join(b.sockets(), "feed-ups")); err != nil {
			return s, nil, err
		}
		p, err := nisd.at(b, master)
		if err != nil {
			return s, nil, err
		}
		s.after(func() { p.stop(syscall.SIGTERM) })
		slave, err := apcupsd(s, t, master)
		return s, []server{{"upscard", func(b *bench) (*process, error) { return nisd.at(b, b.addr) }}, slave}, err
	},
}

// nisd is the path of ours.
type nisd string

func (program nisd) at(b *bench, addr string) (*process, error) {
	conf := "nisd-" + addr + ".toml"
	if err := b.write(conf, fmt.Sprintf("[nis]\nlisten = [%q]\n", addr)); err != nil {
		return nil, err
	}
	return b.start(string(program), "-config", filepath.Join(b.dir, conf), "-run", b.dir, "-hostname", "bench")
}

// slaveConf is that of an apcupsd that hangs on another. Nothing in it is a path of this machine: it runs in its tree.
const slaveConf = `## apcupsd.conf v1.1 ##
UPSNAME slave
UPSCABLE ether
UPSTYPE net
DEVICE $MASTER
POLLTIME 1
LOCKFILE $DIR
SCRIPTDIR $DIR
PWRFAILDIR $DIR
NOLOGINDIR $DIR
ONBATTERYDELAY 1
BATTERYLEVEL -1
MINUTES -1
TIMEOUT 0
ANNOY 300
ANNOYDELAY 60
NOLOGON disable
KILLDELAY 0
EVENTSFILE $DIR/events
EVENTSFILEMAX 100
UPSCLASS standalone
UPSMODE disable
STATTIME 0
LOGSTATS off
NETSERVER on
NISIP 127.0.0.1
NISPORT $PORT
`

// apcupsd is a server that can halt nothing: it has no script to call, and the tree nothing else that could. What it wanted to call for is
// among its events, and must be nothing.
func apcupsd(s *stand, t tree, master string) (server, error) {
	if err := t.prepare(); err != nil {
		return server{}, err
	}
	dir, err := os.MkdirTemp(filepath.Join(string(t), "tmp"), "bench")
	if err != nil {
		return server{}, err
	}
	s.after(func() { os.RemoveAll(dir) })
	script := filepath.Join(string(t), "etc/apcupsd/apccontrol")
	if err := os.Remove(script); err != nil && !errors.Is(err, os.ErrNotExist) {
		return server{}, err
	}
	_, port, _ := net.SplitHostPort(s.addr)
	inside := "/tmp/" + filepath.Base(dir)
	conf := strings.NewReplacer("$DIR", inside, "$MASTER", master, "$PORT", port).Replace(slaveConf)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		return server{}, err
	}
	return server{"apcupsd", func(b *bench) (*process, error) {
		cmd, err := t.enclosed("/sbin/apcupsd", "-b", "-f", inside+"/conf")
		if err != nil {
			return nil, err
		}
		return b.run(cmd)
	}}, nil
}

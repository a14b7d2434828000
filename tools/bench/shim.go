package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/upscard/upscard/tools/debs"
)

// shimRows are those of what speaks TLS in front of upsd.
var shimRows = []row{
	{"TLS in front: GET VAR, 1 connection", pressing(1, getVar, false)},
	{"TLS in front: GET VAR, 16", pressing(16, getVar, false)},
	{"TLS in front: GET VAR, 200", pressing(200, getVar, false)},
	{"TLS in front: LIST VAR, 16", pressing(16, listVar, false)},
	{"TLS in front: connect, GET, 1 client", pressingNew(1, getVar)},
	{"TLS in front: connect, GET, 16", pressingNew(16, getVar)},
	{"TLS in front: connect, GET, 200", pressingNew(200, getVar)},
	{"TLS in front: beside 500 idle", besideIdle(500, listVar)},
}

// shimContest is tlsshim beside stunnel, in front of the same upsd, which is ours. CPU and memory are of what stands in front alone.
var shimContest = contest{
	theirs: "stunnel",
	rows:   shimRows,
	set: func(ctx context.Context, k kit) (*stand, []server, error) {
		t, err := k.tree(ctx, "stunnel", "stunnel4")
		if err != nil {
			return nil, nil, err
		}
		s, err := newStand(ctx, 0)
		if err != nil {
			return nil, nil, err
		}
		s.theirs = k.version("stunnel", "stunnel4")
		behind, err := s.serving(ctx, ours(k.ours("upsd")))
		if err != nil {
			return s, nil, err
		}
		s.after(func() { behind.stop(syscall.SIGTERM) })
		upsd := s.addr
		if s.addr, err = freeAddr(); err != nil {
			return s, nil, err
		}
		s.door = s.agreed.at(plain(s.addr), tls.VersionTLS13)
		c, err := newCertificate()
		if err == nil {
			err = s.write("pair.pem", c.cert+c.key)
		}
		if err == nil {
			err = debs.Scripts(string(t), s.dir, "usr/bin/stunnel4")
		}
		if err == nil {
			err = s.write("stunnel.conf", fmt.Sprintf(stunnelConf, s.addr, upsd, filepath.Join(s.dir, "pair.pem")))
		}
		return s, []server{
			{"upscard", func(b *bench) (*process, error) {
				return b.start(k.ours("tlsshim"), "-run", b.dir, "-config", filepath.Join(b.dir, "upscard.toml"), "-listen", s.addr, "-upsd", upsd, "-proxy=false",
					"-certificate", filepath.Join(b.dir, "pair.pem"))
			}},
			{"stunnel", func(b *bench) (*process, error) {
				return b.start(filepath.Join(b.dir, "stunnel4"), filepath.Join(b.dir, "stunnel.conf"))
			}},
		}, err
	},
}

const stunnelConf = `foreground = yes
pid =
debug = warning
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[nut]
accept = %s
connect = %s
cert = %s
sslVersion = TLSv1.3
ciphersuites = TLS_AES_128_GCM_SHA256
curves = X25519
`

package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/proxyproto"
	"github.com/upscard/upscard/services/shim"
)

// Names of upsd's sockets; see cmd/upsd.
const (
	proxyName = "proxy"
	grantName = "grant"
)

// upsd is the server behind.
type upsd struct {
	network, addr string
	proxy         bool
	grant         string // path of the socket by which it signs certificates
}

func newUpsd(o options) upsd {
	dir := driversock.Dir(o.Run)
	u := upsd{"unix", cmp.Or(o.upsd, filepath.Join(dir, proxyName)), o.proxy, filepath.Join(dir, grantName)}
	if !strings.Contains(u.addr, "/") {
		u.network = "tcp"
	}
	return u
}

// dial connects to it for a client.
func (u upsd) dial(ctx context.Context, c proxyproto.Client) (shim.Stream, error) {
	var header []byte
	if u.proxy {
		var err error
		if header, err = c.Encode(); err != nil {
			return nil, err
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, u.network, u.addr)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(header); err != nil {
		conn.Close()
		return nil, err
	}
	return conn.(shim.Stream), nil
}

// grantTimeout is how long upsd may take to sign a certificate: a client waits for it.
const grantTimeout = 2 * time.Second

// maxGrant bounds what it answers, in bytes.
const maxGrant = 16 << 10

// ask has upsd sign a certificate.
func (u upsd) ask(request []byte) ([]byte, error) {
	conn, err := net.DialTimeout("unix", u.grant, grantTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(grantTimeout)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, maxGrant))
	if err == nil && len(answer) == 0 {
		err = errors.New("upsd has refused it")
	}
	return answer, err
}

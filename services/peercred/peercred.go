// Package peercred tells who is at the other end of a unix socket.
package peercred

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Of tells who connected; for a socket that listens, who made it.
func Of(conn *net.UnixConn) (*unix.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return nil, fmt.Errorf("peer's credentials: %w", err)
	}
	return cred, nil
}

// Admit refuses peers that are neither root, nor our own user, nor one of those given.
func Admit(conn *net.UnixConn, uids []uint32) error {
	cred, err := Of(conn)
	if err != nil {
		return err
	}
	if cred.Uid == 0 || int(cred.Uid) == os.Getuid() || slices.Contains(uids, cred.Uid) {
		return nil
	}
	return fmt.Errorf("uid %d of process %d is not allowed", cred.Uid, cred.Pid)
}

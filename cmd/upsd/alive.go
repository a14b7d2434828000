package main

import (
	"context"
	"errors"

	"github.com/upscard/upscard/services/nut"
)

// askAll returns a question to all that clients depend on: the loops that wait for them, and the UPSes as a session of our own lists them.
func askAll(server *nut.Server, host *nut.Host) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := server.Ask(ctx); err != nil {
			return err
		}
		session := nut.NewSession(host, "")
		defer session.Close()
		if reply, _, _ := session.Take(nil, []byte("LIST UPS\n")); len(reply) == 0 {
			return errors.New("LIST UPS has no answer")
		}
		return nil
	}
}

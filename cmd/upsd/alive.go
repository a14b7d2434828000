package main

import (
	"context"
	"errors"

	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/nut"
)

// askAll returns a question to all that clients depend on: each accept loop there is by then, and the UPSes as a session of our own
// lists them.
func askAll(listeners func() []*listen.Askable, host *nut.Host) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, ln := range listeners() {
			if err := ln.Ask(ctx); err != nil {
				return err
			}
		}
		session := nut.NewSession(host, "")
		defer session.Close()
		if reply, _, _ := session.Take(nil, []byte("LIST UPS\n")); len(reply) == 0 {
			return errors.New("LIST UPS has no answer")
		}
		return nil
	}
}

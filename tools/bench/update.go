package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// updates is how many changes of a value are watched.
const updates = 500

// update measures how long a value takes from the driver to a client that asks for it, and to the feed where there is one.
func update(ctx context.Context, m *measuring) (figures []figure, err error) {
	err = m.with(ctx, func(*process) error {
		c, err := m.stand.door(ctx)
		if err != nil {
			return err
		}
		defer c.conn.Close()
		figures, err = m.watch("GET VAR", func(value string) error { return c.poll(value) })
		if err != nil {
			return err
		}
		path := filepath.Join(m.stand.sockets(), "feed-"+live)
		if _, err := os.Stat(path); err != nil {
			return nil
		}
		ctx, cancel := context.WithCancel(ctx)
		store, done := ups.NewStore(), make(chan error, 1)
		go func() {
			done <- driversock.Follow(ctx, path, store, driversock.FollowOptions{Logger: slog.New(slog.DiscardHandler)})
		}()
		more, err := m.watch("the feed", func(value string) error { return await(ctx, store, value) })
		figures = append(figures, more...)
		cancel()
		<-done
		return err
	})
	return figures, err
}

// watch has the driver change a value, and takes the time until it arrives.
func (m *measuring) watch(what string, arrived func(value string) error) ([]figure, error) {
	var o outcome
	for i := range updates {
		load := i%2 + 1
		m.stand.store.Set(values(load))
		at := time.Now()
		if err := arrived(strconv.Itoa(load)); err != nil {
			return nil, err
		}
		o.times = append(o.times, time.Since(at))
	}
	slices.Sort(o.times)
	return []figure{{"to " + what + ", p50, us", micros(o.at(0.5)), true}, {"to " + what + ", p99, us", micros(o.at(0.99)), true}}, nil
}

// poll asks until the value is there.
func (c *client) poll(value string) error {
	r := request{"GET VAR " + live + " ups.load\n", "VAR " + live + " ups.load "}
	for begin := time.Now(); time.Since(begin) < patience; {
		if err := c.ask(r); err != nil {
			return err
		}
		if bytes.Contains(c.last, []byte(`"`+value+`"`)) {
			return nil
		}
	}
	return fmt.Errorf("the value did not come within %v", patience)
}

func await(ctx context.Context, store *ups.Store, value string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for snap := store.Get(); snap.Value("ups.load") != value; {
		next, err := store.Wait(ctx, snap)
		if err != nil {
			return fmt.Errorf("the value did not come: %w", err)
		}
		snap = next
	}
	return nil
}

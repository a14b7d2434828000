package nutclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// trackPause is the time between two questions for an order's result.
const trackPause = 100 * time.Millisecond

// Authenticate says who we are. A wrong password shows only when something is asked for.
func (c *Client) Authenticate(ctx context.Context, user, password string) error {
	if err := c.ok(ctx, "USERNAME", user); err != nil {
		return err
	}
	return c.ok(ctx, "PASSWORD", password)
}

// Login says that the UPS feeds this machine.
func (c *Client) Login(ctx context.Context, ups string) error { return c.ok(ctx, "LOGIN", ups) }

// Logout ends the login, and the connection.
func (c *Client) Logout(ctx context.Context) error {
	return errors.Join(c.ok(ctx, "LOGOUT"), c.Close())
}

// Primary asks for the rights of the machine that shuts down last. Servers before NUT 2.8 know it as MASTER.
func (c *Client) Primary(ctx context.Context, ups string) error {
	err := c.ok(ctx, "PRIMARY", ups)
	var refused Error
	if errors.As(err, &refused) {
		err = c.ok(ctx, "MASTER", ups)
	}
	return err
}

// FSD orders a forced shutdown.
func (c *Client) FSD(ctx context.Context, ups string) error { return c.ok(ctx, "FSD", ups) }

// Var returns the value of a variable.
func (c *Client) Var(ctx context.Context, ups, name string) (string, error) {
	return c.Get(ctx, "VAR", ups, name)
}

// Logins returns how many clients are logged in to a UPS.
func (c *Client) Logins(ctx context.Context, ups string) (int, error) {
	value, err := c.Get(ctx, "NUMLOGINS", ups)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: NUMLOGINS %q", ErrProtocol, value)
	}
	return n, nil
}

// Get returns the last word of the answer to GET with these words.
func (c *Client) Get(ctx context.Context, query ...string) (string, error) {
	words, err := c.Do(ctx, append([]string{"GET"}, query...)...)
	if err != nil {
		return "", err
	}
	if len(words) != len(query)+1 || !slices.Equal(words[:len(query)], query) {
		return "", fmt.Errorf("%w: %q to GET %q", ErrProtocol, words, query)
	}
	return words[len(query)], nil
}

// List returns the lines of a list, each without the words of the query.
func (c *Client) List(ctx context.Context, query ...string) (lines [][]string, err error) {
	err = c.exchange(ctx, append([]string{"LIST"}, query...), func() error {
		lines, err = c.list(query)
		return err
	})
	return lines, err
}

func (c *Client) list(query []string) (lines [][]string, err error) {
	begin, end := append([]string{"BEGIN", "LIST"}, query...), append([]string{"END", "LIST"}, query...)
	words, err := c.answer()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(words, begin) {
		return nil, fmt.Errorf("%w: %q to LIST %q", ErrProtocol, words, query)
	}
	for range MaxList {
		words, err = c.answer()
		switch {
		case err != nil:
			return nil, err
		case slices.Equal(words, end):
			return lines, nil
		case len(words) <= len(query) || !slices.Equal(words[:len(query)], query):
			return nil, fmt.Errorf("%w: %q in LIST %q", ErrProtocol, words, query)
		}
		lines = append(lines, words[len(query):])
	}
	return nil, fmt.Errorf("%w: a list longer than %d lines", ErrProtocol, MaxList)
}

// InstCmd gives a UPS an instant command, and returns once its driver has said what became of it; nil is success. An Error whose code is FAILED
// leaves open whether it was carried out, as does any error that is no Error.
func (c *Client) InstCmd(ctx context.Context, ups, command string) error {
	return c.tracked(ctx, "INSTCMD", ups, command)
}

// SetVar writes a variable, with the same results as InstCmd.
func (c *Client) SetVar(ctx context.Context, ups, name, value string) error {
	return c.tracked(ctx, "SET", "VAR", ups, name, value)
}

func (c *Client) tracked(ctx context.Context, command ...string) error {
	if err := c.ok(ctx, "SET", "TRACKING", "ON"); err != nil {
		return err
	}
	words, err := c.Do(ctx, command...)
	switch {
	case err != nil:
		return err
	case words[0] != "OK":
		return fmt.Errorf("%w: %q to %q", ErrProtocol, words, command)
	case len(words) < 3: // done, with nothing to track
		return nil
	}
	return c.follow(ctx, words[2])
}

// follow waits for the result of an order.
func (c *Client) follow(ctx context.Context, id string) error {
	for {
		words, err := c.Do(ctx, "GET", "TRACKING", id)
		switch {
		case err != nil:
			return err
		case words[0] == "SUCCESS":
			return nil
		case words[0] != "PENDING":
			return fmt.Errorf("%w: %q to GET TRACKING", ErrProtocol, words)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(trackPause):
		}
	}
}

// ok sends a command whose answer begins with OK.
func (c *Client) ok(ctx context.Context, command ...string) error {
	words, err := c.Do(ctx, command...)
	if err != nil {
		return err
	}
	if words[0] != "OK" {
		return fmt.Errorf("%w: %q to %s", ErrProtocol, words, command[0]) // what follows may be a password
	}
	return nil
}

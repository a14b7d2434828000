package confd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/clock"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/handover"
)

// Options are what Run needs.
type Options struct {
	File   string         // the owner's
	Run    string         // "/run"
	Groups map[string]int // by program: the id of the group that may read its part
	Keeper Keeper         // nil: nothing is kept
	Init   io.WriteCloser // is told the settings, then closed; nil: nobody is
	Logger *slog.Logger
}

// Keeper keeps the last good file over power cuts.
type Keeper interface {
	Load() ([]byte, error) // nothing is no error
	Save([]byte) error
}

// Run puts the owner's configuration in force, tells init, and keeps the file if it is good. Before a new file is looked at, init knows
// of the last good one: whatever the new one does to us, the card comes up.
func Run(o Options) error {
	if err := os.MkdirAll(Dir(o.Run), 0o755); err != nil {
		return err
	}
	before, good := o.lastGood()
	text, readErr := readOwner(o.File)
	isNew := readErr != nil || !bytes.Equal(text, before)
	if good != nil && isNew {
		if err := o.force(decision{good, handover.LastGood, []string{o.File + ": it could not be read to its end"}}); err != nil {
			return err
		}
	}
	owner, err := parseOwner(o.File, text, readErr)
	if err := o.finish(decide(owner, err, good)); err != nil {
		return err
	}
	if err == nil && isNew && o.Keeper != nil {
		if err := o.Keeper.Save(text); err != nil {
			return fmt.Errorf("the file in force is not kept: %w", err)
		}
	}
	return nil
}

// finish puts the last decision in force and tells everybody of it.
func (o Options) finish(d decision) error {
	for _, line := range d.wrong {
		o.Logger.Error(line)
	}
	o.Logger.Info("configuration", "from", d.source, "means", d.config.Summary())
	for _, warning := range ca.Warnings(d.config.TLS.Certificate, d.config.TLS.ClientCA, ca.Dates{Build: clock.Build(), Now: time.Now()}, true) {
		o.Logger.Warn("[tls]: " + warning)
	}
	if err := errors.Join(o.force(d), writeErrors(o.Run, d.wrong)); err != nil || o.Init == nil {
		return err
	}
	return o.Init.Close()
}

// force writes the parts of a decision, then tells init.
func (o Options) force(d decision) error {
	if err := write(o.Run, d.source, d.config, o.Groups); err != nil || o.Init == nil {
		return err
	}
	_, err := o.Init.Write(d.settings().Encode())
	return err
}

// lastGood returns the last good file and what it means: nil if there is none, or an older version took for good what is none now.
func (o Options) lastGood() ([]byte, *config.Config) {
	if o.Keeper == nil {
		return nil, nil
	}
	data, err := o.Keeper.Load()
	if err != nil {
		o.Logger.Warn("last good configuration", "err", err)
	}
	if data == nil {
		return nil, nil
	}
	good, err := config.Parse("last good", data)
	if err != nil {
		o.Logger.Warn("last good configuration is good no more", "err", err)
		return nil, nil
	}
	return data, good
}

func parseOwner(path string, text []byte, readErr error) (*config.Config, error) {
	if readErr != nil {
		return nil, readErr
	}
	c, err := config.Parse(path, text)
	if err != nil {
		return nil, err
	}
	if err := ca.Check(c.TLS.Certificate, c.TLS.Key, c.TLS.ClientCA); err != nil {
		return nil, fmt.Errorf("%s: [tls]: %w", path, err)
	}
	return c, nil
}

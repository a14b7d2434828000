package confd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/upscard/upscard/services/config"
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

// Run puts the owner's configuration in force, tells init, and keeps the file if it is good. While a new file is looked at, the last good
// one is in force already: whatever the new one does to us, the card comes up.
func Run(o Options) error {
	data, good := o.lastGood()
	if err := os.MkdirAll(Dir(o.Run), 0o755); err != nil {
		return err
	}
	text, readErr := readOwner(o.File)
	isNew := readErr != nil || !bytes.Equal(text, data)
	if good != nil && isNew {
		if err := publish(o.Run, good, o.Groups); err != nil {
			return err
		}
	}
	owner, err := parseOwner(o.File, text, readErr)
	d := decide(owner, err, good)
	if err := o.force(d); err != nil {
		return err
	}
	if err == nil && isNew && o.Keeper != nil {
		if err := o.Keeper.Save(text); err != nil {
			return fmt.Errorf("the file in force is not kept: %w", err)
		}
	}
	return nil
}

// force puts a decision in force and tells of it.
func (o Options) force(d decision) error {
	for _, line := range d.wrong {
		o.Logger.Error(line)
	}
	o.Logger.Info("configuration", "from", d.source, "means", d.config.Summary())
	if err := errors.Join(publish(o.Run, d.config, o.Groups), writeErrors(o.Run, d.wrong)); err != nil {
		return err
	}
	if o.Init == nil {
		return nil
	}
	_, err := o.Init.Write(d.settings().Encode())
	return errors.Join(err, o.Init.Close())
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
	return config.Parse(path, text)
}

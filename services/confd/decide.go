package confd

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/handover"
)

// decision is which configuration is in force, and why.
type decision struct {
	config *config.Config
	source handover.Source
	wrong  []string // with the owner's file, line by line
}

// decide takes the owner's file if nothing is wrong with it, else the last good one, nil if there is none, else the defaults. It is the
// whole of one of them.
func decide(owner *config.Config, ownerErr error, good *config.Config) decision {
	switch {
	case ownerErr == nil:
		return decision{owner, handover.Owner, nil}
	case good != nil:
		return decision{good, handover.LastGood, lines(ownerErr)}
	}
	return decision{config.Default(), handover.Defaults, lines(ownerErr)}
}

func lines(err error) []string { return strings.Split(err.Error(), "\n") }

// settings is what init is told.
func (d decision) settings() handover.Settings {
	s := handover.Default()
	s.Source, s.Wrong = d.source, d.wrong
	if name := d.config.Network.Hostname; name != "" {
		s.Hostname = name
	}
	s.Port = port(d.config.Listen)
	return s
}

// port is the first one that is reached from outside of the card, 0 if none is.
func port(listen []string) uint16 {
	for _, address := range listen {
		host, text, err := net.SplitHostPort(address)
		n, e := strconv.ParseUint(text, 10, 16)
		if ip := net.ParseIP(host); err == nil && e == nil && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return uint16(n)
		}
	}
	return 0
}

// readOwner reads the owner's file. One that is not there decides nothing, but its directory must be there: without it nobody knows
// what the owner has decided.
func readOwner(path string) ([]byte, error) {
	data, err := config.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	_, err = os.Stat(filepath.Dir(path))
	return nil, err
}

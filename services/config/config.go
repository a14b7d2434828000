// Package config turns upscard.toml into validated values.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"time"
)

// DefaultPath is where the programs look for the file unless they are told.
const DefaultPath = "/etc/upscard.toml"

// MaxSize is the size of the longest file that is read, in bytes.
const MaxSize = 64 << 10

// Config is what the owner of a card has decided. Its zero value decides nothing; Default is a card without a file.
type Config struct {
	Listen  []string // addresses of the NUT server, HOST:PORT; no host is every address of IPv4 and IPv6
	Network Network
	MDNS    MDNS
	TLS     TLS
	TLSShim TLSShim
	NIS     NIS
	Monitor Monitor
	Notify  []Notify // in the order of the file
	UPS     []UPS    // in the order of the file
	Users   []User   // in the order of the file

	Anonymous Anonymous
	Profiles  []string // of the names of Profiles
	Protocol  string   // "rfc9271", or "" for NUT's

	IdleTimeout       time.Duration // of the NUT server's clients, 0: none
	MaxConnPerAddress int           // of them, 0 where not given
}

// Anonymous says who may read without a name and a password. Its zero value is everybody.
type Anonymous struct {
	Nobody bool
	From   []netip.Prefix // those from elsewhere may not, unless there is none
}

// UPS is one [ups.NAME]. The bindings say which device it is; without any it is the next one that no other entry binds.
type UPS struct {
	Name string
	Desc string

	Alias []string // other names

	// Bindings, empty where not given. All but the port are expressions for Pattern.
	VendorID, ProductID     string // of four lower-case hexadecimal digits
	Vendor, Product, Serial string // of what USB's strings say
	Bus, BusPort            string // of three digits
	Port                    string // port path as the kernel writes it, "1-1.4"

	// Poll periods, 0 where not given: of the status, of everything else.
	PollInterval, PollFreq time.Duration

	PowerValue *int // supplies that it feeds, for Monitor.MinSupplies; nil where not given

	Driver Driver
}

// Bound reports whether the entry names a device.
func (u UPS) Bound() bool {
	return u.VendorID != "" || u.ProductID != "" || u.Vendor != "" || u.Product != "" || u.Serial != "" ||
		u.Bus != "" || u.BusPort != "" || u.Port != ""
}

// User is one [users.NAME] that may log in to the NUT server.
type User struct {
	Name     string
	Password string // in clear, or its hash; "" only with Cert
	Upsmon   string // "primary", "secondary" or "": may not log in as an upsmon

	Actions  []string // of "SET", "FSD"
	InstCmds []string // instant commands, or AllCommands alone

	UPS         []string       // all of this holds for these only, unless there is none
	From        []netip.Prefix // and only for clients from there
	StatusWords []string       // of ups.status, shows no others
	Cert        string         // name in the client's certificate or its SHA-256, without which nobody is this user
}

// AllCommands stands for every instant command.
const AllCommands = "ALL"

// Default is the configuration of a card without a file.
func Default() *Config { return &Config{Listen: []string{defaultListen}} }

const defaultListen = ":3493"

// Load reads a file. One that does not exist is Default. What is wrong with its content is reported as Errors.
func Load(path string) (*Config, error) {
	data, err := ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// ReadFile returns a file's content, which Parse finds too long if not all of it was read.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

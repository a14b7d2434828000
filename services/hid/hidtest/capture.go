// Package hidtest gives tests the captures of real UPSes.
package hidtest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// Path is a field as NUT's parser lists it.
type Path struct {
	Path     string `toml:"path"`
	Type     string `toml:"type"`
	ReportID uint8  `toml:"report_id"`
	Offset   int    `toml:"offset"`
	Size     int    `toml:"size"`
	Value    string `toml:"value"`
}

// Capture is one real device as a public source shows it.
type Capture struct {
	Name             string // of the file without its suffix
	VendorID         uint16 `toml:"vendor_id"`
	ProductID        uint16 `toml:"product_id"`
	Manufacturer     string `toml:"manufacturer"`
	Product          string `toml:"product"`
	Serial           string `toml:"serial"`
	ReportDescriptor string `toml:"report_descriptor"`
	Reports          struct {
		Feature, Input map[string]string
	} `toml:"reports"`
	Verify struct {
		Items int // fields that NUT's parser finds
	}
	Paths []Path            `toml:"paths"`
	UPSC  map[string]string `toml:"upsc"`
}

// Shared is the folder beside the repository that holds material which is not the project's own.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("no go.mod above the test's directory")
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs material that is not part of the project: %v", err)
	}
	return path
}

// Captures reads every capture that has a report descriptor, and skips the test where there are none.
func Captures(t testing.TB) []Capture {
	t.Helper()
	return slices.DeleteFunc(read(t), func(c Capture) bool { return c.ReportDescriptor == "" })
}

// PathsOnly reads the captures that have no report descriptor, only the paths and values that NUT listed.
func PathsOnly(t testing.TB) []Capture {
	t.Helper()
	return slices.DeleteFunc(read(t), func(c Capture) bool { return c.ReportDescriptor != "" || len(c.Paths) == 0 })
}

func read(t testing.TB) []Capture {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Shared(t, "captures"), "*.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []Capture
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := Capture{Name: strings.TrimSuffix(filepath.Base(file), ".toml")}
		if err := toml.Unmarshal(data, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, c)
	}
	return all
}

// Descriptor returns the report descriptor.
func (c *Capture) Descriptor(t testing.TB) []byte { return unhex(t, c.ReportDescriptor) }

// Feature returns the answers to GET_REPORT(Feature) by report id, the id byte included.
func (c *Capture) Feature(t testing.TB) map[uint8][]byte { return reports(t, c.Reports.Feature) }

// Input returns the interrupt packets by report id.
func (c *Capture) Input(t testing.TB) map[uint8][]byte { return reports(t, c.Reports.Input) }

func reports(t testing.TB, in map[string]string) map[uint8][]byte {
	t.Helper()
	out := make(map[uint8][]byte, len(in))
	for key, value := range in {
		id, err := strconv.ParseUint(key, 0, 8)
		if err != nil {
			t.Fatal(err)
		}
		out[uint8(id)] = unhex(t, value)
	}
	return out
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

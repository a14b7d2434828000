package driversock

import (
	"path/filepath"
	"strings"
)

// Path is where the named driver of a UPS listens, below the run directory.
func Path(runDir, driver, ups string) string {
	return filepath.Join(Dir(runDir), driver+"-"+ups)
}

// Dir is the directory of the drivers' sockets.
func Dir(runDir string) string { return filepath.Join(runDir, "nut") }

// dashed lists NUT's drivers whose names hold a dash.
var dashed = []string{
	"usbhid-ups", "dummy-ups", "snmp-ups", "netxml-ups", "apcupsd-ups", "apcsmart-old", "clone-outlet", "huawei-ups2000",
	"liebert-esp2", "liebert-gxe", "macosx-ups", "mge-shut", "mge-utalk", "microsol-apc", "nut-ipmipsu", "nut-upower",
	"nutdrv_siemens-sitop", "oldmge-shut", "powerman-pdu", "ve-direct",
}

// SplitName takes the name of a driver's socket file, <driver>-<ups>, apart. Both may hold dashes: the drivers that do
// are known; for any other the first dash ends the driver's name. It reports false for what is no driver's socket.
func SplitName(file string) (driver, ups string, ok bool) {
	for _, d := range dashed {
		if rest, found := strings.CutPrefix(file, d+"-"); found {
			return d, rest, isUPS(rest)
		}
	}
	driver, ups, _ = strings.Cut(file, "-")
	return driver, ups, driver != "" && driver != "feed" && isUPS(ups)
}

func isUPS(name string) bool { return validName(name) && !strings.HasSuffix(name, ".pid") }

// maxName bounds the names of UPSes, variables and commands in bytes. NUT's longest has 40.
const maxName = 128

// validName keeps names out that would need quoting on the wire.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"\#=/`, c) >= 0 {
			return false
		}
	}
	return true
}

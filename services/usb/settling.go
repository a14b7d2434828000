package usb

import (
	"os"
	"path/filepath"
	"strings"
)

// Settling reports whether the kernel is about to make the acquaintance of a device: a port has one that is not configured yet. Between two devices
// of a hub it may be false for some tenths of a second. A kernel that does not tell (before 6.5) is never settling.
func Settling(root string) bool {
	ports, err := filepath.Glob(filepath.Join(root, "bus/usb/devices", "*:*", "*-port*", "state"))
	if err != nil {
		return false
	}
	for _, port := range ports {
		state, err := os.ReadFile(port)
		if err != nil {
			continue
		}
		switch strings.TrimSpace(string(state)) { // include/linux/usb/ch9.h, usb_state_string
		case "not attached", "configured", "suspended":
		default:
			return true
		}
	}
	return false
}

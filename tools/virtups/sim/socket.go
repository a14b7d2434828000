package sim

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// DefaultSocket is where a user's UPS has its "usb" or "control" socket unless told otherwise.
func DefaultSocket(name string) string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("virtups-%d.%s", os.Getuid(), name))
}

// Listen makes a socket that only its user may open, in the place of one that nobody serves any more.
func Listen(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s is served already: give another socket", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(path) // a failure shows in Listen
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}

package usbtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/upscard/upscard/services/usb"
)

// Triple is what an interface descriptor says of itself: class, subclass, protocol.
type Triple [3]uint8

// Interfaces that USB devices have.
var (
	HID        = Triple{3, 0, 0}
	Keyboard   = Triple{3, 1, 1}
	Mouse      = Triple{3, 1, 2}
	Storage    = Triple{8, 6, 80}
	Hub        = Triple{9, 0, 0}
	Serial     = Triple{2, 2, 1} // CDC ACM, which has its data in an interface of their own
	SerialData = Triple{10, 0, 0}
)

// Sysfs is a tree of files like the kernel's /sys, in which devices are plugged in and unplugged.
type Sysfs struct {
	Root string
	t    testing.TB
}

// NewSysfs makes an empty tree that is removed when the test ends.
func NewSysfs(t testing.TB) *Sysfs { return &Sysfs{Root: t.TempDir(), t: t} }

// Plug adds a device with the given interfaces at id.Port. The kernel names the real directories otherwise and links
// them; what is read below bus/usb/devices is the same.
func (s *Sysfs) Plug(id usb.ID, interfaces ...Triple) {
	s.t.Helper()
	dir := s.device(id.Port)
	s.write(dir, "idVendor", fmt.Sprintf("%04x", id.Vendor))
	s.write(dir, "idProduct", fmt.Sprintf("%04x", id.Product))
	s.write(dir, "bcdDevice", fmt.Sprintf("%04x", id.Release))
	s.write(dir, "busnum", fmt.Sprint(id.Bus))
	s.write(dir, "devnum", fmt.Sprint(id.Address))
	for name, text := range map[string]string{
		"manufacturer": id.Manufacturer,
		"product":      id.ProductName,
		"serial":       id.Serial,
	} {
		if text != "" {
			s.write(dir, name, text)
		}
	}
	for i, triple := range interfaces {
		sub := filepath.Join(dir, fmt.Sprintf("%s:1.%d", id.Port, i))
		s.write(sub, "bInterfaceClass", fmt.Sprintf("%02x", triple[0]))
		s.write(sub, "bInterfaceSubClass", fmt.Sprintf("%02x", triple[1]))
		s.write(sub, "bInterfaceProtocol", fmt.Sprintf("%02x", triple[2]))
	}
}

// Hang makes the kernel keep back the serial number of the device at id.Port, as it does while it probes a device that does not answer: who reads it
// waits. release gives it to one that waits, and to all that come later.
func (s *Sysfs) Hang(id usb.ID) (release func()) {
	s.t.Helper()
	file, pipe := filepath.Join(s.device(id.Port), "serial"), filepath.Join(s.t.TempDir(), "pipe")
	_ = os.Remove(file) // it may have none
	if err := errors.Join(syscall.Mkfifo(pipe, 0o644), os.Link(pipe, file)); err != nil {
		s.t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Error(err)
		} else if err == nil {
			s.write(s.device(id.Port), "serial", id.Serial)
		}
		w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return // nobody waits
		}
		defer w.Close()
		if _, err := w.WriteString(id.Serial + "\n"); err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(release)
	return release
}

// Unplug removes the device at port.
func (s *Sysfs) Unplug(port string) {
	s.t.Helper()
	if err := os.RemoveAll(s.device(port)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Sysfs) device(port string) string {
	return filepath.Join(s.Root, "bus/usb/devices", port)
}

func (s *Sysfs) write(dir, name, text string) {
	s.t.Helper()
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

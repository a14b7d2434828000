package usb

import (
	"bytes"
	"fmt"
	"strings"
)

// MaxUevent is the size of the longest datagram the kernel sends: a header, then its buffer of 2,048 bytes for variables.
const MaxUevent = 8192

// Uevent is one message of the kernel about a device of any subsystem.
type Uevent struct {
	Action string // add, bind, change, move, offline, online, remove, unbind
	Path   string // below /sys: /devices/…
	Vars   map[string]string
}

// ParseUevent reads a datagram of the form ACTION@DEVPATH NUL KEY=VALUE NUL …, as the kernel sends it.
func ParseUevent(datagram []byte) (Uevent, error) {
	if len(datagram) > MaxUevent {
		return Uevent{}, fmt.Errorf("uevent of %d bytes: longer than %d", len(datagram), MaxUevent)
	}
	head, rest, ended := bytes.Cut(datagram, []byte{0})
	action, path, ok := strings.Cut(string(head), "@")
	if !ended || !ok || action == "" || !strings.HasPrefix(path, "/") {
		return Uevent{}, fmt.Errorf("uevent begins with %.80q: want ACTION@/PATH and a NUL", head)
	}
	e := Uevent{Action: action, Path: path, Vars: make(map[string]string)}
	for pair := range strings.SplitSeq(strings.TrimRight(string(rest), "\x00"), "\x00") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			if pair == "" {
				continue
			}
			return Uevent{}, fmt.Errorf("uevent for %.200q holds %.80q: want KEY=VALUE", path, pair)
		}
		e.Vars[key] = value
	}
	return e, nil
}

// USB reports whether the event is about a USB device or one of its interfaces. A device is ready to be looked at when its
// interfaces are added, which the kernel does after it has announced the device itself.
func (e Uevent) USB() bool { return e.Vars["SUBSYSTEM"] == "usb" }

// Device reports whether the event is about a USB device as a whole.
func (e Uevent) Device() bool { return e.USB() && e.Vars["DEVTYPE"] == "usb_device" }

// Port is the port path of the USB device that the event is about, or whose interface it is about, else "".
func (e Uevent) Port() string {
	if !e.USB() {
		return ""
	}
	name := e.Path[strings.LastIndexByte(e.Path, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	if !ValidPort(name) {
		return ""
	}
	return name
}

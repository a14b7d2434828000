package usb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// SysfsRoot is where a running system mounts sysfs.
const SysfsRoot = "/sys"

// maxAttribute bounds what is read of one sysfs attribute; the kernel writes at most a page.
const maxAttribute = 4096

// Classes of the USB-IF that decide whether a device may be a UPS.
const (
	classHID         = 0x03
	subclassBoot     = 0x01
	protocolKeyboard = 0x01
	protocolMouse    = 0x02
)

// Attached is a device that is plugged in and may be a UPS.
type Attached struct {
	ID    ID
	Node  string // /dev/bus/usb/BBB/AAA
	Input bool   // it is a keyboard or a mouse besides, so most likely no UPS
}

// list lists the devices of the sysfs tree at root that have a HID interface which is no boot keyboard's or mouse's, without their strings: at one
// port, or at all. A device that is unplugged meanwhile is left out; one whose interfaces the kernel has not set up yet is too, and a uevent
// follows when it has. It never waits for a device.
func list(root, port string) ([]Attached, error) {
	dir := filepath.Join(root, "bus/usb/devices")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no USB host controller has been found so far
	}
	if err != nil {
		return nil, err
	}
	var found []Attached
	for _, e := range entries {
		if _, ok := parsePort(e.Name()); !ok || port != "" && port != e.Name() {
			continue
		}
		device := filepath.Join(dir, e.Name())
		numbers, input := interfaces(device, e.Name())
		if len(numbers) == 0 {
			continue
		}
		if id, err := readID(device, e.Name()); err == nil {
			found = append(found, Attached{ID: id, Node: Node(id.Bus, id.Address), Input: input})
		}
	}
	slices.SortFunc(found, func(a, b Attached) int { return ComparePorts(a.ID.Port, b.ID.Port) })
	return found, nil
}

// Node is the path of the device node of a bus and a device number.
func Node(bus, address int) string {
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, address)
}

// Interfaces lists, in order, the numbers of the HID interfaces of the device at a port that are no boot keyboard's or mouse's. A composite device's
// power device may be any of them: only its report descriptor tells.
func Interfaces(root, port string) []int {
	numbers, _ := interfaces(filepath.Join(root, "bus/usb/devices", port), port)
	return numbers
}

// interfaces looks at the interfaces of a device, which are directories named PORT:CONFIGURATION.INTERFACE. It also reports whether one of
// them is a boot keyboard's or mouse's.
func interfaces(device, port string) (numbers []int, input bool) {
	entries, err := os.ReadDir(device)
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), port+":")
		if !ok {
			continue
		}
		_, text, _ := strings.Cut(rest, ".")
		number, err := strconv.ParseUint(text, 10, 8)
		dir := filepath.Join(device, e.Name())
		class, err1 := readHex(dir, "bInterfaceClass", 8)
		subclass, err2 := readHex(dir, "bInterfaceSubClass", 8)
		protocol, err3 := readHex(dir, "bInterfaceProtocol", 8)
		switch {
		case errors.Join(err, err1, err2, err3) != nil || class != classHID:
		case subclass == subclassBoot && (protocol == protocolKeyboard || protocol == protocolMouse):
			input = true
		default:
			numbers = append(numbers, int(number))
		}
	}
	slices.Sort(numbers)
	return numbers, input
}

func readID(dir, port string) (ID, error) {
	vendor, err1 := readHex(dir, "idVendor", 16)
	product, err2 := readHex(dir, "idProduct", 16)
	release, err3 := readHex(dir, "bcdDevice", 16)
	bus, err4 := readNumber(dir, "busnum", 10, 16)
	address, err5 := readNumber(dir, "devnum", 10, 16)
	id := ID{
		Vendor:  uint16(vendor),
		Product: uint16(product),
		Release: uint16(release),
		Port:    port,
		Bus:     int(bus),
		Address: int(address),
	}
	return id, errors.Join(err1, err2, err3, err4, err5)
}

func readHex(dir, name string, bits int) (uint64, error) { return readNumber(dir, name, 16, bits) }

func readNumber(dir, name string, base, bits int) (uint64, error) {
	text, err := readAttribute(dir, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), base, bits)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
	}
	return n, nil
}

// readString reads a string descriptor's attribute, which is missing where the device has no such descriptor. Of a device's attributes that are
// read here these alone are told under its lock (Linux, drivers/usb/core/sysfs.c, usb_string_attr), which the kernel holds while it probes or
// resets the device: 15 s and more for one that does not answer.
func readString(dir, name string) (string, error) {
	text, err := readAttribute(dir, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")), nil
}

func readAttribute(dir, name string) (string, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxAttribute))
	return string(data), err
}

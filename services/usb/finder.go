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
	ID   ID
	Node string // /dev/bus/usb/BBB/AAA
}

// Scan lists, in port order, the devices of the sysfs tree at root that have a HID interface and are no boot keyboard
// or mouse. A device that is unplugged meanwhile is left out; one whose interfaces the kernel has not set up yet is too,
// and a uevent follows when it has.
func Scan(root string) ([]Attached, error) {
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
		if _, ok := parsePort(e.Name()); !ok {
			continue
		}
		device := filepath.Join(dir, e.Name())
		if !mayBeUPS(device, e.Name()) {
			continue
		}
		if id, err := readID(device, e.Name()); err == nil {
			found = append(found, Attached{ID: id, Node: Node(id.Bus, id.Address)})
		}
	}
	slices.SortFunc(found, func(a, b Attached) int { return ComparePorts(a.ID.Port, b.ID.Port) })
	return found, nil
}

// Node is the path of the device node of a bus and a device number.
func Node(bus, address int) string {
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, address)
}

// mayBeUPS looks at the interfaces of a device, which are directories named PORT:CONFIGURATION.INTERFACE.
func mayBeUPS(device, port string) bool {
	entries, err := os.ReadDir(device)
	if err != nil {
		return false
	}
	hid := false
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), port+":") {
			continue
		}
		dir := filepath.Join(device, e.Name())
		class, err1 := readHex(dir, "bInterfaceClass", 8)
		subclass, err2 := readHex(dir, "bInterfaceSubClass", 8)
		protocol, err3 := readHex(dir, "bInterfaceProtocol", 8)
		if errors.Join(err1, err2, err3) != nil || class != classHID {
			continue
		}
		if subclass == subclassBoot && (protocol == protocolKeyboard || protocol == protocolMouse) {
			return false
		}
		hid = true
	}
	return hid
}

func readID(dir, port string) (ID, error) {
	vendor, err1 := readHex(dir, "idVendor", 16)
	product, err2 := readHex(dir, "idProduct", 16)
	release, err3 := readHex(dir, "bcdDevice", 16)
	bus, err4 := readNumber(dir, "busnum", 10, 16)
	address, err5 := readNumber(dir, "devnum", 10, 16)
	id := ID{
		Vendor:       uint16(vendor),
		Product:      uint16(product),
		Release:      uint16(release),
		Port:         port,
		Bus:          int(bus),
		Address:      int(address),
		Manufacturer: readString(dir, "manufacturer"),
		ProductName:  readString(dir, "product"),
		Serial:       readString(dir, "serial"),
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

// readString reads a string descriptor's attribute, which is missing where the device has no such descriptor.
func readString(dir, name string) string {
	text, err := readAttribute(dir, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
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

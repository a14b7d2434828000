package usb

import (
	"fmt"
	"slices"
)

// MaxSeats bounds a roster: a device that shows another serial number each time it is plugged in must not fill memory. upsd serves as many.
const MaxSeats = 64

// Seat is one device that was seen since boot, at one port.
type Seat struct {
	Port            string
	Vendor, Product uint16
	Serial          string
	NotUPS          bool // its driver found no power device, since the start

	// What the device's strings said when it was last learned. They do not make it another device.
	Manufacturer, ProductName string
}

// SeatOf is the seat that a device would get.
func SeatOf(id ID) Seat {
	return Seat{Port: id.Port, Vendor: id.Vendor, Product: id.Product, Serial: id.Serial,
		Manufacturer: id.Manufacturer, ProductName: id.ProductName}
}

// Matches reports whether the device is the one of the seat: the same model with the same serial number at the same port.
func (s Seat) Matches(id ID) bool {
	return s.Port == id.Port && s.Vendor == id.Vendor && s.Product == id.Product && s.Serial == id.Serial
}

// Is reports whether s and t stand for the same device at the same port, whatever is known of it.
func (s Seat) Is(t Seat) bool {
	s.NotUPS, s.Manufacturer, s.ProductName = t.NotUPS, t.Manufacturer, t.ProductName
	return s == t
}

func (s Seat) String() string {
	return fmt.Sprintf("%04x:%04x at port %s", s.Vendor, s.Product, s.Port)
}

// Roster lists the devices seen since boot in the order they came. It only grows, so a device keeps its seat number,
// which is its index plus one, when it is unplugged and plugged in again; a full one's last seat alone may change hands. The number is what a
// driver's user hangs on, and the name hangs on all seats up to its own (services/identity). A Roster is a value: methods return the changed copy.
type Roster []Seat

// Add finds the device's seat or gives it the next one. It fails when there are no seats left.
func (r Roster) Add(id ID) (Roster, int, error) {
	if number := r.Find(id); number > 0 {
		return r, number, nil
	}
	if len(r) >= MaxSeats {
		return r, 0, fmt.Errorf("%v: the roster is full with %d devices", id, MaxSeats)
	}
	return append(slices.Clone(r), SeatOf(id)), len(r) + 1, nil
}

// Replace gives the last seat of a full roster to a device that has none, and is for one whose own device is not there: a device with another serial
// number at each plug then has that seat to itself. Any other seat may have a part in the names of those behind it, which an owner may have bound in
// ways that whoever keeps the roster does not know.
func (r Roster) Replace(id ID) (Roster, int) {
	r = slices.Clone(r)
	r[len(r)-1] = SeatOf(id)
	return r, len(r)
}

// Find returns the number of the device's seat, or 0.
func (r Roster) Find(id ID) int {
	return slices.IndexFunc(r, func(s Seat) bool { return s.Matches(id) }) + 1
}

// Seat returns the seat with the given number.
func (r Roster) Seat(number int) (Seat, bool) {
	if number < 1 || number > len(r) {
		return Seat{}, false
	}
	return r[number-1], true
}

// UPSAt reports whether there is a seat of a UPS at the port.
func (r Roster) UPSAt(port string) bool {
	return slices.ContainsFunc(r, func(s Seat) bool { return s.Port == port && !s.NotUPS })
}

// UPSes is the roster without the seats of what is no UPS. Seats get other numbers: it is for a start, before any has a driver.
func (r Roster) UPSes() Roster {
	return slices.DeleteFunc(slices.Clone(r), func(s Seat) bool { return s.NotUPS })
}

// Mark records whether the device of a seat is something else than a UPS. A number that is no seat's changes nothing.
func (r Roster) Mark(number int, notUPS bool) Roster {
	if seat, ok := r.Seat(number); !ok || seat.NotUPS == notUPS {
		return r
	}
	r = slices.Clone(r)
	r[number-1].NotUPS = notUPS
	return r
}

// Learn records what the strings of a seat's device say, where they say anything; another firmware may say it otherwise. A device that is
// bound by them may get another name, so call it only while no driver runs for the seat. A number that is no seat's changes nothing.
func (r Roster) Learn(number int, id ID) Roster {
	seat, ok := r.Seat(number)
	if !ok || id.Manufacturer == "" && id.ProductName == "" {
		return r
	}
	learned := seat
	learned.Manufacturer, learned.ProductName = id.Manufacturer, id.ProductName
	if learned == seat {
		return r
	}
	r = slices.Clone(r)
	r[number-1] = learned
	return r
}

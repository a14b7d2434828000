package config

import (
	"errors"
	"slices"
)

const keyDesc = "desc"

// upsKeys are the keys of [ups.NAME].
var upsKeys = slices.Concat(bindingKeys, powerKeys, pollKeys, driverKeys)

var bindingKeys = []rule[UPS]{
	{keyDesc, func(u *UPS, v value) (err error) { u.Desc, err = text(v, 256); return }, func(u UPS) string { return showText(u.Desc) },
		"text, at most 256 bytes", "none", "What clients show as the UPS's description."},
	{keyAlias, func(u *UPS, v value) (err error) { u.Alias, err = some(v, maxAliases, upsName); return }, func(u UPS) string { return showList(u.Alias) },
		"name, or list of up to 8", "none", "Other names by which clients may ask for the UPS. No list shows them."},
	{"vendorid", func(u *UPS, v value) (err error) { u.VendorID, err = hexID(v); return }, func(u UPS) string { return showText(u.VendorID) },
		"1 to 4 hexadecimal digits, or a pattern", "any", "Binding: USB vendor, as `lsusb` shows it."},
	{"productid", func(u *UPS, v value) (err error) { u.ProductID, err = hexID(v); return }, func(u UPS) string { return showText(u.ProductID) },
		"1 to 4 hexadecimal digits, or a pattern", "any", "Binding: USB product."},
	{"vendor", func(u *UPS, v value) (err error) { u.Vendor, err = pattern(v); return }, func(u UPS) string { return showText(u.Vendor) },
		"pattern, at most 126 bytes", "any", "Binding: name of the manufacturer as USB gives it."},
	{"product", func(u *UPS, v value) (err error) { u.Product, err = pattern(v); return }, func(u UPS) string { return showText(u.Product) },
		"pattern, at most 126 bytes", "any", "Binding: name of the product as USB gives it."},
	{"serial", func(u *UPS, v value) (err error) { u.Serial, err = pattern(v); return }, func(u UPS) string { return showText(u.Serial) },
		"pattern, at most 126 bytes", "any", "Binding: serial number as USB gives it."},
	{"bus", func(u *UPS, v value) (err error) { u.Bus, err = busNumber(v); return }, func(u UPS) string { return showText(u.Bus) },
		"1 to 999, or a pattern of three digits", "any", "Binding: number of the USB bus. Another kernel may number them otherwise."},
	{"busport", func(u *UPS, v value) (err error) { u.BusPort, err = busNumber(v); return }, func(u UPS) string { return showText(u.BusPort) },
		"1 to 999, or a pattern of three digits", "any", "Binding: number of the port on the hub that the UPS is plugged into, the last one of its port path."},
	{"port", func(u *UPS, v value) (err error) { u.Port, err = portPath(v); return }, func(u UPS) string { return showText(u.Port) },
		"USB port path, as `1-1.4`, or `auto`", "any", "Binding: the USB port that the UPS is plugged into. `auto` is any, as in NUT."},
}

var powerKeys = []rule[UPS]{
	wholeNumber("powervalue", func(u *UPS) **int { return &u.PowerValue }, 0, 64, "supplies", "1",
		"How many supplies it feeds, which `minsupplies` counts; 0: it is watched and never shut down."),
}

var pollKeys = []rule[UPS]{
	{"pollinterval", func(u *UPS, v value) (err error) { u.PollInterval, err = seconds(v, 10); return },
		func(u UPS) string { return showSeconds(u.PollInterval) },
		"whole seconds, 1 to 10", "2", "Time between readings of the status."},
	{"pollfreq", func(u *UPS, v value) (err error) { u.PollFreq, err = seconds(v, 3600); return },
		func(u UPS) string { return showSeconds(u.PollFreq) },
		"whole seconds, 1 to 3600", "30; CyberPower 12", "Time between readings of everything else; not under `pollinterval`."},
}

func checkUPS(u UPS) error {
	switch {
	case u.PollFreq != 0 && u.PollFreq < u.PollInterval:
		return errors.New("pollfreq is shorter than pollinterval")
	case u.Driver.PollOnly && u.Driver.InterruptOnly:
		return keyError{"interruptonly", errors.New("with pollonly nothing would be read")}
	}
	return nil
}

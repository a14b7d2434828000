package main

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/upscard/upscard/services/hid"
)

const iSerialNumber hid.Usage = 0x008400ff

// short is a serial number that may stand in other texts by chance, as "0" does, so it is masked only where it stands alone.
const short = 4

// mask puts X's in the place of the serial number.
func (r *recording) mask() {
	r.masked = true
	for _, serial := range r.serials() {
		hide := hider(serial)
		for _, text := range []*string{&r.ID.Serial, &r.ID.Manufacturer, &r.ID.ProductName} {
			*text = hide(*text)
		}
		for index, text := range r.Strings {
			r.Strings[index] = hide(text)
		}
		if len(serial) < short {
			continue
		}
		x := bytes.Repeat([]byte("X"), len(serial)) // as many bytes
		for _, reports := range []map[uint8][]byte{r.Feature, r.input} {
			for id, report := range reports {
				reports[id] = bytes.ReplaceAll(report, []byte(serial), x)
			}
		}
		for i, p := range r.packets {
			r.packets[i].data = bytes.ReplaceAll(p.data, []byte(serial), x)
		}
	}
}

// serials are the device's serial numbers: as its device descriptor and as its reports name it.
func (r *recording) serials() []string {
	all := []string{r.ID.Serial}
	if len(r.Device) > 16 {
		all = append(all, r.Strings[r.Device[16]])
	}
	for i := range r.Parsed.Fields {
		if f := &r.Parsed.Fields[i]; f.Usage() == iSerialNumber {
			text, _ := r.Text(f)
			all = append(all, text)
		}
	}
	return all
}

// hider replaces the serial number in a text.
func hider(serial string) func(string) string {
	x := strings.Repeat("X", utf8.RuneCountInString(serial))
	return func(text string) string {
		switch {
		case text == serial:
			return x
		case len(serial) < short:
			return text
		}
		return strings.ReplaceAll(text, serial, x)
	}
}

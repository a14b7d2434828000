package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/hid"
)

// encode writes the recording as README.md says.
func (r *recording) encode() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# A UPS as upscard's tools/capture recorded it.")
	line("schema = \"ups-hid-capture/1\"")
	line("vendor_id = 0x%04x\nproduct_id = 0x%04x", r.ID.Vendor, r.ID.Product)
	r.texts(line)
	line("bcd_device = \"%04x\"", r.ID.Release)
	line("interface = %d", r.Interface)
	if r.lowSpeed {
		line("low_speed = true")
	}
	if r.packet > 0 {
		line("max_packet = %d", r.packet)
	}
	r.descriptors(line)

	line("\n[source]\nkind = \"upscard tools/capture\"\ndate = \"%s\"", r.date.UTC().Format("2006-01-02"))
	line("serial_masked = %v", r.masked)
	line("\n[verify]\nitems = %d\nparser_notes = [%s]", len(r.items()), strings.Join(r.notes(), ", "))
	writeReports(line, "feature", r.Feature)
	writeReports(line, "input", r.input)
	line("\n[strings]")
	for _, index := range slices.Sorted(maps.Keys(r.Strings)) {
		line("%d = %s", index, quote(r.Strings[index]))
	}
	line("\n[errors]")
	for _, m := range r.Missing {
		line("%s = %s", quote(m.What), quote(m.Err.Error()))
	}
	for _, p := range r.packets {
		line("\n[[interrupts]]\nat = %.3f\ndata = \"%x\"", p.at.Seconds(), p.data)
	}
	r.paths(line)
	return b.String()
}

type printer func(format string, args ...any)

// texts writes the strings that the device has.
func (r *recording) texts(line printer) {
	for _, t := range []struct{ key, text string }{
		{"manufacturer", r.ID.Manufacturer}, {"product", r.ID.ProductName}, {"serial", r.ID.Serial},
	} {
		if t.text != "" {
			line("%s = %s", t.key, quote(t.text))
		}
	}
}

// descriptors writes those that the device has. What it answers for its HID descriptor is of interest where its configuration says otherwise.
func (r *recording) descriptors(line printer) {
	asked := r.AskedHID
	if slices.Equal(asked, r.HID) {
		asked = nil
	}
	for _, d := range []struct {
		key  string
		data []byte
	}{
		{"device_descriptor", r.Device}, {"configuration_descriptor", r.Configuration}, {"hid_descriptor", r.HID}, {"hid_descriptor_asked", asked},
	} {
		if len(d.data) > 0 {
			line("%s = \"%x\"", d.key, d.data)
		}
	}
	line("report_descriptor_length = %d\nreport_descriptor = \"%x\"", len(r.Report), r.Report)
}

// notes are what is wrong with the report descriptor.
func (r *recording) notes() []string {
	var all []string
	for _, p := range r.Problems {
		all = append(all, quote(p.String()))
	}
	return all
}

func writeReports(line printer, kind string, reports map[uint8][]byte) {
	line("\n[reports.%s]", kind)
	for _, id := range slices.Sorted(maps.Keys(reports)) {
		line("0x%02x = \"%x\"", id, reports[id])
	}
}

// items are the fields that NUT's parser lists: further ones of the same usage are padding to it.
func (r *recording) items() []*hid.Field {
	var all []*hid.Field
	for i := range r.Parsed.Fields {
		if f := &r.Parsed.Fields[i]; f.Index == 0 {
			all = append(all, f)
		}
	}
	return all
}

// paths lists the fields with their values as NUT's `usbhid-ups -DD` does. NUT reads Input fields from the answer to
// GET_REPORT(Feature); only where there is none they come from what the device sent.
func (r *recording) paths(line printer) {
	for _, f := range r.items() {
		report, ok := r.Feature[f.ReportID]
		if !ok && f.Kind == hid.Input {
			report = r.input[f.ReportID]
		}
		raw, ok := f.Raw(report)
		if !ok || f.Kind == hid.Output {
			continue
		}
		line("\n[[paths]]\npath = \"%v\"\ntype = \"%v\"\nreport_id = 0x%02x\noffset = %d\nsize = %d\nvalue = \"%s\"",
			f.Path, f.Kind, f.ReportID, f.Offset, f.Size, strconv.FormatFloat(f.Physical(raw), 'g', 6, 64))
	}
}

// quote writes a text as a basic string of TOML.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// summary tells a person what is in the file, and what is not.
func (r *recording) summary(name string) string {
	text := fmt.Sprintf("%s: %d fields, %d reports, %d strings, %d interrupt packets\n", name, len(r.items()), len(r.Feature), len(r.Strings), len(r.packets))
	if n := len(r.Missing); n > 0 {
		text += fmt.Sprintf("%d things could not be read: [errors] in the file has them\n", n)
	}
	if !r.IsPower() {
		text += "the device describes itself as no power device: it may be no UPS\n"
	}
	if r.ID.Serial != "" && !r.masked {
		text += fmt.Sprintf("the file holds the serial number %s: -mask-serial leaves it out\n", r.ID.Serial)
	}
	return text
}

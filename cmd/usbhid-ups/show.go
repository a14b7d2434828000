package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/survey"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbhid"
)

// show prints the survey for people.
func show(out io.Writer, s *survey.Survey) error {
	lines := []string{fmt.Sprintf("%v: %s", s.ID, strings.Join(names(s.ID), ", "))}
	what := "a power device"
	if !s.IsPower() {
		what = "no power device"
	}
	parsed, _ := hid.Parse(s.Report) // of its own: a family's table corrects it
	served, family := usbhid.Explain(s.ID, parsed)
	if s.IsPower() {
		what += " of the table " + strconv.Quote(family)
	}
	lines = append(lines, fmt.Sprintf("%s; interface %d, report descriptor of %d bytes, %d fields, %d reports read",
		what, s.Interface, len(s.Report), len(s.Parsed.Fields), len(s.Feature)), "")
	lines = append(lines, table(s, served)...)
	for _, m := range s.Missing {
		lines = append(lines, fmt.Sprintf("%s could not be read: %v", m.What, m.Err))
	}
	for _, p := range s.Problems {
		lines = append(lines, fmt.Sprintf("report descriptor, %v", p))
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// table is a line for each field, with what it is served as, and an empty one.
func table(s *survey.Survey, served map[string][]string) []string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PATH\tKIND\tREPORT\tBIT\tBITS\tRANGE\tUNIT\tVALUE\tSERVED AS")
	for i := range s.Parsed.Fields {
		f := &s.Parsed.Fields[i]
		if f.Index > 0 {
			continue
		}
		fmt.Fprintf(t, "%v\t%v\t0x%02x\t%d\t%d\t%d..%d\t%s\t%s\t%s\n",
			f.Path, f.Kind, f.ReportID, f.Offset, f.Size, f.LogicalMin, f.LogicalMax, f.UnitName(), value(s, f),
			strings.Join(served[f.Path.String()], " "))
	}
	t.Flush()
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// names are what the device calls itself.
func names(id usb.ID) []string {
	var all []string
	for _, text := range []string{id.Manufacturer, id.ProductName} {
		if text != "" {
			all = append(all, text)
		}
	}
	if id.Serial != "" {
		all = append(all, "serial "+id.Serial)
	}
	return append(all, fmt.Sprintf("release %04x", id.Release))
}

// value is what the field holds, in the unit and with the text that it stands for; "" where its report was not read. An Input field's
// comes from a Feature report only where no Feature field claims that.
func value(s *survey.Survey, f *hid.Field) string {
	report, ok := s.Feature[f.ReportID]
	if !ok || f.Kind != hid.Feature && (f.Kind == hid.Output || s.Parsed.ReportLen(hid.Feature, f.ReportID) > 0) {
		return ""
	}
	if f.Choices != nil {
		if u, ok := f.Selected(report); ok {
			return u.String()
		}
		return "none"
	}
	raw, ok := f.Raw(report)
	if !ok {
		return "none"
	}
	text := strconv.FormatFloat(f.Physical(raw), 'g', 10, 64)
	if named, ok := s.Text(f); ok {
		text += fmt.Sprintf(" %q", named)
	}
	return text
}

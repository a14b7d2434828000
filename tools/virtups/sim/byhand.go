package sim

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/hid"
)

func (u *UPS) doFields(args []string) ([]string, error) {
	word := strings.ToLower(strings.Join(args, " "))
	var lines []string
	for i := range u.parsed.Fields {
		f := &u.parsed.Fields[i]
		w := wide(f)
		raw, ok := w.Raw(u.reports.image(f.Kind, f.ReportID))
		line := fmt.Sprintf("0x%02x %-7v %s = %g", f.ReportID, f.Kind, f.Path, w.Physical(raw))
		if ok && strings.Contains(strings.ToLower(line), word) {
			lines = append(lines, line)
		}
	}
	if lines == nil {
		return nil, fmt.Errorf("no field's name holds %q", word)
	}
	return lines, nil
}

func (u *UPS) doReport(args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("expected a report id")
	}
	id, err := reportID(args[0])
	if err != nil {
		return nil, err
	}
	if u.reports.answer(hid.Feature, id) == nil {
		return nil, fmt.Errorf("the device has no report 0x%02x", id)
	}
	switch text := strings.Join(args[1:], ""); {
	case text == "auto":
		u.reports.thaw(id)
		u.reports.refresh(u.unit, u.bindings)
	case text != "":
		if err := u.freeze(id, text); err != nil {
			return nil, err
		}
	}
	var lines []string
	for _, kind := range []hid.Kind{hid.Feature, hid.Input} {
		if image := u.reports.image(kind, id); image != nil {
			lines = append(lines, fmt.Sprintf("%-7v % x", kind, image))
		}
	}
	return lines, nil
}

// freeze puts bytes into a report, of both kinds where there are two, and keeps the model from it. Short and long ones are allowed: that is what they
// are for.
func (u *UPS) freeze(id uint8, text string) error {
	data, err := hex.DecodeString(text)
	if err != nil || len(data) > 4096 {
		return fmt.Errorf("%q is no report in hexadecimal, nor auto", text)
	}
	if id != 0 && data[0] != id {
		return fmt.Errorf("report 0x%02x must begin with its id, not with %02x", id, data[0])
	}
	u.reports.freeze(id, data)
	if u.reports.image(hid.Input, id) != nil {
		u.send(id, data, u.opts.Now())
	}
	return nil
}

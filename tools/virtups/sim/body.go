package sim

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/model"
)

// body is one UPS as it can be plugged in.
type body struct {
	desc        *device.Description
	descriptors *device.Descriptors
	parsed      *hid.Descriptor
	unit        *model.Unit
	reports     *reports
	bindings    []binding
}

// newBody makes a UPS that runs on the mains.
func newBody(desc *device.Description, opts Options) *body {
	parsed, problems := hid.Parse(desc.ReportDescriptor)
	for _, p := range problems {
		opts.Logger.Debug("report descriptor", "problem", p.String())
	}
	b := &body{desc: desc, descriptors: desc.Descriptors(), parsed: parsed, reports: newReports(desc, parsed, opts.Still)}
	b.unit, b.bindings = bind(parsed, b.reports)
	if opts.Still {
		b.bindings = nil
	}
	b.reports.refresh(b.unit, b.bindings)
	return b
}

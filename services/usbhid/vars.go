package usbhid

import (
	"fmt"
	"strconv"

	"github.com/upscard/upscard/services/ups"
)

// vars returns every variable as the device is known now. It takes over extra, whose values win.
func (m *model) vars(extra map[string]string) map[string]ups.Var {
	vars := make(map[string]ups.Var)
	in := &inputs{vars: vars, texts: m.texts}
	if m.full != nil && m.full.known {
		in.full = m.full.now.value
	}
	put := func(name, value string) { vars[name] = ups.Var{Value: clean(value)} }
	for _, s := range m.slots {
		src, ok := m.source(s)
		if s.flag != 0 || !ok || !src.known {
			continue
		}
		if value, ok := src.show(src.now.value, in); ok {
			put(s.name, value)
		}
	}
	for name, value := range m.identity() {
		put(name, value)
	}
	for name, value := range extra {
		put(name, value)
	}
	m.putStatus(put, in)
	return vars
}

// putStatus adds what the flags say.
func (m *model) putStatus(put func(name, value string), in *inputs) {
	f := m.flags(nil)
	alarm := alarmText(f)
	b := in.battery()
	if !m.low.agreed {
		b.chargeLow, b.runtimeLow = -1, -1
	}
	put("ups.status", statusWords(f, b, alarm != ""))
	if alarm != "" {
		put("ups.alarm", alarm)
	}
	if reason := transferReason(f); reason != "" {
		put("input.transfer.reason", reason)
	}
}

// battery returns what the status depends on.
func (in *inputs) battery() battery {
	value := func(name string) float64 {
		v, err := strconv.ParseFloat(in.vars[name].Value, 64)
		if err != nil {
			return -1
		}
		return v
	}
	return battery{
		charge: value("battery.charge"), chargeLow: value("battery.charge.low"),
		runtime: value("battery.runtime"), runtimeLow: value("battery.runtime.low"),
	}
}

// identity returns what the USB descriptors say of the device. Strings that it has not are left out.
func (m *model) identity() map[string]string {
	vars := map[string]string{
		"device.type":         "ups",
		"driver.version.data": m.family.name,
		"ups.vendorid":        fmt.Sprintf("%04x", m.id.Vendor),
		"ups.productid":       fmt.Sprintf("%04x", m.id.Product),
		"ups.mfr":             m.id.Manufacturer,
		"ups.model":           m.id.ProductName,
		"ups.serial":          m.id.Serial,
	}
	if vars["ups.mfr"] == "" {
		vars["ups.mfr"] = m.family.vendor
	}
	if m.family.identify != nil {
		m.family.identify(m.id, vars)
	}
	for _, what := range []string{"mfr", "model", "serial"} {
		if vars["ups."+what] == "" {
			delete(vars, "ups."+what)
			continue
		}
		vars["device."+what] = vars["ups."+what]
	}
	return vars
}

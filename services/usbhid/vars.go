package usbhid

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/ups"
)

// vars returns every variable as the device is known now. It takes over extra, whose values win.
func (m *model) vars(extra map[string]string) map[string]ups.Var {
	vars := m.every(extra)
	maps.DeleteFunc(vars, func(name string, _ ups.Var) bool { return strings.HasPrefix(name, hidden) })
	return vars
}

// hidden is how the names of variables begin that are for other rows to look at only.
const hidden = "."

// every returns the hidden variables too.
func (m *model) every(extra map[string]string) map[string]ups.Var {
	vars := make(map[string]ups.Var)
	in := &inputs{vars: vars, full: m.fullCharge(), texts: m.texts}
	put := func(name, value string) {
		if _, fixed := m.tuning.Override[name]; !fixed {
			vars[name] = ups.Var{Value: clean(value)}
		}
	}
	for _, s := range m.slots {
		src, ok := m.source(s)
		if s.flag != 0 || !ok || !src.known {
			continue
		}
		if value, ok := m.value(s, src, in); ok {
			vars[s.name] = src.describe(clean(value), in)
		}
	}
	for name, value := range m.identity() {
		if vars[name].Value == "" { // the table has nothing better
			put(name, value)
		}
	}
	if model := vars["ups.model"].Value; model != "" {
		put("device.model", model)
	}
	for name, value := range extra {
		put(name, value)
	}
	m.replace(vars)
	m.putStatus(put, in)
	return vars
}

// replace puts in the values that the owner wants: conversions have seen the UPS's own.
func (m *model) replace(vars map[string]ups.Var) {
	for name, value := range m.tuning.Default {
		if _, told := vars[name]; !told {
			vars[name] = ups.Var{Value: clean(value)}
		}
	}
	for name, value := range m.tuning.Override {
		vars[name] = ups.Var{Value: clean(value)}
	}
}

// fullCharge is what a full battery holds, 0 if it is not known.
func (m *model) fullCharge() float64 {
	if m.full != nil && m.full.known {
		return m.full.now.value
	}
	return 0
}

// value is what the variable of a slot is.
func (m *model) value(s *slot, src source, in *inputs) (string, bool) {
	if v, ok := m.kept[s.name]; ok {
		return v, true
	}
	if src.as.kept == "" {
		return src.as.show(src.now.value, in)
	}
	return src.as.kept, true
}

// putStatus adds what the flags say.
func (m *model) putStatus(put func(name, value string), in *inputs) {
	f := m.flags(nil)
	alarm := alarmText(f, m.notices())
	b := m.battery(in)
	said := m.tuning.low(f, b)
	switch {
	case !m.low.agreed:
		b.chargeLow, b.runtimeLow = -1, -1
	case !b.comparable() && said.known&lowFlags == 0:
		said.set(lowBattery, true)
	}
	put("ups.status", statusWords(said, b, alarm != ""))
	if alarm != "" {
		put("ups.alarm", alarm)
	}
	if reason := transferReason(f); reason != "" {
		put("input.transfer.reason", reason)
	}
}

// battery returns what the status depends on.
func (m *model) battery(in *inputs) battery {
	value := func(name string) float64 {
		v, err := strconv.ParseFloat(in.vars[name].Value, 64)
		if err != nil {
			return -1
		}
		return v
	}
	b := battery{
		charge: value("battery.charge"), chargeLow: value("battery.charge.low"),
		runtime: value("battery.runtime"), runtimeLow: value("battery.runtime.low"),
	}
	if _, chosen := m.tuning.Override["battery.charge.low"]; b.chargeLow >= 0 && !chosen {
		b.chargeLow += m.family.margin
	}
	return b
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

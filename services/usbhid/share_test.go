package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
)

// made are the variables that all status reports together make.
var made = []string{"ups.status", "ups.alarm", "input.transfer.reason"}

// guessed reports whether a report that feeds the variable is not in the capture. Then its value in the reference says nothing.
func guessed(t *testing.T, c hidtest.Capture, m *model, name string) bool {
	t.Helper()
	held := c.Feature(t)
	for _, s := range m.slots {
		src, ok := m.source(s)
		mine := s.flag == 0 && s.name == name || s.flag != 0 && slices.Contains(made, name)
		if ok && mine && src.key().kind == hid.Feature && held[src.key().id] == nil {
			return true
		}
	}
	return false
}

// TestShareUnlikeNUT holds the differences of a family to 5 %, or one, of all variables, commands and writable variables that the references of its captures
// have. What differs only because the capture lacks a report is none. An entry for what does not differ is out of date.
func TestShareUnlikeNUT(t *testing.T) {
	total, unlike := make(map[string]int), make(map[string]int)
	for _, c := range hidtest.Captures(t) {
		f := familyOf(usb.ID{Vendor: c.VendorID, Product: c.ProductID, Manufacturer: c.Manufacturer, ProductName: c.Product})
		if f == &generic {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want, wantOffers := reference(t, c.Name), referenceOffers(t, c.Name)
			m := filled(t, c)
			got, offers := m.vars(nil), offersOf(m)
			for name := range want {
				if !ofNUT(name) {
					total[f.name]++
				}
			}
			total[f.name] += len(wantOffers.commands) + len(wantOffers.writable)
			for name := range unlikeNUT[c.Name] {
				offered := slices.Contains(offers.commands, name) != slices.Contains(wantOffers.commands, name) ||
					slices.Contains(offers.writable, name) != slices.Contains(wantOffers.writable, name)
				value := has(got, name) != has(want, name) || got[name].Value != want[name]
				switch {
				case !offered && !value:
					t.Errorf("%s does not differ", name)
				case offered || !guessed(t, c, m, name):
					unlike[f.name]++
				}
			}
		})
	}
	for _, name := range sortedKeys(total) {
		t.Logf("%s: %d of %d differ", name, unlike[name], total[name])
		if unlike[name] > max(1, total[name]/20) { // the GXT4's reference has 17 in all
			t.Errorf("%s: %d of %d differ, more than 5 %%", name, unlike[name], total[name])
		}
	}
}

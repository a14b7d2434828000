package usbhid

import (
	"testing"

	"github.com/upscard/upscard/services/usb"
)

func summary(status string) string { return "PowerSummary.PresentStatus." + status }

// The owner's own limit is no place where the load is cut: it counts as it stands.
func TestEcoFlowOwnLimit(t *testing.T) {
	for charge, want := range map[uint32]string{21: "OB DISCHRG", 20: "OB DISCHRG", 19: "OB DISCHRG LB"} {
		got := hear(t, usb.ID{Vendor: 0x3746}, nil, []said{
			{summary("ACPresent"), 0, 0}, {summary("Discharging"), 1, 0}, {"PowerSummary.RemainingCapacity", charge, 0},
			{"PowerSummary.RemainingCapacityLimit", 10, 0},
		}, Tuning{Override: map[string]string{"battery.charge.low": "20"}})
		if got["ups.status"] != want {
			t.Errorf("at %d %% ups.status is %q, want %q", charge, got["ups.status"], want)
		}
	}
}

func TestEcoFlowQuirks(t *testing.T) {
	const ecoflow = 0x3746
	// At the discharge limit all of these are told at once.
	atLimit := []said{
		{summary("ACPresent"), 0, 0}, {summary("Discharging"), 1, 0}, {summary("FullyDischarged"), 1, 0},
		{summary("NeedReplacement"), 1, 0}, {summary("BatteryPresent"), 0, 0},
	}
	// Close to the limit nothing but the charge tells.
	nearLimit := func(charge uint32) []said {
		return []said{
			{summary("ACPresent"), 0, 0}, {summary("Discharging"), 1, 0}, {summary("BelowRemainingCapacityLimit"), 0, 0},
			{summary("ShutdownImminent"), 0, 0}, {"PowerSummary.RemainingCapacity", charge, 0}, {"PowerSummary.RemainingCapacityLimit", 10, 0},
		}
	}
	onMains := nearLimit(12)
	onMains[0].raw, onMains[1].raw = 1, 0
	readRight(t, []quirk{
		{"runtime counts minutes", ecoflow, 0xffff, []said{{"PowerSummary.RunTimeToEmpty", 95, 0}}, "battery.runtime", "95", "5700"},
		{"empty is not worn", ecoflow, 0xffff, atLimit, "ups.status", "ALARM OB RB", "OB"},
		{"empty is not missing", ecoflow, 0xffff, atLimit, "ups.alarm", "Replace battery! No battery installed!", ""},
		{"worn while not empty", ecoflow, 0xffff, []said{{summary("ACPresent"), 1, 0}, {summary("FullyDischarged"), 0, 0}, {summary("NeedReplacement"), 1, 0}},
			"ups.status", "ALARM OL RB", "ALARM OL RB"},
		{"low before the load is cut", ecoflow, 0xffff, nearLimit(14), "ups.status", "OB DISCHRG", "OB DISCHRG LB"},
		{"not low yet", ecoflow, 0xffff, nearLimit(15), "ups.status", "OB DISCHRG", "OB DISCHRG"},
		{"not low on mains", ecoflow, 0xffff, onMains, "ups.status", "OL", "OL"},
		{"no order that does nothing", ecoflow, 0xffff, []said{{"PowerSummary.DelayBeforeShutdown", 1, 0}}, "ups.delay.shutdown", "20", ""},
	})
}

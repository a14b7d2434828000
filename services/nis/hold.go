package nis

import (
	"strings"

	"github.com/upscard/upscard/services/ups"
)

// Hold is what to show of a UPS after next came: next itself, or, where upsd or the driver has gone and nothing is known, what was shown last,
// as Stale. An outage does not end by that.
func Hold(shown, next *ups.Snapshot) *ups.Snapshot {
	if next.Freshness() == ups.Fresh || next.Freshness() == ups.Stale && next.Value("ups.status") != "" {
		return next
	}
	if shown.Freshness() == ups.Absent {
		return next
	}
	held := map[string]string{}
	if fsd := next.Value("server.fsd"); fsd != "" { // upsd knows that without a driver
		held["server.fsd"] = fsd
		if fsd != "yes" {
			held["ups.status"] = strings.Join(without(strings.Fields(shown.Value("ups.status")), "FSD"), " ")
		}
	}
	return shown.WithValues(held).With(ups.Stale)
}

func without(words []string, word string) (rest []string) {
	for _, w := range words {
		if w != word {
			rest = append(rest, w)
		}
	}
	return rest
}

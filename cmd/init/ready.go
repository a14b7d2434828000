package main

import (
	"fmt"
	"slices"

	"github.com/upscard/upscard/services/supervise"
)

func readyLine(host string) string { return fmt.Sprintf("ready: upsd on %s:%d", host, portNUT) }

// isReady tells whether all the named programs are ready.
func isReady(all []supervise.Status, names ...string) bool {
	for _, name := range names {
		ready := func(st supervise.Status) bool { return st.Name == name && st.State == supervise.Ready }
		if !slices.ContainsFunc(all, ready) {
			return false
		}
	}
	return true
}

#!/bin/sh
# Everything that is checked before a change lands: guards, unit tests, each fuzz target for a moment, the booted card.
set -eu

say() { printf '\n== %s\n' "$*"; }

# Each package once. What needs libusb of this machine's own architecture is left out of the first: only its edge is, behind an interface.
raced=$(CGO_ENABLED=0 go list ./cmd/... ./services/... ./tools/virtups/... | grep -vE '/(libusb|usbhid-ups)$')
say "everything that goes on the card, with the race detector"
go test -race $raced

say "the rest, guards, and memory, which the race detector changes"
CGO_ENABLED=0 go test $(CGO_ENABLED=0 go list ./... | grep -v /tools/e2e | grep -vxF "$raced") ./services/shim

# A number of runs, not a time: go test takes the end of a time for a failure now and then ("context deadline exceeded").
say "fuzz targets, ${FUZZTIME:=5000x} each"
for dir in $(grep -rlE '^func Fuzz' --include='*_test.go' services cmd tools | xargs -n1 dirname | sort -u); do
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -d' ' -f2); do
		echo "$dir $target"
		CGO_ENABLED=0 go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" >"${log:=$(mktemp)}" 2>&1 || { cat "$log"; exit 1; }
	done
done
rm -f "${log:-}"

say "the booted card"
CGO_ENABLED=0 go test -count=1 -timeout 45m ./tools/e2e

package storage_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/upscard/upscard/services/storage"
	"github.com/upscard/upscard/services/usb"
)

// A UPS keeps its name over a restart, as init keeps the roster on the state partition.
func Example() {
	state, err := os.MkdirTemp("", "state")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(state)

	boot := func(plugged ...usb.ID) {
		dir, err := storage.Open(filepath.Join(state, "init"))
		if err != nil {
			fmt.Println(err)
			return
		}
		file, err := dir.File("roster", usb.MaxRosterText, 0o644)
		if err != nil {
			fmt.Println(err)
			return
		}
		roster, reading, err := storage.Load(file, func(data []byte) (usb.Roster, error) { return usb.ParseRoster(string(data)) })
		fmt.Println("read:", reading.Version, reading.Reason, err) // not a reason to stop: without a roster seats are given anew
		for _, id := range plugged {
			var seat int
			if roster, seat, err = roster.Add(id); err != nil {
				fmt.Println(err)
			}
			fmt.Println("port", id.Port, "has seat", seat)
		}
		if err := file.Save([]byte(roster.String())); err != nil { // writes only what changed
			fmt.Println(err)
		}
	}
	left := usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1", Serial: "A"}
	right := usb.ID{Vendor: 0x051d, Product: 2, Port: "1-2", Serial: "B"}
	boot(left, right)
	boot(right, left)
	// Output:
	// read: none <nil> <nil>
	// port 1-1 has seat 1
	// port 1-2 has seat 2
	// read: current <nil> <nil>
	// port 1-2 has seat 2
	// port 1-1 has seat 1
}

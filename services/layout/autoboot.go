package layout

import "fmt"

// AutobootFile is the file on the configuration partition by which the Pi's firmware chooses the system to boot. It reads at most 512
// bytes of it.
const AutobootFile = "autoboot.txt"

// Autoboot returns what AutobootFile says when system is to be booted, and the other one once when it is asked for by a reboot with
// the argument "0 tryboot".
func Autoboot(system int) []byte {
	return fmt.Appendf(nil, "[all]\ntryboot_a_b=1\nboot_partition=%d\n[tryboot]\nboot_partition=%d\n", system, OtherSystem(system))
}

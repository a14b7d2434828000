package sandbox

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// capabilityNames is indexed by capability number (linux/capability.h).
func capabilityNames() []string {
	return []string{
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
		"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
		"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
		"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
		"checkpoint_restore",
	}
}

func capability(name string) (int, error) {
	i := slices.Index(capabilityNames(), name)
	if i < 0 {
		return 0, fmt.Errorf("%q: no such capability", name)
	}
	return i, nil
}

// resource returns the number of a limit that is worth setting on the card.
func resource(name string) (int, error) {
	limits := []struct {
		name   string
		number int
	}{
		{"core", unix.RLIMIT_CORE},
		{"data", unix.RLIMIT_DATA}, // bytes; Go's heap counts, what it only reserves does not
		{"fsize", unix.RLIMIT_FSIZE},
		{"memlock", unix.RLIMIT_MEMLOCK},
		{"nofile", unix.RLIMIT_NOFILE},
		{"nproc", unix.RLIMIT_NPROC}, // threads of the uid
	}
	for _, l := range limits {
		if l.name == name {
			return l.number, nil
		}
	}
	return 0, fmt.Errorf("%q: no such limit", name)
}

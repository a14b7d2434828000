package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// native are the calls of running and files that other architectures lack or name otherwise.
func native() []uintptr { return []uintptr{unix.SYS_FSTATAT} }

package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rule decides a system call of that number whose arguments match.
type rule struct {
	call uintptr
	when []match
	do   verdict
}

// match compares the lower 32 bits of an argument, of which only those in mask count. The kernel takes no more than these of what is
// matched here.
type match struct {
	arg         int
	mask, value uint32
}

// verdict is what seccomp(2) returns from a filter.
type verdict uint32

const (
	allow verdict = unix.SECCOMP_RET_ALLOW
	kill  verdict = unix.SECCOMP_RET_KILL_PROCESS
)

func refuse(errno unix.Errno) verdict { return unix.SECCOMP_RET_ERRNO | verdict(errno) }

// Offsets in struct seccomp_data; arguments are 64 bits wide, their lower half first on both architectures.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16
)

// x32 marks the numbers of amd64's second set of system calls; arm64 has none so high.
const x32 = 0x40000000

// assemble makes a program of the rules. The first one that fits decides. A system call of another architecture kills.
func assemble(rules []rule, otherwise verdict) []unix.SockFilter {
	program := []unix.SockFilter{
		load(offsetArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		give(kill),
		load(offsetCall),
		jump(unix.BPF_JGE, x32, 0, 1),
		give(kill),
	}
	for _, r := range rules {
		var tests []unix.SockFilter
		for _, m := range r.when {
			tests = append(tests, load(offsetArgs+8*uint32(m.arg)))
			if m.mask != ^uint32(0) {
				tests = append(tests, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: m.mask})
			}
			tests = append(tests, jump(unix.BPF_JEQ, m.value, 0, 0))
		}
		tests = append(tests, give(r.do))
		for i := range tests {
			if tests[i].Code == unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K {
				tests[i].Jf = uint8(len(tests) - 1 - i)
			}
		}
		program = append(program, jump(unix.BPF_JEQ, uint32(r.call), 0, uint8(len(tests))))
		program = append(program, tests...)
		if len(r.when) > 0 {
			program = append(program, load(offsetCall))
			program[len(program)-len(tests)-2].Jf++ // the number is still loaded there
		}
	}
	return append(program, give(otherwise))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(condition uint16, value uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | condition | unix.BPF_K, K: value, Jt: yes, Jf: no}
}

func give(v verdict) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: uint32(v)}
}

// install puts the filter on the calling thread, with SECCOMP_FILTER_FLAG_TSYNC on all threads of the process.
func install(program []unix.SockFilter, flags uintptr) error {
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d has another filter", thread)
	}
	return nil
}

// Package sandbox confines a program before its first instruction runs.
//
// Two layers, because a program needs more to start than to run. Exec takes all that init knows of the program: ids, capabilities, limits,
// Landlock's files and TCP ports, the kinds of sockets, and a coarse filter that kills whoever makes a system call no program of the card
// has a use for. Tighten, in the program's first lines, leaves only what its duty needs: no exec, no second process.
//
// The coarse filter is a list of what is forbidden, since Go's runtime, glibc and the kernel's loader run under it before main does. The
// tight one is a list of what is allowed. A driver must not die in the middle of a power cut because a new release of Go makes a call that
// nobody thought of: what is on neither list fails with ENOSYS, as on an older kernel, for which the runtimes have another way, and the
// kernel logs it where it can. Only hostile calls kill: there the program is no longer ours.
//
// What Landlock does not name is refused. It knows no UDP, so what speaks UDP is bounded by the kinds of sockets alone. It holds what was
// there when the program started: files that are replaced need a rule for their directory.
package sandbox

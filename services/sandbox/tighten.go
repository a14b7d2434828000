package sandbox

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// duty is what a program needs once it runs, besides what every one does.
type duty struct {
	name    string
	sockets []string
	calls   [][]uintptr
}

func duties() []duty {
	return []duty{
		{"confd", nil, [][]uintptr{fileModes(), fileOwners()}},
		{"usbhid-ups", []string{"unix", "netlink.uevent"}, [][]uintptr{serving(), fileModes()}},
		{"upsd", []string{"unix", "inet", "inet6"}, [][]uintptr{serving(), fileModes()}},
		{"upsd.serving", []string{"unix"}, [][]uintptr{serving(), fileModes()}},                            // a feed for each UPS that appears, and no other listener
		{"upsmon", []string{"unix", "inet", "inet6"}, [][]uintptr{fileModes()}},                            // upsd's sockets, and those whom it tells; nobody can reach it
		{"mdnsd", []string{"unix", "inet", "inet6", "netlink.route"}, [][]uintptr{serving(), fileModes()}}, // a socket for each link that comes
		{"nisd", []string{"unix", "inet", "inet6"}, [][]uintptr{serving(), fileModes()}},
		{"nisd.serving", []string{"unix"}, [][]uintptr{serving(), fileModes()}}, // upsd's feeds and one of its own, and no other listener
		{"tlsshim", []string{"unix", "inet", "inet6"}, [][]uintptr{serving(), fileModes()}},
		{"tlsshim.serving", []string{"unix"}, [][]uintptr{serving(), fileModes()}}, // upsd's sockets, one for each client, and a feed, but no other listener
		{"netd", []string{"unix", "inet", "inet6", "packet", "netlink.route"}, [][]uintptr{serving(), fileModes(), clockSetting()}},
	}
}

// Tighten takes from all threads of this process, for good, every system call but those that the named duty needs. A program does so
// in its first lines, and may do so again.
func Tighten(name string) error {
	i := slices.IndexFunc(duties(), func(d duty) bool { return d.name == name })
	if i < 0 {
		return fmt.Errorf("sandbox: %q: no such duty", name)
	}
	program, err := tight(duties()[i])
	if err != nil {
		return fmt.Errorf("sandbox: %s: %w", name, err)
	}
	runtime.LockOSThread() // both calls are the thread's; the second one takes both to the other threads
	defer runtime.UnlockOSThread()
	if err := setNoNewPrivs(); err != nil {
		return fmt.Errorf("sandbox: no_new_privs: %w", err)
	}
	if err := install(program, unix.SECCOMP_FILTER_FLAG_TSYNC|unix.SECCOMP_FILTER_FLAG_LOG); err != nil {
		return fmt.Errorf("sandbox: seccomp: %w", err)
	}
	return nil
}

// tight is the filter of a duty.
func tight(d duty) ([]unix.SockFilter, error) {
	rules := slices.Concat(all(running(), allow), all(files(), allow), all(native(), allow), all(talking(), allow))
	for _, calls := range d.calls {
		rules = append(rules, all(calls, allow)...)
	}
	rules = append(rules, rule{unix.SYS_CLONE, []match{{0, namespaces | unix.CLONE_THREAD, unix.CLONE_THREAD}}, allow})
	sockets, err := socketRules(d.sockets)
	if err != nil {
		return nil, err
	}
	rules = slices.Concat(rules, sockets, all(execs(), kill), all(hostile(), kill))
	return assemble(rules, refuse(unix.ENOSYS)), nil
}

// Package initramfs makes the card's root file system.
package initramfs

import "github.com/u-root/mkuimage/cpio"

// programs are the card's own, in one busybox with the tools. init and the driver stand alone.
var programs = []string{
	"confd",
	"mdnsd",
	"netd",
	"nisd",
	"tlsshim",
	"upscard",
	"upsd",
	"upsmon",
}

// tools are u-root's core commands for the rescue shell.
var tools = []string{
	"cat", "chmod", "cp", "date", "dd", "df", "dmesg", "du", "echo", "find", "free", "gosh", "grep", "head", "hexdump",
	"hostname", "id", "ip", "kill", "ln", "ls", "lsfd", "mkdir", "more", "mount", "mv", "netstat", "pidof", "ping", "ps",
	"pwd", "readlink", "rm", "seq", "sleep", "sort", "stty", "sync", "tail", "touch", "umount", "uname", "uptime", "wc",
}

// base is what must be there before PID 1 has mounted anything.
var base = []cpio.Record{
	cpio.Directory("bbin", 0o755),
	cpio.Symlink("bbin/init", "../init"), // init poweroff, init reboot
	cpio.Symlink("bbin/sh", "gosh"),
	cpio.Symlink("bin", "bbin"),
	cpio.Directory("dev", 0o755),
	cpio.CharDev("dev/console", 0o600, 5, 1),
	cpio.CharDev("dev/null", 0o666, 1, 3),
	cpio.Directory("etc", 0o755),
	cpio.Symlink("etc/resolv.conf", "/run/netd/resolv.conf"),
	cpio.Directory("proc", 0o755),
	cpio.Directory("run", 0o755),
	cpio.Directory("sys", 0o755),
	cpio.Directory("tmp", 0o755),
}

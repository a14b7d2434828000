package main

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/supervise"
)

// What the signals mean to PID 1.
const (
	sigLog      = syscall.SIGUSR1
	sigPowerOff = syscall.SIGUSR2
	sigReboot   = syscall.SIGTERM
	sigTryboot  = syscall.Signal(36)
	sigKeys     = syscall.SIGINT // Ctrl-Alt-Del: reboot
)

// boot is PID 1 from beginning to end. It does not return. A panic in it is left alone: the kernel's own follows, and panic= on the
// command line restarts the card.
func boot() {
	j := newJournal()
	j.line("init", "started, "+build())
	mountErr := mountAll("/", mounts())
	console := openConsole()
	printing, stopPrinting := context.WithCancel(context.Background())
	var printer sync.WaitGroup
	printer.Go(func() { j.print(printing, console, &j.again) })
	printer.Go(func() { j.copyToKernel(printing) })

	cmdline, _ := os.ReadFile("/proc/cmdline") // where it is missing the mount error says why
	o := readOptions(string(cmdline), release != "", j.logger)
	logger := j.logger(o.debug)
	c := &card{journal: j, logger: logger, options: o, reaper: supervise.NewReaper()}
	c.supervisor = supervise.New(supervise.Exec{Reaper: c.reaper, Lines: j.line}, logger)
	var watched context.Context
	watched, c.ending = context.WithCancel(context.Background())
	go c.keepWatchdog(watched) // until the machine ends

	mountDisk(logger)
	for _, err := range []error{mountErr, makeDirectories("/", directories()), setUpSystem()} {
		if err != nil {
			logger.Error("not all is set up", "err", err)
		}
	}

	how := c.serve()
	endProcesses()
	stopPrinting()
	bounded(time.Second, printer.Wait)
	end(how, console)
}

// endProcesses ends what is not ours to supervise: the rescue shell's children.
func endProcesses() {
	_ = unix.Kill(-1, unix.SIGTERM)
	time.Sleep(100 * time.Millisecond)
	_ = unix.Kill(-1, unix.SIGKILL)
}

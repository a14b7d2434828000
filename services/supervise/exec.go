package supervise

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Exec starts programs as child processes, each the leader of its own process group.
type Exec struct {
	Reaper *Reaper
	Lines  func(program, line string) // takes each line that a child writes to its stdout or stderr; must not wait
}

var _ Starter = Exec{}

// drain bounds how long output is read after a child has ended: a grandchild that left the process group may hold it open.
const drain = 200 * time.Millisecond

type child struct {
	reaper *Reaper
	cmd    *exec.Cmd
	ready  chan struct{}

	mu        sync.Mutex
	collected bool // or about to be: the pid may belong to another process

	readers sync.WaitGroup
	pipes   []*os.File // our ends
}

// Start implements Starter.
func (x Exec) Start(p Program) (Process, error) {
	c := &child{reaper: x.Reaper, ready: make(chan struct{})}
	var theirs []*os.File
	defer func() { closeAll(theirs) }()
	pipe := func() (*os.File, *os.File, error) {
		r, w, err := os.Pipe()
		if err == nil {
			c.pipes, theirs = append(c.pipes, r), append(theirs, w)
		}
		return r, w, err
	}
	outR, outW, err := pipe()
	if err != nil {
		return nil, err
	}
	c.cmd = &exec.Cmd{Path: p.Command[0], Args: p.Command, Env: append([]string{}, p.Env...), Stdout: outW, Stderr: outW, Dir: "/",
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}}
	var readyR *os.File
	if p.Notify {
		r, w, err := pipe()
		if err != nil {
			closeAll(c.pipes)
			return nil, err
		}
		readyR, c.cmd.ExtraFiles = r, []*os.File{w}
	}
	c.cmd.ExtraFiles = append(c.cmd.ExtraFiles, p.Files...)
	if err := x.Reaper.Start(c.cmd); err != nil {
		closeAll(c.pipes)
		return nil, err
	}
	c.readers.Go(func() { readLines(outR, func(line string) { x.Lines(p.Name, line) }) })
	if readyR != nil {
		c.readers.Go(func() { c.awaitReady(readyR) })
	}
	return c, nil
}

func (c *child) Pid() int               { return c.cmd.Process.Pid }
func (c *child) Ready() <-chan struct{} { return c.ready }
func (c *child) Terminate()             { c.signal(c.Pid(), syscall.SIGTERM) }
func (c *child) Kill()                  { c.signal(-c.Pid(), syscall.SIGKILL) }

func (c *child) signal(pid int, sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.collected {
		_ = syscall.Kill(pid, sig) // the only failure is that there is nobody left
	}
}

// Wait implements Process. What is left of the process group when its leader has ended is killed.
func (c *child) Wait() Exit {
	awaitEnd(c.Pid())
	c.mu.Lock()
	_ = syscall.Kill(-c.Pid(), syscall.SIGKILL)
	c.collected = true
	c.mu.Unlock()
	err := c.reaper.Wait(c.cmd)
	for _, f := range c.pipes {
		_ = f.SetReadDeadline(time.Now().Add(drain))
	}
	c.readers.Wait()
	closeAll(c.pipes)
	if err != nil {
		return Exit{Code: -1, Err: err}
	}
	exit := Exit{Code: c.cmd.ProcessState.ExitCode()}
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		exit.Signal = status.Signal()
	}
	return exit
}

func (c *child) awaitReady(r io.Reader) {
	const word = "READY\n"
	buf := make([]byte, len(word))
	if _, err := io.ReadFull(r, buf); err == nil && string(buf) == word {
		close(c.ready)
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

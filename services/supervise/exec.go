package supervise

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/heartbeat"
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
	alive  chan struct{} // capacity 1

	mu        sync.Mutex
	collected bool // or about to be: the pid may belong to another process

	readers sync.WaitGroup
	pipes   []*os.File // our ends
}

// Start implements Starter.
func (x Exec) Start(p Program) (Process, error) {
	c := &child{reaper: x.Reaper, ready: make(chan struct{}), alive: make(chan struct{}, 1)}
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
	var heartR *os.File
	if p.Notify {
		r, w, err := pipe()
		if err != nil {
			closeAll(c.pipes)
			return nil, err
		}
		heartR, c.cmd.ExtraFiles = r, []*os.File{w}
	}
	c.cmd.ExtraFiles = append(c.cmd.ExtraFiles, p.Files...)
	if err := x.Reaper.Start(c.cmd); err != nil {
		closeAll(c.pipes)
		return nil, err
	}
	c.readers.Go(func() { readLines(outR, func(line string) { x.Lines(p.Name, line) }) })
	if heartR != nil {
		c.readers.Go(func() { c.listen(heartR) })
	}
	return c, nil
}

func (c *child) Pid() int               { return c.cmd.Process.Pid }
func (c *child) Ready() <-chan struct{} { return c.ready }
func (c *child) Alive() <-chan struct{} { return c.alive }
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

// listen takes what the child says of itself until it ends, closes the pipe or says what makes no sense.
func (c *child) listen(r io.Reader) {
	said := false
	for buf := make([]byte, len(heartbeat.Ready)); ; {
		if _, err := io.ReadFull(r, buf); err != nil {
			return
		}
		switch string(buf) {
		case heartbeat.Ready:
			if !said {
				close(c.ready)
			}
			said = true
		case heartbeat.Alive:
			select {
			case c.alive <- struct{}{}:
			default: // the last one was not yet taken
			}
		default:
			return
		}
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

package supervise

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Reaper collects the children that nobody waits for: in PID 1, every orphan of the machine. All processes must be started through it
// while it runs, else it would take their exit status from their owner.
type Reaper struct {
	mu    sync.Mutex
	known map[int]chan struct{} // by pid; closed when the owner has collected it
}

// NewReaper returns a Reaper that knows no process.
func NewReaper() *Reaper { return &Reaper{known: make(map[int]chan struct{})} }

// Start starts cmd, whose owner must call Wait.
func (r *Reaper) Start(cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.known[cmd.Process.Pid] = make(chan struct{})
	return nil
}

// Wait collects a process that Start started.
func (r *Reaper) Wait(cmd *exec.Cmd) error {
	pid := cmd.Process.Pid
	r.mu.Lock()
	collected := r.known[pid]
	r.mu.Unlock()
	state, err := cmd.Process.Wait()
	r.mu.Lock()
	if r.known[pid] == collected { // else the number is in use again
		delete(r.known, pid)
	}
	r.mu.Unlock()
	close(collected)
	cmd.ProcessState = state
	return err
}

// Run collects orphans until ctx ends.
func (r *Reaper) Run(ctx context.Context) error {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	defer signal.Stop(died)
	for {
		for {
			more, owned := r.collect()
			if !more {
				break
			}
			if owned == nil {
				continue
			}
			select { // waitid(2) would name the same one again
			case <-owned:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-died:
		case <-ctx.Done():
			return nil
		}
	}
}

// collect looks at one child that has ended: it collects an orphan, and returns the channel to wait on for one that has an owner.
func (r *Reaper) collect() (more bool, owned <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid := anyEnded()
	if pid == 0 {
		return false, nil
	}
	if c, ok := r.known[pid]; ok {
		return true, c
	}
	_, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
	return err == nil || err == unix.EINTR, nil
}

// Package supervise keeps child processes running.
package supervise

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Program is one child process to keep running.
type Program struct {
	Name    string
	Command []string // path, then arguments
	Env     []string // nil: empty

	// After names programs, added before this one, that must have been ready once before it starts. It is stopped before they are.
	After []string

	// Notify hands the child the descriptor ReadyFD, where it writes what package heartbeat says. Without it a started program is ready.
	Notify bool

	// Silence is how long a child with Notify may go without telling that it is alive; twice that after its start. One that is silent
	// for longer hangs: it is killed, and started again. 0: it need not tell.
	Silence time.Duration

	// Files are handed to the child as descriptors, the first as ReadyFD, or after it with Notify. They stay the caller's.
	Files []*os.File

	// FinalCodes are exit codes that mean "do not start me again".
	FinalCodes []int

	MinRun  time.Duration // an end before this counts as a failure and is followed by a pause; 10 s when 0
	Timeout time.Duration // from SIGTERM to SIGKILL; 2 s when 0
}

// ReadyFD is the descriptor of the heartbeat's pipe in a child with Notify.
const ReadyFD = 3

const (
	defaultMinRun  = 10 * time.Second
	defaultTimeout = 2 * time.Second

	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// State is where a program stands.
type State uint8

const (
	Waiting  State = iota // for the programs that it comes after
	Starting              // runs, has not said that it is ready
	Ready
	Pausing  // ended, to be started again
	Stopping // was asked to end
	Stopped  // ended because it was asked to
	Done     // ended with a final code
)

func (s State) String() string {
	names := [...]string{"waiting", "starting", "ready", "pausing", "stopping", "stopped", "done"}
	if int(s) >= len(names) {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return names[s]
}

// Running tells whether there is a process in this state.
func (s State) Running() bool { return s == Starting || s == Ready || s == Stopping }

// Exit is how a process ended.
type Exit struct {
	Code   int            // -1 when a signal ended it or it could not be started
	Signal syscall.Signal // 0: none
	Err    error          // why it could not be started
}

func (e Exit) String() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.Signal != 0:
		return "ended by " + unix.SignalName(e.Signal)
	default:
		return fmt.Sprintf("exit code %d", e.Code)
	}
}

// Event is one change of state.
type Event struct {
	Time  time.Time
	State State
	Why   string // empty where the state says it all
}

// Status is a copy of what is known about a program.
type Status struct {
	Name     string
	State    State
	Pid      int // 0: no process
	Starts   int
	LastExit Exit
	Killed   time.Time // when the process was sent SIGKILL, which it has survived so far; zero: it was not
	Events   []Event   // the last ones, oldest first
}

// Ended tells whether the program ended by itself for good with the code.
func (s Status) Ended(code int) bool { return s.State == Done && s.LastExit.Code == code }

func (p Program) validate() error {
	if p.Name == "" || len(p.Command) == 0 {
		return fmt.Errorf("supervise: program %q: a name and a command are needed", p.Name)
	}
	if slices.Contains(p.After, p.Name) {
		return fmt.Errorf("supervise: program %q: comes after itself", p.Name)
	}
	return nil
}

package supervise

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
)

// script says how a fake process behaves.
type script struct {
	fail   error // of the start
	ready  bool  // says so at once
	deaf   bool  // to Terminate
	stuck  bool  // in the kernel: survives Kill
	onTerm Exit
}

// fakeStarter starts fake processes by the scripts of their program; the last one is used again.
type fakeStarter struct {
	mu      sync.Mutex
	scripts map[string][]script
	log     []string // what was done, in order
	running map[string]*fakeProcess
}

var _ Starter = (*fakeStarter)(nil)

func newFakeStarter() *fakeStarter {
	return &fakeStarter{scripts: make(map[string][]script), running: make(map[string]*fakeProcess)}
}

func (f *fakeStarter) note(format string, args ...any) {
	f.log = append(f.log, fmt.Sprintf(format, args...))
}

func (f *fakeStarter) Start(p Program) (Process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := script{ready: true}
	if all := f.scripts[p.Name]; len(all) > 0 {
		s = all[0]
		if len(all) > 1 {
			f.scripts[p.Name] = all[1:]
		}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	f.note("start %s", p.Name)
	proc := &fakeProcess{starter: f, name: p.Name, script: s, exit: make(chan Exit, 1), ready: make(chan struct{}), alive: make(chan struct{}, 1)}
	if s.ready {
		close(proc.ready)
	}
	f.running[p.Name] = proc
	return proc, nil
}

// process returns the one that runs under the name.
func (f *fakeStarter) process(t *testing.T, name string) *fakeProcess {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.running[name]
	if p == nil {
		t.Fatalf("%s does not run", name)
	}
	return p
}

func (f *fakeStarter) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.log...)
}

type fakeProcess struct {
	starter *fakeStarter
	name    string
	script  script
	exit    chan Exit
	ready   chan struct{}
	alive   chan struct{}
}

func (p *fakeProcess) Pid() int               { return 1000 }
func (p *fakeProcess) Ready() <-chan struct{} { return p.ready }
func (p *fakeProcess) Alive() <-chan struct{} { return p.alive }

func (p *fakeProcess) Wait() Exit { return <-p.exit }

func (p *fakeProcess) end(e Exit) {
	p.starter.mu.Lock()
	defer p.starter.mu.Unlock()
	delete(p.starter.running, p.name)
	p.exit <- e
}

func (p *fakeProcess) Terminate() {
	p.starter.mu.Lock()
	p.starter.note("term %s", p.name)
	p.starter.mu.Unlock()
	if !p.script.deaf {
		p.end(p.script.onTerm)
	}
}

func (p *fakeProcess) Kill() {
	p.starter.mu.Lock()
	p.starter.note("kill %s", p.name)
	p.starter.mu.Unlock()
	if !p.script.stuck {
		p.end(Exit{Code: -1, Signal: syscall.SIGKILL})
	}
}

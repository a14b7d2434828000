package main

import (
	"context"
	"log/slog"
	"log/syslog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/upsmonconf"
)

// Bounds of NOTIFYCMD and wall.
const (
	maxTold   = 256              // notices that wait
	startGap  = 2 * time.Second  // how long the next notice waits for a command that does not end
	slowest   = 10 * time.Minute // then it is ended
	finishing = 5 * time.Second  // how long the last ones may take
)

// teller does with each notice what its NOTIFYFLAG says, in the order of the events.
type teller struct {
	conf    *upsmonconf.File
	logger  *slog.Logger
	queue   chan monitor.Notice
	closed  chan struct{}
	running sync.WaitGroup
}

func newTeller(conf *upsmonconf.File, logger *slog.Logger) *teller {
	return &teller{conf: conf, logger: logger, queue: make(chan monitor.Notice, maxTold), closed: make(chan struct{})}
}

// tell never waits: shutting down comes first.
func (t *teller) tell(notices []monitor.Notice, _ time.Time) {
	for _, n := range notices {
		t.logger.Info(t.conf.Message(n), "event", string(n.Type), "ups", n.UPS)
		select {
		case t.queue <- n:
		default:
			t.logger.Error("notice lost: too many wait", "event", string(n.Type), "ups", n.UPS)
		}
	}
}

// run tells what is in the queue, until finish is called or ctx ends.
func (t *teller) run(ctx context.Context) {
	defer close(t.closed)
	log, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_NOTICE, "upsmon")
	if err == nil {
		defer log.Close()
	}
	for n := range t.queue {
		flags, text := t.conf.FlagOf(n.Type), t.conf.Message(n)
		if flags&upsmonconf.Syslog != 0 && log != nil {
			_ = log.Notice(text) // nobody could be told that
		}
		if flags&upsmonconf.Wall != 0 {
			t.start(ctx, nil, text, "wall")
		}
		if flags&upsmonconf.Exec != 0 && len(t.conf.NotifyCmd) > 0 {
			t.start(ctx, []string{"NOTIFYTYPE=" + string(n.Type), "UPSNAME=" + n.UPS}, "", append(append([]string{}, t.conf.NotifyCmd...), text)...)
		}
	}
}

// start runs a command; one that takes its time does not hold up the next for long.
func (t *teller) start(ctx context.Context, env []string, input string, command ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowest)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(input + "\n")
	done := make(chan struct{})
	t.running.Go(func() {
		defer close(done)
		defer cancel()
		if err := cmd.Run(); err != nil {
			t.logger.Warn("notice", "command", command[0], "err", err)
		}
	})
	select {
	case <-done:
	case <-time.After(startGap):
	}
}

// finish returns when the last notice is told, or cannot be waited for.
func (t *teller) finish() {
	close(t.queue)
	select {
	case <-t.closed:
	case <-time.After(finishing):
	}
}

package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/notify"
)

// watchCard is the card's own primary: it sees upsd's feeds, and gives its commands by upsd's control socket, until ctx ends.
func watchCard(ctx context.Context, cfg *config.Config, opts options, logger *slog.Logger) error {
	policy := newPolicy(cfg)
	logger.Info("in force", "what", cfg.Monitor.Summary(), "hostsync", policy.HostSync) // the console shows it
	memory, err := openMemory(opts.state, logger)
	if err != nil {
		return err
	}
	c := &cardWatch{config: cfg, policy: &policy, logger: logger, events: memory.events,
		feeds: newReaders(feeds.New(driversock.Dir(opts.Run), opts.trust, logger), policy.PollFreq), control: filepath.Join(driversock.Dir(opts.Run), "control")}
	for _, name := range slices.Concat(configured(cfg), running(memory.state)) {
		c.add(name)
	}
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() { c.feeds.Run(ctx) })
	told := ways(cfg.Notify)
	memory.events.Expect(told) // before anything happens
	beside.Go(func() { memory.events.Run(ctx, told) })
	parent, beat := heartbeat.To(opts.Ready), make(heartbeat.Loop)
	beside.Go(func() { report(ctx, parent, beat, logger) })
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	watch(ctx, surroundings{
		config: func() *monitor.Config { return c.policy }, read: c.read, changed: c.feeds.Changed(), act: c.act, save: memory.save, tell: c.tell,
		done: func(monitor.State) bool { return false }, beat: beat, logger: logger,
	}, memory.state.Resume(&policy, time.Now()))
	return nil
}

// cardWatch is what watchCard knows.
type cardWatch struct {
	config  *config.Config
	policy  *monitor.Config
	feeds   *readers
	control string // path
	events  *notify.Log
	logger  *slog.Logger
}

// add watches a UPS, unless it is watched.
func (c *cardWatch) add(name string) {
	if !slices.ContainsFunc(c.policy.UPS, func(u monitor.UPS) bool { return u.Name == name }) {
		c.policy.UPS = append(c.policy.UPS, monitor.UPS{Name: name, Power: power(c.config, name), Primary: true})
	}
}

func (c *cardWatch) read(context.Context) monitor.Input {
	for _, name := range c.feeds.Names() {
		c.add(name)
	}
	return monitor.Input{Readings: c.feeds.readings(c.policy.UPS, time.Now())}
}

func (c *cardWatch) act(ctx context.Context, i monitor.Intent) monitor.Outcome {
	outcome, err := command(ctx, c.control, i)
	args := []any{"what", i.Kind, "ups", i.UPS, "command", i.Command, "outcome", outcome}
	if err != nil {
		args = append(args, "err", err)
	}
	c.logger.Info("command", args...)
	return outcome
}

func (c *cardWatch) tell(notices []monitor.Notice, now time.Time) {
	events := make([]notify.Event, len(notices))
	for i, n := range notices {
		c.logger.Log(context.Background(), level(n), n.Text(), "event", string(n.Type))
		events[i] = notify.Event{Time: now, Type: string(n.Type), UPS: n.UPS, Text: n.Text()}
	}
	c.events.Add(events...)
}

// ways are the owner's ways out.
func ways(list []config.Notify) []notify.Way {
	host, err := os.Hostname()
	if err != nil {
		host = "upscard"
	}
	all := make([]notify.Way, 0, len(list))
	for _, n := range list {
		w := notify.Way{Name: n.Name, Types: n.Events}
		switch n.Type {
		case config.NotifySyslog:
			w.Sender = notify.Syslog{Network: cmp.Or(n.Proto, "udp"), Server: n.Server, Host: host}
		case config.NotifyWebhook:
			w.Sender = notify.NewWebhook(n.URL, host)
		default:
			continue
		}
		all = append(all, w)
	}
	return all
}

func report(ctx context.Context, parent heartbeat.Parent, beat heartbeat.Loop, logger *slog.Logger) {
	if err := parent.Report(ctx, beat.Ask); err != nil {
		logger.Warn("liveness", "err", err)
	}
}

// level is how loudly the log tells of a notice.
func level(n monitor.Notice) slog.Level {
	switch n.Type {
	case monitor.Attention, monitor.FSD, monitor.Shutdown, monitor.LowBatt, monitor.OffOrder:
		return slog.LevelError
	case monitor.OnBatt, monitor.CommBad, monitor.NoComm, monitor.ReplBatt, monitor.Alarm, monitor.Off, monitor.Over, monitor.Bypass:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// running lists the UPSes that a sequence has to do with.
func running(s monitor.State) (names []string) {
	for _, q := range s.Sequences {
		for _, m := range q.Members {
			names = append(names, m.UPS)
		}
	}
	slices.Sort(names)
	return names
}

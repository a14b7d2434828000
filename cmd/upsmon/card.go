package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/nutclient"
	"github.com/upscard/upscard/services/storage"
)

// maxJournal bounds the journal in bytes.
const maxJournal = 256 << 10

// watchCard is the card's own primary: it sees upsd's feeds, and gives its commands by upsd's control socket, until ctx ends.
func watchCard(ctx context.Context, cfg *config.Config, opts options, logger *slog.Logger) error {
	policy := newPolicy(cfg)
	logger.Info("in force", "when power ends", inForce(&policy))
	save, state, err := openJournal(opts.state, logger)
	if err != nil {
		return err
	}
	feeds := newFeeds(driversock.Dir(opts.Run), opts.trust, policy.PollFreq, logger)
	add := func(name string) {
		if !slices.ContainsFunc(policy.UPS, func(u monitor.UPS) bool { return u.Name == name }) {
			policy.UPS = append(policy.UPS, monitor.UPS{Name: name, Power: power(cfg, name), Primary: true})
		}
	}
	for _, name := range slices.Concat(configured(cfg), running(state), feeds.find()) {
		add(name)
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	following.Go(func() { feeds.run(ctx) })
	parent, beat := heartbeat.To(opts.Ready), make(heartbeat.Loop)
	following.Go(func() { report(ctx, parent, beat, logger) })
	control := filepath.Join(driversock.Dir(opts.Run), "control")
	s := surroundings{
		config: func() *monitor.Config { return &policy },
		read: func(context.Context) monitor.Input {
			for _, name := range feeds.find() {
				add(name)
			}
			return monitor.Input{Readings: feeds.readings(policy.UPS, time.Now())}
		},
		changed: feeds.changed,
		act: func(ctx context.Context, i monitor.Intent) monitor.Outcome {
			outcome, err := command(ctx, control, i)
			logger.Info("command", "what", i.Kind, "ups", i.UPS, "command", i.Command, "outcome", outcome, "err", err)
			return outcome
		},
		save: save,
		tell: func(n monitor.Notice, _ time.Time) {
			logger.Log(ctx, level(n), n.Text(), "event", string(n.Type))
		},
		done:   func(monitor.State) bool { return false },
		beat:   beat,
		logger: logger,
	}
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	watch(ctx, s, state.Resume(&policy, time.Now()))
	return nil
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

// openJournal returns what was saved, and what saves. Without a directory nothing is kept, which is said.
func openJournal(dir string, logger *slog.Logger) (func([]byte) error, monitor.State, error) {
	if dir == "" {
		logger.Warn("there is no directory for the journal: a restart forgets what goes on")
		return func([]byte) error { return nil }, monitor.State{}, nil
	}
	d, err := storage.Open(dir)
	if err != nil {
		return nil, monitor.State{}, err
	}
	file, err := d.File("journal", maxJournal, 0o600)
	if err != nil {
		return nil, monitor.State{}, err
	}
	state, reading, err := storage.Load(file, func(data []byte) (s monitor.State, err error) { return s, json.Unmarshal(data, &s) })
	if err := cmp.Or(err, reading.Reason); err != nil {
		logger.Error("journal damaged", "read", reading.Version, "err", err)
	}
	for name, q := range state.Sequences {
		logger.Warn("forced shutdown goes on", "of", name, "stage", q.Stage, "reason", q.Reason)
	}
	return file.Save, state, nil
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

// command does what the policy wants, by the control socket.
func command(ctx context.Context, control string, i monitor.Intent) (monitor.Outcome, error) {
	c, err := nutclient.Dial(ctx, "unix", control)
	if err != nil {
		return monitor.Later, err
	}
	defer c.Close()
	switch i.Kind {
	case monitor.SetFSD:
		err = c.FSD(ctx, i.UPS)
	case monitor.ClearFSD:
		err = c.SetVar(ctx, i.UPS, "server.fsd", "no")
	case monitor.Order:
		err = c.InstCmd(ctx, i.UPS, i.Command)
	default:
		return monitor.Refused, errors.New("the card does not halt")
	}
	return outcome(err), err
}

// outcome is what an answer says of an order. Whatever leaves open whether it was carried out is unclear.
func outcome(err error) monitor.Outcome {
	var refused nutclient.Error
	switch {
	case err == nil:
		return monitor.Succeeded
	case !errors.As(err, &refused):
		return monitor.Unclear
	}
	switch refused.Code() {
	case "CMD-NOT-SUPPORTED", "INVALID-ARGUMENT", "UNKNOWN":
		return monitor.Refused
	case "FAILED", "INSTCMD-FAILED", "SET-FAILED":
		return monitor.Unclear
	}
	return monitor.Later
}

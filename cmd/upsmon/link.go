package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/nutclient"
	"github.com/upscard/upscard/services/upsmonconf"
)

// link is a login to one UPS at its server, which is made again when it breaks.
type link struct {
	upsmonconf.Monitor
	logger *slog.Logger

	mu     sync.Mutex // held for each exchange
	client *nutclient.Client
	said   string // the failure that was logged last
}

// poll reads the UPS. What fails is no reading; it is logged when it changes.
func (l *link) poll(ctx context.Context) monitor.Reading {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := monitor.Reading{Charge: -1, Runtime: -1, Logins: -1, At: time.Now()}
	err := l.connect(ctx)
	if err == nil {
		err = l.read(ctx, &r)
	}
	l.failed(err)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != l.said {
		l.logger.Info("poll", "ups", l.System, "err", text)
		l.said = text
	}
	return r
}

// connect logs in, if there is no login. As with upsmon, a server that refuses PRIMARY is watched all the same.
func (l *link) connect(ctx context.Context) error {
	if l.client != nil {
		return nil
	}
	c, err := nutclient.Dial(ctx, "tcp", l.Address)
	if err != nil {
		return err
	}
	if err = c.Authenticate(ctx, l.User, l.Password); err == nil {
		err = c.Login(ctx, l.UPS)
	}
	var refused nutclient.Error
	if err != nil && !errors.As(err, &refused) {
		c.Close()
		return err
	}
	if err == nil && l.Primary {
		err = c.Primary(ctx, l.UPS)
	}
	if err != nil {
		l.logger.Error("login", "ups", l.System, "err", err)
	}
	l.client = c
	return nil
}

// read fills a reading in.
func (l *link) read(ctx context.Context, r *monitor.Reading) (err error) {
	if r.Status, err = l.client.Var(ctx, l.UPS, "ups.status"); err != nil {
		return err
	}
	words := strings.Fields(r.Status)
	r.OK = len(words) > 0
	for _, w := range words {
		switch w {
		case "FSD":
			r.FSD = true
		case "ALARM":
			r.Alarm, _ = l.client.Var(ctx, l.UPS, "ups.alarm")
		}
	}
	if l.Primary {
		r.Logins, err = l.client.Logins(ctx, l.UPS)
	}
	return err
}

// failed gives a connection up that broke. An answer ERR is none of its faults.
func (l *link) failed(err error) {
	var refused nutclient.Error
	if err != nil && !errors.As(err, &refused) && l.client != nil {
		l.client.Close()
		l.client = nil
	}
}

// fsd orders the forced shutdown.
func (l *link) fsd(ctx context.Context) monitor.Outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.connect(ctx)
	if err == nil {
		err = l.client.FSD(ctx, l.UPS)
	}
	l.failed(err)
	if err != nil {
		l.logger.Error("FSD", "ups", l.System, "err", err)
		return monitor.Later
	}
	return monitor.Succeeded
}

// logout ends the login.
func (l *link) logout(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		if err := l.client.Logout(ctx); err != nil {
			l.logger.Info("logout", "ups", l.System, "err", err)
		}
		l.client = nil
	}
}

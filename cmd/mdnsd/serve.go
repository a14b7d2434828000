package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/mdns"
	"github.com/upscard/upscard/services/mdns/links"
)

// serve lets the card be found until ctx ends.
func serve(ctx context.Context, cfg config.MDNS, opts options, logger *slog.Logger) error {
	wanted, err := names(cfg, opts.host)
	if err != nil {
		return err
	}
	parent, loop := heartbeat.To(opts.Ready), make(heartbeat.Loop)
	ready := func() {
		if err := parent.Ready(); err != nil {
			logger.Warn("readiness", "err", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() {
		if err := parent.Report(ctx, loop.Ask); err != nil {
			logger.Warn("liveness", "err", err)
		}
	})
	if cfg.Off {
		logger.Info("the card is not announced, as the configuration says")
		ready()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-loop:
			}
		}
	}
	kept, err := openNames(opts.state, wanted, logger)
	if err != nil {
		return err
	}
	services := make(chan []mdns.Service)
	w := newWatcher(opts, logger)
	beside.Go(func() { w.run(ctx) })
	beside.Go(func() { offer(ctx, w, services) })
	settled := make(chan mdns.Names, 1)
	responder := mdns.New(mdns.Options{Names: wanted, Last: kept.last, Rand: rand.N[time.Duration], Log: logger})
	beside.Go(func() { kept.run(ctx, settled) })
	tell := func(n mdns.Names) {
		select {
		case <-settled: // which the disk was too slow for
		default:
		}
		settled <- n
	}
	return links.Run(ctx, links.Options{Responder: responder, Services: services, Settled: tell, Asked: loop, Ready: ready, Log: logger})
}

// names are those that the owner wants.
func names(cfg config.MDNS, host string) (mdns.Names, error) {
	if host == "" {
		name, err := os.Hostname()
		if err != nil {
			return mdns.Names{}, err
		}
		host = name
	}
	host, _, _ = strings.Cut(host, ".")
	if host == "" {
		return mdns.Names{}, errors.New("this machine has no host name")
	}
	return mdns.Names{Host: host, Instance: cmp.Or(cfg.Name, host)}, nil
}

// offer sends what there is to be found each time it may have changed, until ctx ends.
func offer(ctx context.Context, w *watcher, services chan<- []mdns.Service) {
	for {
		select {
		case services <- offered(w.look()):
		case <-ctx.Done():
			return
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return
		}
	}
}

package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/nut"
)

// apply puts in force what a configuration says of UPSes and users. No client loses its connection or its login by that. A UPS that the
// configuration has no more stays until the next start: clients may watch it.
func apply(cfg *config.Config, host *nut.Host) {
	first := defaultUPS
	for i, u := range cfg.UPS {
		if i == 0 {
			first = u.Name
		}
		host.Registry.Add(u.Name, u.Desc).Describe(u.Desc)
	}
	host.Registry.Add(first, "")
	aliases := aliases(cfg, first)
	host.Registry.Alias(aliases)
	supply(cfg, host.Registry)
	host.Users.Replace(users(cfg))
	host.LimitAnonymous(nut.Anonymous{Nobody: cfg.Anonymous.Nobody, From: cfg.Anonymous.From})
}

// aliases returns the other names of UPSes, in lower case. A profile's is the first UPS's, unless it is a name already.
func aliases(cfg *config.Config, first string) map[string]string {
	other := make(map[string]string)
	taken := map[string]bool{strings.ToLower(first): true}
	for _, u := range cfg.UPS {
		taken[strings.ToLower(u.Name)] = true
		for _, a := range u.Alias {
			other[strings.ToLower(a)] = u.Name
		}
	}
	for _, p := range cfg.InForce() {
		if _, known := other[p.Alias]; p.Alias != "" && !known && !taken[p.Alias] {
			other[p.Alias] = first
		}
	}
	return other
}

// noTest is what NUT's driver says of a UPS that was not tested.
const noTest = "No test initiated"

// supply sees to it that a profile's UPS has what the client cannot do without.
func supply(cfg *config.Config, registry *nut.Registry) {
	for _, u := range registry.All() {
		u.Supply(nil)
	}
	for _, p := range cfg.InForce() {
		if u := registry.Find(p.Alias); u != nil && p.TestResult {
			u.Supply(map[string]string{"ups.test.result": noTest})
		}
	}
}

// users are those of the configuration, and those of its profiles by names that it does not have.
func users(cfg *config.Config) []nut.User {
	list := make([]nut.User, 0, len(cfg.Users))
	for _, u := range cfg.Users {
		list = append(list, newUser(u))
	}
	for _, p := range cfg.InForce() {
		if !slices.ContainsFunc(cfg.Users, func(u config.User) bool { return u.Name == p.User.Name }) {
			list = append(list, newUser(p.User))
		}
	}
	return list
}

func newUser(u config.User) nut.User {
	return nut.User{
		Name: u.Name, Password: u.Password,
		Monitor:    u.Upsmon != "",
		Primary:    u.Upsmon == "primary",
		FSD:        slices.Contains(u.Actions, "FSD"),
		Set:        slices.Contains(u.Actions, "SET"),
		AnyCommand: slices.Contains(u.InstCmds, config.AllCommands),
		Commands:   u.InstCmds,
		UPS:        u.UPS, From: u.From, StatusWords: u.StatusWords, Cert: u.Cert,
	}
}

// reload puts the configuration in force anew at each of hup, until ctx ends. A file that is wrong changes nothing.
func reload(ctx context.Context, hup <-chan os.Signal, before *config.Config, path string, host *nut.Host, tls *security, logger *slog.Logger) {
	tls.keep()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	for {
		select {
		case <-watch.C:
			tls.watch(dates(), false)
			continue
		case <-hup:
		case <-ctx.Done():
			return
		}
		cfg, err := config.Load(path)
		if err != nil {
			logger.Error("configuration not read again", "err", err)
			continue
		}
		secure, err := tls.of(cfg.TLS)
		if err != nil {
			logger.Error("configuration not read again", "err", err)
			continue
		}
		if !slices.Equal(cfg.Listen, before.Listen) || cfg.Protocol != before.Protocol || limits(cfg) != limits(before) {
			logger.Warn("listen, protocol, idletimeout and maxconnperaddress stay as they are until the next start")
		}
		apply(cfg, host)
		host.Secure(secure)
		tls.keep()
		logger.Info("configuration read again", "means", cfg.Summary())
	}
}

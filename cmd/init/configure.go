package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/supervise"
)

// configTime bounds how long confd may look at the configuration. The programs then start with what is in force, if only the defaults.
const configTime = 3 * time.Second

// configure has confd put the owner's configuration in force. parts waits for its end.
func (c *card) configure(parts *sync.WaitGroup) {
	settings, err := c.runConfd(parts)
	if err != nil {
		c.logger.Error("configuration is not handed over", "err", err)
		settings = handover.Default()
		settings.Wrong = []string{fmt.Sprintf("confd: %v", err)}
	}
	c.settings = settings
	if err := unix.Sethostname([]byte(cmp.Or(c.options.hostname, settings.Hostname))); err != nil {
		c.logger.Error("host name", "err", err)
	}
}

func (c *card) runConfd(parts *sync.WaitGroup) (handover.Settings, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return handover.Settings{}, err
	}
	defer r.Close()
	p := confd(ownerFile("/"), stateDir("/", "confd", uidConfd)).supervised(selfPath)
	p.Notify, p.Files = false, []*os.File{w}
	process, err := supervise.Exec{Reaper: c.reaper, Lines: c.journal.line}.Start(p)
	w.Close()
	if err != nil {
		return handover.Settings{}, err
	}
	parts.Go(func() {
		if exit := process.Wait(); exit != (supervise.Exit{}) {
			c.logger.Warn("program ended", "program", p.Name, "why", exit)
		}
	})
	until := time.Now().Add(configTime)
	settings, err := readHandover(r, until)
	if err != nil || !time.Now().Before(until) {
		process.Kill()
	}
	return settings, err
}

// readHandover reads what confd says until it closes its end or time is up. What it said by then counts.
func readHandover(r *os.File, until time.Time) (handover.Settings, error) {
	if err := r.SetReadDeadline(until); err != nil {
		return handover.Settings{}, err
	}
	data, readErr := io.ReadAll(io.LimitReader(r, handover.MaxSize+1))
	settings, err := handover.Parse(data)
	if err != nil && readErr != nil {
		return handover.Settings{}, readErr
	}
	return settings, err
}

// ownerFile is upscard.toml on the configuration partition, even if that alone is not mounted: confd then has the last good file. A card
// without its disk may have one in the root file system.
func ownerFile(root string) string {
	const name = "upscard.toml"
	for _, partition := range []string{"boot", "state"} {
		if _, err := os.Stat(filepath.Join(root, partition)); err == nil {
			return filepath.Join(root, "boot", name)
		}
	}
	return filepath.Join(root, "etc", name)
}

// cardState is stateDir on the card.
func cardState(program string, uid int) string { return stateDir("/", program, uid) }

// stateDir is where a program keeps what survives a restart, made its own; "" without a state partition.
func stateDir(root, program string, uid int) string {
	state := filepath.Join(root, "state")
	if _, err := os.Stat(state); err != nil {
		return ""
	}
	dir := filepath.Join(state, program)
	_ = os.Mkdir(dir, 0o700) // is there but on the first boot
	if err := os.Chown(dir, uid, uid); err != nil {
		return ""
	}
	return dir
}

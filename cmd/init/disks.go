package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/disk"
	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/services/usb"
)

// diskTime is how long the card's disk may take to show itself. A card without one serves with defaults.
const diskTime = 3 * time.Second

// partitionMounts are what of the card's disk is mounted. Nothing on it can be run, or raise anyone's rights.
var partitionMounts = []struct {
	number int
	mount
}{
	// The owner's file may hold passwords: confd alone reads it.
	{layout.Config, mount{"/boot", "vfat", unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, fmt.Sprintf("gid=%d,fmask=0137,dmask=0027", uidConfd)}},
	{layout.State, mount{"/state", "ext4", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME, "errors=remount-ro,data=ordered"}},
}

// mountDisk mounts the card's own disk and says which system runs. What cannot be mounted is left out: the card serves all the same.
func mountDisk(logger *slog.Logger) {
	d, err := awaitDisk(diskTime)
	if err != nil {
		logger.Error("card's disk is not there: nothing is kept over a restart", "err", err)
		if len(d.Partitions) == 0 {
			return
		}
	}
	for _, p := range partitionMounts {
		node := d.Partitions[p.number]
		if p.number == layout.State {
			formatBlank(node, logger)
		}
		if err := mountPartition(node, p.mount); err != nil {
			logger.Error("partition is left out", "partition", layout.Of(p.number).Name, "device", node, "err", err)
		}
	}
	system, err := disk.Booted("/")
	if err != nil {
		logger.Warn("which system was booted is not known", "err", err)
		return
	}
	logger.Info("booted from "+layout.Of(system.Partition).Name, "disk", d.Node, "trial", system.Tryboot)
}

// emptyState is the file system of a new card's state partition, packed.
const emptyState = "/etc/state.ext4.gz"

// formatBlank makes a file system on a state partition that never held anything. One that holds something is left alone, be it damaged.
func formatBlank(node string, logger *slog.Logger) {
	blank, err := disk.Blank(node)
	if err == nil && blank {
		logger.Info("making the file system of the state partition", "device", node)
		err = format(node)
	}
	if err != nil {
		logger.Error("state partition", "device", node, "err", err)
	}
}

func format(node string) error {
	packed, err := os.Open(emptyState)
	if err != nil {
		return err
	}
	defer packed.Close()
	return disk.Format(node, packed)
}

func mountPartition(node string, m mount) error {
	if node == "" {
		return os.ErrNotExist
	}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(node, m.dir, m.kind, m.flags, m.data); err != nil {
		_ = os.Remove(m.dir) // that it is there says that it is mounted
		return err
	}
	return nil
}

// awaitDisk waits for the disk by the kernel's events: SD cards are found while PID 1 runs already.
func awaitDisk(limit time.Duration) (disk.Disk, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	events, err := usb.Listen() // it gets the events of all subsystems
	if err != nil {
		return disk.Disk{}, err
	}
	defer events.Close()
	for {
		d, err := disk.Find("/", layout.DiskID)
		if !errors.Is(err, disk.ErrNone) {
			return d, err
		}
		if _, next := events.Next(ctx); next != nil && !errors.Is(next, usb.ErrLost) {
			return d, fmt.Errorf("%w after %v", err, limit)
		}
	}
}

// commit makes the running system the one that is booted from now on. The file is one sector, and its new text as long as its old: it is
// overwritten in place, so that a power cut leaves one or the other.
func commit() (err error) {
	system, err := disk.Booted("/")
	if err != nil {
		return err
	}
	if system.Partition != layout.SystemA && system.Partition != layout.SystemB {
		return fmt.Errorf("partition %d is no system", system.Partition)
	}
	const remount = unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("", "/boot", "", remount, ""); err != nil {
		return fmt.Errorf("configuration partition: %w", err)
	}
	defer func() { err = errors.Join(err, unix.Mount("", "/boot", "", remount|unix.MS_RDONLY, "")) }()

	f, err := os.OpenFile("/boot/"+layout.AutobootFile, os.O_WRONLY|os.O_CREATE|os.O_SYNC, 0o600)
	if err != nil {
		return err
	}
	text := layout.Autoboot(system.Partition)
	_, err = f.WriteAt(text, 0)
	return errors.Join(err, f.Truncate(int64(len(text))), f.Sync(), f.Close())
}

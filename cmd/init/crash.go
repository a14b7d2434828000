package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/storage"
)

// copyToKernel copies the log into the kernel's own until ctx ends. From there ramoops keeps the last of it over a panic, with what Go says
// when PID 1 itself ends. The kernel shows these lines on no console that is quiet.
func (j *journal) copyToKernel(ctx context.Context) {
	tty, err := os.OpenFile("/dev/ttyprintk", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		j.line("init", fmt.Sprintf("level=WARN msg=%q err=%q", "log does not survive a panic", err))
		return
	}
	defer tty.Close()
	if err := debug.SetCrashOutput(tty, debug.CrashOptions{}); err != nil {
		j.line("init", fmt.Sprintf("level=WARN msg=%q err=%q", "panic of init does not survive it", err))
	}
	j.print(ctx, tty, nil)
}

// Where records of how the card ended last time are found, and kept. A later one takes the place of the one before, which is kept beside
// it: however often the card crashes, the disk does not fill.
const (
	pstoreDir   = "/sys/fs/pstore"
	crashFile   = "last-log"
	crashBytes  = 256 << 10
	recordBytes = 96 << 10 // of one record, its end
)

// keepCrash moves what is left of the last log to the state partition, or to /run where there is none, if the card did not end in order.
func (c *card) keepCrash() {
	records, err := readRecords(pstoreDir)
	if err == nil && !inOrder(records) {
		var path string
		if path, err = saveRecords("/", records); err == nil {
			c.logger.Warn("card did not end in order last time, its last log is kept", "file", path, "records", len(records))
		}
	}
	if err == nil {
		err = dropRecords(pstoreDir, records)
	}
	if err != nil {
		c.logger.Error("last log", "err", err)
	}
}

// record is one file of pstore, as ramoops names them: dmesg-ramoops-N is of a panic, console-ramoops-N is what the console showed last.
type record struct{ name, text string }

func readRecords(dir string) (records []record, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name())) // bounded by the memory that the kernel was given for it
		if err != nil {
			return nil, err
		}
		records = append(records, record{f.Name(), string(text[max(0, len(text)-recordBytes):])})
	}
	return records, nil
}

// inOrder tells whether the records are of an end that was asked for, or there are none.
func inOrder(records []record) bool {
	ended := len(records) == 0
	for _, r := range records {
		if strings.HasPrefix(r.name, "dmesg-") {
			return false
		}
		ended = ended || strings.Contains(r.text, "reboot: Restarting system") || strings.Contains(r.text, "reboot: Power down")
	}
	return ended
}

// saveRecords returns the file that it has written.
func saveRecords(root string, records []record) (string, error) {
	parent := filepath.Join(root, "run")
	if isMount(filepath.Join(root, "state")) {
		parent = filepath.Join(root, "state")
	}
	dir, err := storage.Open(filepath.Join(parent, "crash"))
	if err != nil {
		return "", err
	}
	file, err := dir.File(crashFile, crashBytes, 0o600)
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, "crash", crashFile), file.Save(joined(records))
}

// joined is a text of all records, the panic's first, cut to what is kept.
func joined(records []record) []byte {
	var b strings.Builder
	panicsFirst := func(a, b record) int { return strings.Compare(b.name, a.name) }
	for _, r := range slices.SortedFunc(slices.Values(records), panicsFirst) {
		fmt.Fprintf(&b, "==> %s <==\n%s\n", r.name, strings.TrimRight(r.text, "\n"))
	}
	text := b.String()
	return []byte(text[:min(len(text), crashBytes)])
}

func dropRecords(dir string, records []record) error {
	var errs []error
	for _, r := range records {
		errs = append(errs, os.Remove(filepath.Join(dir, r.name)))
	}
	return errors.Join(errs...)
}

// isMount tells whether a file system is mounted on the directory.
func isMount(dir string) bool {
	var here, above unix.Stat_t
	return unix.Stat(dir, &here) == nil && unix.Stat(filepath.Dir(dir), &above) == nil && here.Dev != above.Dev
}

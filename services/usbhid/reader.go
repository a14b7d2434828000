package usbhid

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// errGarbage is the error for an answer that is not the report that was asked for.
var errGarbage = errors.New("answer is another report")

// errCut is the error for a report of the status that ends sooner than it did, or before its first flag: to take it would be to keep what is
// missing for ever, or to have a status without a word.
var errCut = errors.New("report is too short")

// errAbsurd is the error for an answer that contradicts itself.
var errAbsurd = errors.New("report contradicts itself")

// hopeless is after how many failures a report that never could be read is given up.
const hopeless = 3

// quiet is how long a complaint that comes again and again is not repeated.
const quiet = time.Minute

// reader asks a device for reports.
type reader struct {
	dev    usb.Device
	model  *model
	log    *slog.Logger
	health map[key]*health
	proven map[key]int // length of each report when it was first read, by this Run or another
	buffer [256]byte
	answer readings // of the last report
	length int      // of the last report, in bytes
	wide   bool     // ask for more than the descriptor declares
}

// health is how a report has fared.
type health struct {
	read     bool      // at least once
	failures int       // since it was last read
	absurd   bool      // the last answer contradicted itself
	nonsense int       // interrupts that contradicted themselves since the last that did not
	odd      bool      // its length was complained of
	told     time.Time // when its failing was last logged
	refused  time.Time // when an interrupt that contradicts itself was last logged
}

func newReader(dev usb.Device, m *model, log *slog.Logger) *reader {
	return &reader{dev: dev, model: m, log: log, health: make(map[key]*health), proven: make(map[key]int), answer: make(readings), wide: m.tuning.MaxReport || m.family.overflows(dev.ID())}
}

func (r *reader) of(k key) *health {
	h := r.health[k]
	if h == nil {
		h = &health{}
		r.health[k] = h
	}
	return h
}

// effort is how often a report is asked for before it counts as failed.
type effort uint8

const (
	single       effort = iota
	twiceIfQuick        // again unless the first answer did not come in time
	twice
)

// read asks for one report. The readings are valid until the next.
func (r *reader) read(k key, how effort) (readings, error) {
	h := r.of(k)
	with, err := r.ask(k)
	if how == twiceIfQuick && errors.Is(err, usb.ErrTimeout) {
		how = single
	}
	if err != nil && how != single && !errors.Is(err, usb.ErrGone) {
		with, err = r.ask(k)
	}
	h.absurd = errors.Is(err, errAbsurd)
	if err != nil {
		h.failures++
		if now := time.Now(); h.failures == 1 && now.Sub(h.told) >= quiet {
			h.told = now
			r.log.Warn("report cannot be read", "report", k, "err", err)
		}
		return nil, err
	}
	if h.read = true; r.proven[k] == 0 {
		r.proven[k] = min(r.length, r.model.descriptor.ReportLen(k.kind, k.id))
	}
	h.failures = 0
	return with, nil
}

// ask asks for what a report says. The readings are valid until the next.
func (r *reader) ask(k key) (readings, error) {
	report, err := r.get(k)
	if err != nil {
		return nil, err
	}
	if r.length = len(report); r.length < r.proven[k] && r.model.indexed().states[k] {
		return nil, fmt.Errorf("%w, %d bytes of %d: % x", errCut, r.length, r.proven[k], report)
	}
	clear(r.answer)
	r.model.decodeInto(r.answer, k, report)
	if r.proven[k] == 0 && r.model.indexed().states[k] && !r.model.tells(r.answer) {
		return nil, fmt.Errorf("%w, without a flag: % x", errCut, report)
	}
	if r.model.absurd(r.answer) {
		return nil, fmt.Errorf("%w: % x", errAbsurd, report)
	}
	return r.answer, nil
}

// get does one GET_REPORT (HID 1.11, 7.2.1). The answer is valid until the next.
func (r *reader) get(k key) ([]byte, error) {
	length := r.model.descriptor.ReportLen(k.kind, k.id)
	b := r.buffer[:min(length, len(r.buffer))]
	if r.wide {
		b = r.buffer[:]
	}
	n, err := r.dev.Control(classFromInterface, getReport, k.kind.Type()<<8|uint16(k.id), uint16(r.dev.Interface()), b)
	switch {
	case err != nil:
		return nil, err
	case n == 0 || k.id != 0 && b[0] != k.id:
		return nil, fmt.Errorf("%w: % x", errGarbage, b[:min(n, 8)])
	case n != length:
		r.odd(k, n, length)
	}
	return b[:n], nil
}

// odd says once that a report has another length than declared. Many UPSes count bits where bytes belong; what is
// covered is used.
func (r *reader) odd(k key, n, length int) {
	if h := r.of(k); !h.odd {
		h.odd = true
		r.log.Debug("report has another length than declared", "report", k, "bytes", n, "declared", length)
	}
}

// refuse counts an interrupt that contradicts itself, and says so at most once a minute.
func (r *reader) refuse(k key, packet []byte) {
	h := r.of(k)
	h.nonsense++
	if now := time.Now(); now.Sub(h.refused) >= quiet {
		h.refused = now
		r.log.Warn("interrupt is not believed", "report", k, "err", fmt.Errorf("%w: % x", errAbsurd, packet))
	}
}

// bury gives up the reports that never could be read, and reports whether there were any. Call it only while the
// device answers. The only report that tells whether there are mains is asked for ever: without it nothing is fresh. So
// is one of the mains that answers nonsense, for its interrupts are no better, and one whose interrupts have not come yet.
func (r *reader) bury() bool {
	found := false
	mains, stated := r.model.feeding(acAbsent), r.model.stated()
	for k, h := range r.health {
		if mains[k] && (h.absurd || !stated) {
			continue
		}
		if r.proven[k] > 0 || h.failures < hopeless || r.model.dead[k] || r.model.sole(k, acPresent) {
			continue
		}
		r.log.Warn("report is given up", "report", k)
		r.model.dead[k] = true
		found = true
	}
	return found
}

func (k key) String() string { return fmt.Sprintf("%v 0x%02x", k.kind, k.id) }

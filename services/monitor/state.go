package monitor

import (
	"maps"
	"slices"
	"time"
)

// State is all that is remembered from step to step. It serialises as JSON; its zero value knows nothing yet.
type State struct {
	UPS       map[string]Memory
	Sequences map[string]Sequence // by group; one that is there runs
}

// Memory is what was seen of one UPS.
type Memory struct {
	Flags   Flags
	Contact Contact
	Line    Line
	OffLong bool     // OFF for longer than OffDuration
	FSDTold bool     // of this forced shutdown
	Other   []string // words of the status that mean nothing here
	Alarm   string

	Server string // Reading.Server

	// When; zero: never, or not now.
	Served       time.Time // the server is this one
	LastPoll     time.Time // last good reading
	LastNonCrit  time.Time // last one that was not OB LB
	LastRBWarn   time.Time
	LastNCWarn   time.Time
	LostSince    time.Time
	OffSince     time.Time
	OverSince    time.Time
	OBLBSince    time.Time
	BatterySince time.Time
	LimitSince   time.Time
}

// Flags is what the last good status said.
type Flags uint16

// The flags.
const (
	onLine Flags = 1 << iota
	onBattery
	low
	forced
	calibrating
	isOff
	bypassed
	economic
	alarmed
	overloaded
	trimming
	boosting
)

func (f Flags) has(all Flags) bool { return f&all == all }
func (f Flags) any(of Flags) bool  { return f&of != 0 }

// Contact says whether the UPS can be read.
type Contact uint8

// The contacts.
const (
	unknownContact Contact = iota
	inContact
	lost
)

// Line says where power came from when it last changed.
type Line uint8

// The lines.
const (
	unknownLine Line = iota
	fromMains
	fromBattery
)

// Stage is how far a sequence has come.
type Stage string

// The stages, in order.
const (
	StageFSD     Stage = "fsd"     // FSD is set, the others log out
	StageFinal   Stage = "final"   // FINALDELAY
	StageOff     Stage = "off"     // the UPS is told to switch its load off
	StageWaiting Stage = "waiting" // for the load to be cut, and for the mains
	StageEnding  Stage = "ending"  // FSD is taken back
	StageHalted  Stage = "halted"  // this machine was told to halt
)

// Sequence is one forced shutdown.
type Sequence struct {
	Stage   Stage
	Since   time.Time // of the stage
	Shown   time.Time // when every FSD was known to be set; zero: not yet
	Synced  bool      // the others have been waited for, or there were none
	Reason  string
	Members []Member
	Alarmed bool // in this stage
}

// Member is a UPS of which we are the primary, in a sequence.
type Member struct {
	UPS     string
	FSD     Ask
	Seen    bool // a client may have seen FSD
	Cleared Ask
	Order   Ask
	Command string    // the last one ordered
	At      time.Time // of that order
	Delay   time.Duration
	Tries   int
	// Unreached: it has been lost for long since the others were waited for.
	Unreached bool
	Refused   []string // commands that the UPS does not take
	Ran       bool     // its timer was seen to run
	Cut       bool     // its load was seen to be off, its timer to have run out, or it was gone when that was due
	Empty     bool     // nobody was logged in any more
	Late      bool     // then somebody was, while FSD was still shown
}

// Ask is how far something asked of the server has come. It is Asked before it is sent: after a restart nobody knows.
type Ask string

// How far it has come.
const (
	NotAsked Ask = ""
	Asked    Ask = "asked"
	Done     Ask = "done"
	Doubtful Ask = "doubtful" // nobody knows
	Never    Ask = "never"    // cannot be done
)

func (s State) clone() State {
	c := State{maps.Clone(s.UPS), make(map[string]Sequence)}
	if c.UPS == nil {
		c.UPS = make(map[string]Memory)
	}
	for name, q := range s.Sequences {
		q.Members = slices.Clone(q.Members)
		for i := range q.Members {
			q.Members[i].Refused = slices.Clone(q.Members[i].Refused)
		}
		c.Sequences[name] = q
	}
	return c
}

// Lasting is the state without what changes at every reading: as long as it stays, the file need not be written.
func (s State) Lasting() State {
	c := s.clone()
	for name, m := range c.UPS {
		m.LastPoll, m.LastNonCrit = time.Time{}, time.Time{}
		c.UPS[name] = m
	}
	return c
}

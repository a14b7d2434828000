package monitor

import "time"

// Reading is what is known of one UPS at a step.
type Reading struct {
	OK       bool // the status is known; else the UPS, its driver or its server does not answer, or its data are stale
	Status   string
	Alarm    string        // ups.alarm
	Mode     string        // ups.mode.buzzwords
	At       time.Time     // of the UPS's last answer
	Charge   float64       // percent; negative: unknown
	Runtime  time.Duration // negative: unknown
	Server   string        // tells the server from another one that took its place, and knows of no login that was made before
	Logins   int           // clients that are logged in; negative: the server does not answer, or was not asked
	FSD      bool          // the server holds FSD, whatever the UPS says
	Timer    Timer
	Delay    time.Duration // between an order to switch the load off and its end, 0: unknown
	Commands []string      // instant commands that the UPS offers
}

// known reports whether the server answered, so that FSD is what it holds. A reading that is not there is not known.
func (r Reading) known() bool { return r.Logins >= 0 && !r.At.IsZero() }

// Timer says whether the UPS counts down to switch its load.
type Timer uint8

// The timers.
const (
	TimerUnknown Timer = iota
	TimerIdle
	TimerRuns
)

// Input is what a step is told.
type Input struct {
	Readings map[string]Reading // of UPSes that are known; one that is not there is waited for
	Results  []Result           // of what earlier steps asked for
	Force    bool               // somebody orders a forced shutdown of everything
}

// Kind says what is asked for.
type Kind uint8

// The kinds.
const (
	SetFSD   Kind = iota // tell the server
	ClearFSD             // likewise
	Order                // give the UPS an instant command
	Halt                 // shut this machine down
)

func (k Kind) String() string { return [...]string{"set FSD", "clear FSD", "order", "halt"}[k] }

// Intent is what shall be done, once the State that came with it is durable.
type Intent struct {
	Kind    Kind
	UPS     string
	Command string // of an Order
}

// Outcome is what became of an intent.
type Outcome uint8

// The outcomes.
const (
	Succeeded Outcome = iota
	Refused           // it has certainly not been done, and never will be
	Later             // it has certainly not been done, and may be asked for again
	Unclear           // nobody knows whether it has been, or will be
)

func (o Outcome) String() string {
	return [...]string{"done", "refused", "not now", "unclear"}[o]
}

// Result is an Intent's outcome.
type Result struct {
	Intent
	Outcome Outcome
}

// Output is what a step wants.
type Output struct {
	Intents []Intent
	Notices []Notice // in the order of the events
}

// Step takes what is known now. It modifies nothing that it is given.
func Step(c *Config, s State, in Input, now time.Time) (State, Output) {
	t := &turn{config: c, state: s.clone(), in: in, now: now}
	for _, r := range in.Results {
		t.result(r)
	}
	for _, u := range c.UPS {
		if r, known := in.Readings[u.Name]; known && !t.halting() {
			t.observe(u, r)
		}
	}
	for _, g := range c.groups() {
		t.group(g)
	}
	return t.state, t.out
}

// turn is one step at work.
type turn struct {
	config *Config
	state  State
	in     Input
	now    time.Time
	out    Output
}

// halting reports whether this machine goes down: then, as in upsmon, nothing else is looked at.
func (t *turn) halting() bool { return t.config.Halts && len(t.state.Sequences) > 0 }

func (t *turn) tell(kind Type, ups, more string) {
	t.out.Notices = append(t.out.Notices, Notice{kind, ups, more})
}

func (t *turn) ask(k Kind, ups, command string) {
	t.out.Intents = append(t.out.Intents, Intent{k, ups, command})
}

// group begins a sequence where one is due, and takes the one that runs as far as it goes.
func (t *turn) group(g group) {
	q, runs := t.state.Sequences[g.name]
	if !runs {
		reason := t.due(g)
		if reason == "" {
			return
		}
		q = begin(g, reason, t.now)
	}
	before := Stage("")
	for before != q.Stage {
		before = q.Stage
		if !t.advance(&q) {
			delete(t.state.Sequences, g.name)
			return
		}
	}
	t.state.Sequences[g.name] = q
}

// Pace is how soon the next step is due, unless something changes before.
func (s State) Pace(c *Config) time.Duration {
	for _, q := range s.Sequences {
		if q.Stage == StageFSD {
			return 250 * time.Millisecond
		}
	}
	if len(s.Sequences) > 0 {
		return time.Second
	}
	pace := c.PollFreq
	for _, m := range s.UPS {
		if m.Flags.any(onBattery | isOff | bypassed | alarmed | calibrating | overloaded | trimming | boosting) {
			pace = c.PollFreqAlert
		}
		if !m.OBLBSince.IsZero() {
			return gcd(max(c.PollFreqAlert, time.Second), max(c.OBLBDuration, time.Second))
		}
	}
	return max(pace, time.Second)
}

func gcd(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

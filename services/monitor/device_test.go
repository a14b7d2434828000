package monitor

// device is a UPS. Times are in seconds, -1: none runs.
type device struct {
	mains, on      bool
	battery        int // what it has left
	unread         bool
	asleep         bool // it waits for the mains, and says nothing
	lb             int  // low at this and below
	returns        bool // it has shutdown.return
	reboots        bool
	timers         bool // it tells of them
	sleeps         bool // it cannot be read while it is off without mains
	odd            string
	off, back      int
	cuts           int
	onAgain        int
	calibrates     bool
	ignoresOnMains bool
}

func (d *device) tick() {
	if d.mains {
		d.battery = min(d.battery+1, 600)
		if d.asleep {
			d.asleep = false
			d.back = 3
		}
	} else if d.on {
		d.battery--
		if d.battery <= 0 {
			d.battery, d.asleep, d.on, d.off = 0, true, false, -1
			d.cuts++
		}
	}
	if d.off >= 0 {
		if d.off--; d.off < 0 {
			d.on = false
			d.cuts++
			d.back = 10
		}
	} else if d.back >= 0 && d.mains {
		if d.back--; d.back < 0 {
			d.on = true
			d.onAgain++
		}
	} else if d.back >= 0 && d.sleeps {
		d.asleep = true
	}
}

func (d *device) status() string {
	s := "OB DISCHRG"
	if d.mains {
		s = "OL CHRG"
	}
	if d.battery <= d.lb {
		s += " LB"
	}
	if d.calibrates {
		s += " CAL"
	}
	if !d.on {
		s = "OFF " + s
	}
	if d.odd != "" {
		s += " " + d.odd
	}
	return s
}

// client is a machine that the UPS feeds.
type client struct {
	takes   int // seconds from seeing FSD to its logout
	hangs   bool
	boots   int // seconds until it is up, -1: it is up
	stops   int // seconds until it is down, -1: nothing
	down    bool
	missing bool // it has no login though it is up
	session int  // of the server that it is logged in to, 0: none
	asks    int  // seconds until it next asks the server
}

func (w *world) logins() (n int) {
	for _, c := range w.clients {
		if c.loggedIn(w) {
			n++
		}
	}
	return n
}

func (c *client) loggedIn(w *world) bool {
	return !c.down && c.boots < 0 && !c.missing && c.session == w.session
}

// pollFreq is how often a machine asks, in seconds.
const pollFreq = 5

func (c *client) tick(w *world) {
	asks := false
	if c.asks--; c.asks <= 0 {
		c.asks, asks = pollFreq, w.upsd
	}
	if !w.ups.on || c.down {
		c.session = 0
	} else if asks && c.boots < 0 {
		c.session = w.session
	}
	switch {
	case !w.ups.on:
		c.down, c.boots, c.stops = true, 20, -1
	case c.down && c.boots >= 0:
		if c.boots--; c.boots < 0 {
			c.down = false
		}
	case c.down:
	case c.stops >= 0:
		if c.stops--; c.stops < 0 {
			c.down = true
		}
	case w.fsd && asks && !c.hangs:
		c.stops = c.takes
	}
}

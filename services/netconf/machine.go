package netconf

import "time"

// Step is an exchange with a DHCP server.
type Step uint8

const (
	Rest    Step = iota // nothing to do until a given time
	Acquire             // DISCOVER, then REQUEST
	Confirm             // REQUEST for the address held, after the link was away (INIT-REBOOT)
	Renew               // REQUEST to the server that gave the lease
	Rebind              // REQUEST to any server
)

func (s Step) String() string {
	return [...]string{"rest", "acquire", "confirm", "renew", "rebind"}[s]
}

const (
	firstRetry   = time.Second
	longestRetry = time.Minute
)

// doubt is how far a lease is trusted once the link was away: the other end of the cable may be another network.
type doubt uint8

const (
	trusted doubt = iota
	toConfirm
	toReplace // nobody confirmed it: ask for any, and keep it meanwhile (RFC 2131, 3.2)
)

// Machine decides what to ask a DHCP server for. It reads no clock and sends nothing: the caller does what Next says, one step at a
// time, and tells how it went with Got, Failed or Refused.
type Machine struct {
	link     bool
	lease    Lease // zero: none
	doubt    doubt
	failures int
	retry    time.Time // no step before this
}

// SetLink tells whether there is a carrier.
func (m *Machine) SetLink(up bool) {
	if up == m.link {
		return
	}
	m.link, m.failures, m.retry = up, 0, time.Time{}
	if up && m.held() {
		m.doubt = toConfirm
	}
}

func (m *Machine) held() bool { return m.lease.Duration > 0 }

// Lease returns the lease that is in force.
func (m *Machine) Lease(now time.Time) (Lease, bool) {
	if m.held() && !now.Before(m.lease.Expiry()) {
		m.drop()
	}
	return m.lease, m.held()
}

func (m *Machine) drop() { m.lease, m.doubt = Lease{}, trusted }

// Next returns the step to take now. With Rest comes the time at which to ask again; the zero time is never.
func (m *Machine) Next(now time.Time) (Step, time.Time) {
	lease, held := m.Lease(now)
	switch {
	case !m.link && held:
		return Rest, lease.Expiry()
	case !m.link:
		return Rest, time.Time{}
	case now.Before(m.retry) && held && lease.Expiry().Before(m.retry):
		return Rest, lease.Expiry()
	case now.Before(m.retry):
		return Rest, m.retry
	case !held, m.doubt == toReplace:
		return Acquire, time.Time{}
	case m.doubt == toConfirm:
		return Confirm, time.Time{}
	case now.Before(lease.Renewal()):
		return Rest, lease.Renewal()
	case now.Before(lease.Rebinding()):
		return Renew, time.Time{}
	default:
		return Rebind, time.Time{}
	}
}

// Got notes the lease that a step brought.
func (m *Machine) Got(lease Lease) {
	m.lease, m.doubt, m.failures, m.retry = lease, trusted, 0, time.Time{}
}

// Refused notes that a server said no (DHCPNAK): the lease is over at once. The next try waits, in case every one is refused.
func (m *Machine) Refused(now time.Time) {
	m.drop()
	m.backOff(now)
}

// Failed notes that a step brought no answer.
func (m *Machine) Failed(step Step, now time.Time) {
	switch step {
	case Confirm:
		m.doubt = toReplace
	case Renew:
		m.retry = halfWay(now, m.lease.Rebinding(), m.lease.Duration)
	case Rebind:
		m.retry = halfWay(now, m.lease.Expiry(), m.lease.Duration)
	default:
		m.backOff(now)
	}
}

// backOff doubles from firstRetry to longestRetry.
func (m *Machine) backOff(now time.Time) {
	wait := firstRetry
	for range m.failures {
		if wait *= 2; wait >= longestRetry {
			wait = longestRetry
			break
		}
	}
	m.failures++
	m.retry = now.Add(wait)
}

// halfWay is when to try again to prolong a lease: after half of the time that is left, but a minute at least (RFC 2131, 4.4.5), or a
// tenth of a lease shorter than ten minutes; never after end.
func halfWay(now, end time.Time, lease time.Duration) time.Time {
	next := now.Add(max(end.Sub(now)/2, min(time.Minute, lease/10)))
	if next.After(end) {
		return end
	}
	return next
}

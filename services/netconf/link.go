package netconf

import (
	"bytes"
	"net"
	"sync"
)

// Link is a network interface.
type Link struct {
	Name    string
	Index   int // 0: there is none
	MAC     net.HardwareAddr
	Up      bool
	Carrier bool
	Losses  int // how often the carrier was lost; a short loss may be over when we look
}

func (l Link) equal(other Link) bool {
	return l.Name == other.Name && l.Index == other.Index && l.Up == other.Up && l.Carrier == other.Carrier && l.Losses == other.Losses &&
		bytes.Equal(l.MAC, other.MAC)
}

// slot holds the state of one interface for whoever configures it.
type slot struct {
	mu      sync.Mutex
	link    Link
	changed chan struct{} // closed and replaced when link becomes another
}

func newSlot(link Link) *slot { return &slot{link: link, changed: make(chan struct{})} }

func (s *slot) current() (Link, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link, s.changed
}

func (s *slot) set(link Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if link.equal(s.link) {
		return
	}
	s.link = link
	close(s.changed)
	s.changed = make(chan struct{})
}

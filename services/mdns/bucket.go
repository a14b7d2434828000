package mdns

import "time"

// bucket allows a burst, then one thing each pause.
type bucket struct {
	size  int
	pause time.Duration
	full  time.Time // when all of it is there again
}

func newBucket(size int, pause time.Duration) bucket { return bucket{size: size, pause: pause} }

// next is when something is allowed again.
func (b *bucket) next() time.Time { return b.full.Add(-time.Duration(b.size-1) * b.pause) }

// take tells whether something is allowed now, and counts it if it is.
func (b *bucket) take(now time.Time) bool {
	if now.Before(b.next()) {
		return false
	}
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(b.pause)
	return true
}

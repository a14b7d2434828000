package usbhid

import "sync"

// mailbox hands interrupt packets from the goroutine that receives them to the one that believes them. Of each report
// only the newest is kept, so it stays small whatever the device sends.
type mailbox struct {
	mu      sync.Mutex
	packets map[uint8][]byte
	order   []uint8
	err     error
	ready   chan struct{} // holds a token while there is something to take
}

func newMailbox() *mailbox {
	return &mailbox{packets: make(map[uint8][]byte), ready: make(chan struct{}, 1)}
}

// put files a packet under the report id, replacing an older one.
func (b *mailbox) put(id uint8, packet []byte) {
	b.mu.Lock()
	if _, ok := b.packets[id]; !ok {
		b.order = append(b.order, id)
	}
	b.packets[id] = packet
	b.mu.Unlock()
	b.wake()
}

// fail says that no more packets will come.
func (b *mailbox) fail(err error) {
	b.mu.Lock()
	b.err = err
	b.mu.Unlock()
	b.wake()
}

func (b *mailbox) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take empties the box. Packets come in the order in which their reports first arrived.
func (b *mailbox) take() ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	packets := make([][]byte, len(b.order))
	for i, id := range b.order {
		packets[i] = b.packets[id]
	}
	clear(b.packets)
	b.order = b.order[:0]
	return packets, b.err
}

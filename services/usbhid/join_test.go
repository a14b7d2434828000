package usbhid

import (
	"bytes"
	"testing"
	"time"
)

func TestJoin(t *testing.T) {
	lengths := map[byte]int{1: 3, 2: 12, 3: 24}
	type packet struct {
		after time.Duration
		data  []byte
		want  []byte // the report that comes of it
	}
	ones := func(first byte, n int) []byte { return append([]byte{first}, bytes.Repeat([]byte{1}, n-1)...) }
	for name, packets := range map[string][]packet{
		"short": {{0, ones(1, 3), ones(1, 3)}, {0, ones(1, 3), ones(1, 3)}},
		"two packets": {
			{0, ones(2, 8), ones(2, 8)}, {10 * time.Millisecond, ones(1, 4), append(ones(2, 8), 1, 1, 1, 1)}, {0, ones(1, 3), ones(1, 3)},
		},
		"three full packets": {
			{0, ones(3, 8), ones(3, 8)}, {0, ones(1, 8), nil}, {0, ones(1, 8), append(ones(3, 8), ones(1, 16)...)}, {0, ones(1, 3), ones(1, 3)},
		},
		"cut off":           {{0, ones(2, 8), ones(2, 8)}, {time.Second, ones(1, 3), ones(1, 3)}},
		"short of declared": {{0, ones(2, 7), ones(2, 7)}, {0, ones(1, 3), ones(1, 3)}},
		"unknown":           {{0, ones(9, 8), ones(9, 8)}, {0, ones(1, 3), ones(1, 3)}},
	} {
		j := joiner{declared: func(report []byte) int { return lengths[report[0]] }}
		now := time.Unix(0, 0)
		for i, p := range packets {
			now = now.Add(p.after)
			if got := j.add(p.data, now); !bytes.Equal(got, p.want) {
				t.Errorf("%s: packet %d gives % x, want % x", name, i, got, p.want)
			}
		}
	}
}

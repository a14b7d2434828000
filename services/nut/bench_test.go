package nut

import "testing"

func BenchmarkTake(b *testing.B) {
	for _, request := range []string{"GET VAR ups ups.status\n", "LIST VAR ups\n"} {
		b.Run(request[:8], func(b *testing.B) {
			s := NewSession(testHost(), "addr")
			memory := new(taking)
			out, in := make([]byte, 0, 4096), []byte(request)
			for b.Loop() {
				s.take(memory, out, in)
			}
		})
	}
}

package usb

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is how many ports a path can have: a root port behind which five hubs are chained (USB 2.0, 4.1.1), one more for
// what the kernel allows.
const maxDepth = 7

// ComparePorts orders port paths by bus, then hub port by hub port, as numbers: 1-1.2 comes before 1-1.10. What is no
// port path comes last, in the order of its text.
func ComparePorts(a, b string) int {
	x, okX := parsePort(a)
	y, okY := parsePort(b)
	switch {
	case okX && okY:
		return slices.Compare(x, y)
	case okX:
		return -1
	case okY:
		return 1
	}
	return cmp.Compare(a, b)
}

// ValidPort reports whether port is a port path as the kernel writes it: BUS-PORT[.PORT]…
func ValidPort(port string) bool {
	_, ok := parsePort(port)
	return ok
}

func parsePort(port string) ([]int, bool) {
	bus, path, ok := strings.Cut(port, "-")
	if !ok {
		return nil, false
	}
	numbers := make([]int, 0, maxDepth+1)
	for text := range strings.SplitSeq(bus+"."+path, ".") {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 || text[0] == '0' || len(numbers) > maxDepth {
			return nil, false
		}
		numbers = append(numbers, int(n))
	}
	return numbers, len(numbers) > 1 && !strings.Contains(bus, ".")
}

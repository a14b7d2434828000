package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// Ports are TCP ports. The zero value is none.
type Ports struct {
	Any  bool
	List []uint16
}

// handled is the right if Landlock is to watch over it.
func (p Ports) handled(right uint64) uint64 {
	if p.Any {
		return 0
	}
	return right
}

const anyPort = "any"

func (p Ports) format() (words []string) {
	if p.Any {
		return []string{anyPort}
	}
	for _, port := range p.List {
		words = append(words, strconv.Itoa(int(port)))
	}
	return words
}

func parsePorts(value string) (Ports, error) {
	if value == anyPort {
		return Ports{Any: true}, nil
	}
	var p Ports
	for word := range strings.SplitSeq(value, ",") {
		port, err := strconv.ParseUint(word, 10, 16)
		if err != nil || port == 0 {
			return Ports{}, fmt.Errorf("%q is no port", word)
		}
		p.List = append(p.List, uint16(port))
	}
	return p, nil
}

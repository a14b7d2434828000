// Command telegraf has telegraf's plugin gather once, and prints what it found.
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/inputs/upsd"
)

// found is all that the plugin needs of an accumulator. It takes UPSes in any order.
type found struct {
	telegraf.Accumulator
	lines []string
}

func (f *found) AddFields(name string, fields map[string]any, tags map[string]string, _ ...time.Time) {
	f.lines = append(f.lines, fmt.Sprintf("%s %v %v", name, tags, fields)) // fmt has maps in order
	for k, v := range fields {
		f.lines = append(f.lines, fmt.Sprintf("%s %s: %T", tags["ups_name"], k, v))
	}
}

func (f *found) AddError(err error) { f.lines = append(f.lines, "error: "+err.Error()) }

// quiet is all that the plugin needs of a logger while nothing is wrong.
type quiet struct{ telegraf.Logger }

func (quiet) Level() telegraf.LogLevel      { return telegraf.Error }
func (quiet) Warnf(format string, a ...any) { fmt.Printf(format+"\n", a...) }

func main() {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	plugin := &upsd.Upsd{Server: os.Args[1], Port: port, Username: "monuser", Password: "secret", Additional: []string{"*"}, Log: quiet{}}
	if err := plugin.Init(); err != nil {
		log.Fatal(err)
	}
	var f found
	if err := plugin.Gather(&f); err != nil {
		log.Fatal(err)
	}
	slices.Sort(f.lines)
	for _, line := range f.lines {
		fmt.Println(line)
	}
}

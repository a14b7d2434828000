package nutclients

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
)

// standard returns the names of NUT's own list of variables (VARDESC) or commands (CMDDESC), as Debian installs it.
func standard(t *testing.T, kind string) (names []string) {
	t.Helper()
	f, err := os.Open("/usr/share/nut/cmdvartab")
	need(t, err)
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if words := strings.Fields(in.Text()); len(words) > 1 && words[0] == kind && !strings.HasPrefix(words[1], "server.") {
			names = append(names, words[1])
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 30 {
		t.Fatalf("only %d names of %s", len(names), kind)
	}
	return names
}

// dummies is how many dummy-ups share the variables: each takes a second for an order.
const dummies = 14

// TestEverythingOfDrivers lets both servers ask and order all that there is of two kinds of drivers: NUT's dummy-ups, and our end of a driver's
// socket. What either server says of either driver is the same, and so is what becomes of each order.
func TestEverythingOfDrivers(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsd")
	variables, orders := standard(t, "VARDESC"), standard(t, "CMDDESC")
	var names []string
	shares, devs := make(map[string][]string), make(map[string]string)
	for i, v := range variables {
		if i < dummies {
			names = append(names, fmt.Sprint("dummy", i))
		}
		name := names[i%dummies]
		shares[name] = append(shares[name], v)
		devs[name] += fmt.Sprintf("%s: %d\n", v, i)
	}
	devs[names[0]] += "ups.status: OL\n"
	b := newBenchOf(t, devs, map[string]*ups.Snapshot{synology: everyUPS(variables, orders)}, append(names, synology)...)
	t.Run("dummy-ups", func(t *testing.T) { b.examine(t, shares, []string{"load.off", "test.battery.start"}, "13") })
	t.Run("ours", func(t *testing.T) {
		b.examine(t, map[string][]string{synology: variables}, orders, "13", "65", `"two words"`, `"three \"3\""`, `"longer than anybody would have it"`, `""`)
	})
	b.logSeen(t)
}

// everyUPS has each variable in one of the forms that there are, and each command.
func everyUPS(variables, orders []string) *ups.Snapshot {
	forms := []ups.Var{
		{Value: "12"}, {Value: "12.5", Flags: ups.Number}, {Value: "plain text", Flags: ups.String},
		{Value: "12", Flags: ups.RW}, {Value: "12", Flags: ups.RW | ups.Number},
		{Value: "12", Flags: ups.RW | ups.Number, Ranges: []ups.Range{{Min: -5, Max: 50}, {Min: 60, Max: 70}}},
		{Value: "12", Flags: ups.RW | ups.Number, Enum: []string{"12", "13"}},
		{Value: "some", Flags: ups.RW | ups.String, MaxLen: 12},
		{Value: "one", Flags: ups.RW | ups.String, MaxLen: 12, Enum: []string{"one", "two words", `three "3"`}},
	}
	vars := make(map[string]ups.Var)
	for i, name := range variables {
		vars[name] = forms[i%len(forms)]
	}
	vars["ups.status"] = ups.Var{Value: "OL"}
	return ups.NewSnapshot(vars, slices.Compact(slices.Sorted(slices.Values(append(orders, "beeper.mute")))), ups.Fresh, time.Now())
}

// examiner asks both servers about one UPS, and keeps what they say.
type examiner struct {
	t     *testing.T
	name  string
	conns [2]*connection
	said  [2]strings.Builder
}

func (e *examiner) ask(request string) (ours string) {
	for i, c := range e.conns {
		ours = c.ask(e.t, request)
		fmt.Fprintf(&e.said[i], "%s: %s", request, ours)
	}
	return ours
}

// give gives both servers an order. The returned function waits for the results.
func (e *examiner) give(form, request string) (finish func()) {
	var given [2]string
	for i, c := range e.conns {
		given[i] = c.ask(e.t, request)
	}
	return func() {
		for i, c := range e.conns {
			fmt.Fprintf(&e.said[i], "%s %s: %s", form, request, c.result(e.t, request, given[i]))
		}
	}
}

// examine asks both servers all about these UPSes, and orders all that can be ordered, of all UPSes and both servers at once.
func (b *bench) examine(t *testing.T, variables map[string][]string, orders []string, values ...string) {
	var all []*examiner
	rounds := 0
	for name, list := range variables {
		e := &examiner{t: t, name: name}
		for i, server := range b.servers {
			e.conns[i] = dial(t, server)
			e.conns[i].login(t)
		}
		for _, kind := range []string{"VAR", "RW", "CMD", "CLIENT"} {
			e.ask("LIST " + kind + " " + name)
		}
		for _, c := range append(orders, "no.such") {
			e.ask("GET CMDDESC " + name + " " + c)
		}
		all, rounds = append(all, e), max(rounds, len(list))
	}
	each := func(give func(e *examiner) func()) {
		var finish []func()
		for _, e := range all {
			finish = append(finish, give(e))
		}
		for _, f := range finish {
			f()
		}
	}
	for round := range rounds {
		for _, value := range values {
			each(func(e *examiner) func() {
				if round >= len(variables[e.name]) {
					return func() {}
				}
				v := variables[e.name][round]
				for _, request := range []string{"GET DESC", "LIST ENUM", "LIST RANGE"} {
					e.ask(request + " " + e.name + " " + v)
				}
				form := strings.TrimPrefix(strings.TrimSpace(e.ask("GET TYPE "+e.name+" "+v)), "TYPE "+e.name+" "+v+" ")
				return e.give(form, "SET VAR "+e.name+" "+v+" "+value)
			})
		}
	}
	for _, c := range append(orders, "no.such") {
		for _, param := range []string{"", " 5", " failed"} {
			each(func(e *examiner) func() { return e.give("", "INSTCMD "+e.name+" "+c+param) })
		}
	}
	results := 0
	for _, e := range all {
		until(t, b.servers[0], "LIST VAR "+e.name, func(answer string) bool { return answer == e.conns[1].ask(t, "LIST VAR "+e.name) })
		e.ask("LIST VAR " + e.name)
		b.compare(t, "driver", "SUCCESS\n", func(server string) string { return e.said[slices.Index(b.servers[:], server)].String() })
		results += strings.Count(e.said[1].String(), ": SUCCESS\n")
	}
	t.Logf("%d orders carried out", results)
}

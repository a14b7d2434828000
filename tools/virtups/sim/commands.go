package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/upscard/upscard/tools/virtups/near"
)

// command is one word of the control protocol.
type command struct {
	name, args, help string
	do               func(u *UPS, args []string) ([]string, error) // mu is held
}

// commandTable is what Do understands, in the order of help.
func commandTable() []command {
	return []command{
		{"status", "", "how the UPS is doing", (*UPS).doStatus},
		{"mains", "on|off|VOLTS", "give it mains, take it away, or change the voltage", (*UPS).doMains},
		{"battery", "PERCENT", "set the battery's charge", (*UPS).doBattery},
		{"load", "PERCENT", "set what the load takes", (*UPS).doLoad},
		{"replace", "on|off", "let the battery be worn out", (*UPS).doReplace},
		{"overload", "on|off", "let it signal an overload", (*UPS).doOverload},
		{"test", "quick|deep|stop", "test the battery", (*UPS).doTest},
		{"power", "on|off", "press the UPS's own button", (*UPS).doPower},
		{"unplug", "", "pull the USB plug", (*UPS).doUnplug},
		{"plug", "", "put it back", (*UPS).doPlug},
		{"reset", "", "let its USB side drop off the bus and come back, as a crashed firmware does", (*UPS).doReset},
		{"speed", "N", "let time run N times as fast", (*UPS).doSpeed},
		{"fields", "[WORD]", "every value that the device holds", (*UPS).doFields},
		{"report", "ID [HEX|auto]", "show a report, set its bytes by hand, or give it back to the model", (*UPS).doReport},
		{"fault", "[help|none [ID]|KIND ...]", "list what fails, end it, or let something fail: see fault help", (*UPS).doFault},
		{"cuts", "", "when and why the load lost power", (*UPS).doCuts},
		{"help", "", "this list", (*UPS).doHelp},
	}
}

// Do carries out one line of the control protocol. The answer is for people; err says what to write instead.
func (u *UPS) Do(line string) (answer []string, err error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, fmt.Errorf("no command: try help")
	}
	table := commandTable()
	i := slices.IndexFunc(table, func(c command) bool { return c.name == strings.ToLower(words[0]) })
	if i < 0 {
		return nil, unknown("command", words[0], names(table))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance()
	answer, err = table[i].do(u, words[1:])
	if err != nil {
		return nil, err
	}
	u.publish(u.opts.Now())
	return answer, nil
}

func names(table []command) []string {
	var all []string
	for _, c := range table {
		all = append(all, c.name)
	}
	return all
}

// unknown is the error for a word that is none of those known.
func unknown(what, word string, known []string) error {
	if n := near.Word(word, known); n != "" {
		return fmt.Errorf("unknown %s %q, did you mean %q", what, word, n)
	}
	return fmt.Errorf("unknown %s %q, known are %s", what, word, strings.Join(known, ", "))
}

func (u *UPS) doHelp([]string) ([]string, error) { return Help(), nil }

// Help lists the commands of the control protocol, one per line.
func Help() []string {
	var lines []string
	for _, c := range commandTable() {
		lines = append(lines, fmt.Sprintf("%-50s %s", strings.TrimSpace(c.name+" "+c.args), c.help))
	}
	return lines
}

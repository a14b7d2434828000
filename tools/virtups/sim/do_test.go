package sim

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/devices"
)

func TestDo(t *testing.T) {
	u := open(t, devices.Default, Options{})
	for _, c := range []struct{ line, want string }{
		{"help", "mains on|off|VOLTS"},
		{"MAINS off", "Mains:   off"},
		{"status", "discharging"},
		{"battery 15%", "low"},
		{"mains 185v", "185 V, boosted"},
		{"mains 100", "100 V, outside of 180 to 270 V"},
		{"mains on", "Mains:   230 V"},
		{"mains 230", "Mains:   230 V"},
		{"load 130", "overload"},
		{"load 40", "40 %, 360 W"},
		{"overload on", "overload"},
		{"replace on", "to be replaced"},
		{"test", "under test"},
		{"test stop", "Battery:"},
		{"speed 60", "An hour takes 1m0s now."},
		{"speed 0", "for ever"},
		{"fields capacity", "UPS.PowerSummary.RemainingCapacity = "},
		{"report 0x03", "Feature 03 14"},
		{"report 3 03 63", "Feature 03 63"},
		{"report 3 auto", "Feature 03 14"},
		{"fault", "No faults."},
		{"fault help", "random bytes"},
		{"fault stall", "stall reports: struck 0 times"},
		{"fault late first steady 0x16 3 after 2 times 1 delay 4s", "late get 0x16 0x03 after 2 times 1 delay 4s: struck 0 times"},
		{"fault flood for 4s", "flood interrupt for 4s: struck 0 times, 4s left"},
		{"fault none 3", "stall reports"},
		{"fault none", "No faults."},
		{"power off", "without power"},
		{"cuts", "somebody pressed the button"},
		{"unplug", "USB is unplugged."},
		{"plug", "USB is plugged in."},
		{"reset", "USB dropped off"},
	} {
		if got := strings.Join(do(t, u, c.line), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}

func TestDoErrors(t *testing.T) {
	u := open(t, devices.Default, Options{})
	for line, want := range map[string]string{
		"":                        "no command",
		"mians off":               `unknown command "mians", did you mean "mains"`,
		"mains of":                `"of" is no number of volts from 1 to 400, nor on or off`,
		"battery full":            `"full" is no number of percent from 0 to 100`,
		"battery NaN":             `"nan" is no number`,
		"load":                    "expected a number of percent, got 0 words",
		"replace maybe":           `unknown position "maybe", known are on, off`,
		"test quik":               `did you mean "quick"`,
		"report 999":              `"999" is no report id`,
		"report 0x99":             "the device has no report 0x99",
		"report 3 xy":             `"xy" is no report in hexadecimal`,
		"report 3 04 00":          "report 0x03 must begin with its id",
		"fault stal 3":            `did you mean "stall"`,
		"fault nome":              `did you mean "none"`,
		"fault stall enumeratoin": `unknown word "enumeratoin", did you mean "enumeration"`,
		"fault stall tims 3":      `did you mean "times"`,
		"fault stall times":       `expected a value after "times"`,
		"fault stall times 0":     `times: "0" is no number from 1 to 1000000`,
		"fault stall for 4":       `for: "4" is no time from 1ms to 24h0m0s, such as 4s`,
		"fault stall 300":         `"300" is no report id`,
		"fault flood set":         "flood cannot meet set, only interrupt",
		"fault ignore get":        "ignore cannot meet get, only set",
		"fault stall any 3":       "not for enumeration descriptor",
		"fault swap":              "swap needs as DEVICE",
		"fault swap as plain-60":  `did you mean "plain-600"`,
		"fault none stall":        `"stall" is no report id`,
		"fields zzz":              `no field's name holds "zzz"`,
		"speed 1e9":               "from 0 to 3600",
	} {
		if answer, err := u.Do(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", line, answer, err, want)
		}
	}
	do(t, u, "mains off")
	if _, err := u.Do("test"); err == nil {
		t.Error("a battery test began without mains")
	}
}

// A report that a person set stays until it is given back, whatever its length.
func TestFrozenReport(t *testing.T) {
	u := open(t, devices.Default, Options{})
	do(t, u, "report 0x20 20")
	do(t, u, "mains off")
	if got := u.Report(hid.Feature, 0x20); len(got) != 1 {
		t.Errorf("% x", got)
	}
	do(t, u, "report 0x20 auto")
	if got := u.Report(hid.Feature, 0x20); len(got) != 3 || got[1]&1 != 0 {
		t.Errorf("% x after auto", got)
	}
}

func TestServeControl(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	u := open(t, devices.Default, Options{})
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "c"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- u.ServeControl(ctx, ln) }()
	conn, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "mains off\nnonsense\n")
	in := bufio.NewScanner(conn)
	for _, want := range []string{"Mains:   off", "OK", `ERR unknown command "nonsense"`} {
		if !in.Scan() || !strings.HasPrefix(in.Text(), want) {
			t.Fatalf("%q, want %q", in.Text(), want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzDo(f *testing.F) {
	for _, c := range commandTable() {
		f.Add(c.name + " 3 " + c.args)
	}
	u := open(f, devices.Default, Options{})
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "/") {
			return // a file of this machine
		}
		u.Do(line)
	})
}

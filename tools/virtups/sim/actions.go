package sim

import (
	"fmt"
	"strings"
	"time"
)

func (u *UPS) doMains(args []string) ([]string, error) {
	word, err := one(args, "on, off or a voltage")
	if err != nil {
		return nil, err
	}
	switch word {
	case "on":
		u.unit.Mains = true
		if !u.unit.LineGood() {
			u.unit.InputVolts = u.unit.Rating.InputVolts
		}
	case "off":
		u.unit.Mains = false
	default:
		v, err := numeral(args, "volts", "v", 1, 400)
		if err != nil {
			return nil, fmt.Errorf("%w, nor on or off", err)
		}
		u.unit.Mains, u.unit.InputVolts = true, v
	}
	return []string{u.powerLine()}, nil
}

func (u *UPS) doBattery(args []string) ([]string, error) {
	v, err := numeral(args, "percent", "%", 0, 100)
	if err != nil {
		return nil, err
	}
	u.unit.Charge = v
	return []string{u.batteryLine()}, nil
}

func (u *UPS) doLoad(args []string) ([]string, error) {
	v, err := numeral(args, "percent", "%", 0, 200)
	if err != nil {
		return nil, err
	}
	u.unit.Load = v
	return []string{u.loadLine()}, nil
}

func (u *UPS) doReplace(args []string) ([]string, error) {
	on, err := onOff(args)
	if err != nil {
		return nil, err
	}
	u.unit.Worn = on
	return []string{u.batteryLine()}, nil
}

func (u *UPS) doOverload(args []string) ([]string, error) {
	on, err := onOff(args)
	if err != nil {
		return nil, err
	}
	u.unit.Overload = on
	return []string{u.loadLine()}, nil
}

func (u *UPS) doTest(args []string) ([]string, error) {
	word := "quick"
	if len(args) > 0 {
		word = strings.ToLower(args[0])
	}
	switch word {
	case "quick", "deep":
		u.unit.StartTest(word == "deep")
		if !u.unit.Testing() {
			return nil, fmt.Errorf("a test needs the mains and a powered load")
		}
	case "stop":
		u.unit.StopTest()
	default:
		return nil, unknown("test", word, []string{"quick", "deep", "stop"})
	}
	return []string{u.batteryLine()}, nil
}

func (u *UPS) doPower(args []string) ([]string, error) {
	on, err := onOff(args)
	if err != nil {
		return nil, err
	}
	if on {
		u.unit.PowerOn()
	} else {
		u.unit.PowerOff("somebody pressed the button")
	}
	return []string{u.loadLine()}, nil
}

func (u *UPS) doPlug([]string) ([]string, error) {
	u.plug()
	return []string{"USB is plugged in."}, nil
}

func (u *UPS) doUnplug([]string) ([]string, error) {
	u.unplug()
	return []string{"USB is unplugged."}, nil
}

func (u *UPS) doReset([]string) ([]string, error) {
	u.become(u.body)
	return []string{"USB dropped off and came back."}, nil
}

// fastest is an hour in a second.
const fastest = 3600

func (u *UPS) doSpeed(args []string) ([]string, error) {
	v, err := numeral(args, "seconds in a second", "x", 0, fastest)
	if err != nil {
		return nil, err
	}
	u.speed = v
	return []string{fmt.Sprintf("An hour takes %s now.", pace(v))}, nil
}

// pace says how long an hour of the model lasts.
func pace(speed float64) string {
	if speed == 0 {
		return "for ever"
	}
	return time.Duration(float64(time.Hour) / speed).Round(time.Second).String()
}

package model

import (
	"math"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want, slack float64) {
	t.Helper()
	if math.Abs(got-want) > slack {
		t.Errorf("%s is %.2f, want %.2f", what, got, want)
	}
}

func TestDischargeAndRecharge(t *testing.T) {
	u := New(DefaultRating)
	u.Load = 100
	near(t, "runtime", u.Runtime().Seconds(), 480, 1)
	u.Mains = false
	u.Step(4 * time.Minute)
	if !u.OnBattery() || !u.Discharging() || u.Charging() {
		t.Errorf("on battery: %+v", u)
	}
	near(t, "charge after half the runtime", u.Charge, 50, 0.5)
	near(t, "runtime", u.Runtime().Seconds(), 240, 2)
	near(t, "output", u.OutputVolts(), 230, 0)
	near(t, "inlet", u.LineVolts(), 0, 0)

	u.Mains = true
	u.Step(time.Hour)
	near(t, "charge after an hour", u.Charge, 75, 0.5)
	if !u.Charging() || u.Discharging() {
		t.Errorf("on mains: %+v", u)
	}
	u.Step(3 * time.Hour)
	if u.Charge != 100 || u.Charging() {
		t.Errorf("full: %+v", u)
	}
}

func TestBatteryVoltageFallsWithCharge(t *testing.T) {
	u := New(DefaultRating)
	u.Mains = false
	last := u.BatteryVolts()
	for u.Output {
		u.Step(30 * time.Second)
		if v := u.BatteryVolts(); u.Output && v >= last {
			t.Fatalf("%.2f V after %.2f V", v, last)
		} else {
			last = v
		}
	}
}

func TestLow(t *testing.T) {
	u := New(DefaultRating)
	u.Charge = 10
	if u.Low() {
		t.Error("low on the mains")
	}
	u.Mains = false
	if !u.Low() {
		t.Error("10 % is not low")
	}
	u.Charge, u.Load, u.LowRuntime = 30, 100, 3*time.Minute
	if !u.Low() {
		t.Errorf("%v is not low", u.Runtime())
	}
}

// An empty battery drops the load, which is nobody's order, and the mains bring it back.
func TestEmpty(t *testing.T) {
	u := New(DefaultRating)
	u.Mains, u.Charge = false, 1
	u.Step(time.Hour)
	if u.Output || !u.Waiting() || len(u.Cuts) != 1 || u.Cuts[0].Ordered {
		t.Fatalf("%+v", u)
	}
	u.Mains = true
	u.Step(time.Second)
	if !u.Output {
		t.Error("the load stays off with mains")
	}
}

func TestShutdownAndReturn(t *testing.T) {
	u := New(DefaultRating)
	u.Mains = false
	u.OrderStartup(30 * time.Second)
	u.OrderShutdown(20*time.Second, "test")
	u.Step(19 * time.Second)
	if !u.Output {
		t.Fatal("cut too early")
	}
	u.Step(2 * time.Second)
	if u.Output || len(u.Cuts) != 1 || !u.Cuts[0].Ordered || u.Cuts[0].Reason != "test" {
		t.Fatalf("%+v", u)
	}
	u.Step(time.Hour)
	u.Mains = true
	u.Step(29 * time.Second)
	if u.Output {
		t.Error("back before the delay")
	}
	u.Step(2 * time.Second)
	if !u.Output || u.Shutdown != Off || u.Startup != Off {
		t.Errorf("%+v", u)
	}
}

func TestShutdownForGoodAndCancelled(t *testing.T) {
	u := New(DefaultRating)
	u.OrderShutdown(10*time.Second, "test")
	u.OrderShutdown(-time.Second, "test")
	u.Step(time.Minute)
	if !u.Output {
		t.Fatal("a cancelled shutdown cut the load")
	}
	u.OrderShutdown(0, "test")
	u.Step(time.Hour)
	if u.Output || u.Waiting() {
		t.Fatal("a shutdown without a start-up delay is for good")
	}
	u.OrderStartup(5 * time.Second)
	u.Step(6 * time.Second)
	if !u.Output {
		t.Error("an order to start did nothing")
	}
}

func TestReboot(t *testing.T) {
	u := New(DefaultRating)
	u.OrderReboot(5*time.Second, "test")
	u.Step(6 * time.Second)
	if u.Output {
		t.Fatal("still on")
	}
	u.Step(restTime)
	if !u.Output || len(u.Cuts) != 1 {
		t.Errorf("%+v", u)
	}
}

func TestBatteryTest(t *testing.T) {
	for _, c := range []struct {
		name string
		deep bool
		do   func(*Unit)
		want Test
	}{
		{"quick", false, func(u *Unit) { u.Step(quickTest) }, TestPassed},
		{"quick, worn", false, func(u *Unit) { u.Worn = true; u.Step(quickTest) }, TestFailed},
		{"still going", false, func(u *Unit) { u.Step(quickTest / 2) }, TestRunning},
		{"stopped", true, func(u *Unit) { u.StopTest() }, TestAborted},
		{"power failure", true, func(u *Unit) { u.Mains = false; u.Step(time.Second) }, TestAborted},
		{"deep", true, func(u *Unit) { u.Step(time.Hour) }, TestPassed},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := New(DefaultRating)
			u.StartTest(c.deep)
			if !u.Discharging() || u.OnBattery() {
				t.Error("a test takes current from the battery while the mains are there")
			}
			c.do(u)
			if u.TestState != c.want {
				t.Errorf("state %d, want %d", u.TestState, c.want)
			}
		})
	}
}

func TestLineVoltage(t *testing.T) {
	for _, c := range []struct {
		volts             float64
		good, boost, buck bool
	}{{230, true, false, false}, {195, true, true, false}, {260, true, false, true}, {150, false, false, false}, {300, false, false, false}} {
		u := New(DefaultRating)
		u.InputVolts = c.volts
		if u.LineGood() != c.good || u.Boosting() != c.boost || u.Bucking() != c.buck || u.OnBattery() == c.good {
			t.Errorf("%v V: good %v, boost %v, buck %v", c.volts, u.LineGood(), u.Boosting(), u.Bucking())
		}
		near(t, "output", u.OutputVolts(), 230, 15)
	}
}

package supervise

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary the child processes of its own tests: `helper NAME ...`.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		os.Exit(helpers()[os.Args[2]](os.Args[3:]))
	}
	os.Exit(m.Run())
}

func helpers() map[string]func(args []string) int {
	return map[string]func([]string) int{
		"exit":   func(args []string) int { return atoi(args[0]) },
		"serve":  serveHelper,
		"print":  printHelper,
		"beat":   beatHelper,
		"reaper": reaperHelper,
		"orphan": orphanHelper,
	}
}

func helper(t *testing.T, args ...string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{self, "helper"}, args...)
}

func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

// serveHelper says that it is ready and lives until it is killed.
func serveHelper([]string) int {
	fmt.Println("environment", os.Environ())
	fmt.Fprintln(os.Stderr, "serving")
	ready := os.NewFile(ReadyFD, "ready")
	if _, err := ready.WriteString("READY\n"); err != nil {
		fmt.Println(err)
	}
	ready.Close()
	time.Sleep(time.Minute)
	return 9
}

func printHelper([]string) int {
	fmt.Print("short\n", strings.Repeat("x", 3*MaxLine), "\nafter\n", "no newline")
	return 0
}

// beatHelper says that it is alive as often as it is told, then hangs.
func beatHelper(args []string) int {
	pipe := os.NewFile(ReadyFD, "parent")
	for range atoi(args[0]) {
		if _, err := pipe.WriteString("ALIVE\n"); err != nil {
			fmt.Println(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Minute)
	return 9
}

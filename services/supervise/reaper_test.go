package supervise

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestReaperCollectsOrphansAndLeavesTheOthers(t *testing.T) {
	command := helper(t, "reaper")
	var out bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	t.Logf("%s", out.Bytes())
}

const (
	orphanMakers = 40 // each leaves one orphan
	children     = 60
)

// reaperHelper is a small PID 1: it adopts orphans while it has children of its own, whose exit codes must all be right.
func reaperHelper([]string) int {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Println("subreaper:", err)
		return 1
	}
	// Every orphan holds the write end: when the read end ends, all of them have.
	aliveR, aliveW, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	r := NewReaper()
	ctx, cancel := context.WithCancel(context.Background())
	var reaping, owners sync.WaitGroup
	reaping.Go(func() { _ = r.Run(ctx) })
	wrong := make(chan string, orphanMakers+children)
	start := func(want int, args ...string) {
		cmd := exec.Command("/proc/self/exe", append([]string{"helper"}, args...)...)
		cmd.ExtraFiles = []*os.File{aliveW}
		if err := r.Start(cmd); err != nil {
			wrong <- err.Error()
			return
		}
		err := r.Wait(cmd)
		if err != nil || cmd.ProcessState.ExitCode() != want {
			wrong <- fmt.Sprintf("%v: %v, %v", args, err, cmd.ProcessState)
		}
	}
	for i := range orphanMakers {
		owners.Go(func() { start(i, "orphan", fmt.Sprint(i)) })
	}
	for i := range children {
		owners.Go(func() { start(i, "exit", fmt.Sprint(i)) })
	}
	owners.Wait()
	aliveW.Close()
	_, _ = aliveR.Read(make([]byte, 1))
	left := awaitNoChildren()
	cancel()
	reaping.Wait()
	close(wrong)
	for w := range wrong {
		left++
		fmt.Println(w)
	}
	return left
}

// awaitNoChildren returns 0 once the reaper has left no child, dead or alive: wait4 for any fails with ECHILD then. It must not collect
// any itself, so it only looks.
func awaitNoChildren() int {
	for range 1000 {
		var info childInfo
		if err := waitid(unix.P_ALL, 0, unix.WNOHANG, &info); err == unix.ECHILD {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("children are left")
	return 1
}

// orphanHelper leaves a grandchild behind, which ends later.
func orphanHelper(args []string) int {
	cmd := exec.Command("/proc/self/exe", "helper", "exit", "7")
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "alive")}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return 99
	}
	return atoi(args[0])
}

// Command crowd holds many connections to the card's upsd at once, from the card itself: QEMU's own network takes seconds for each thousand.
//
//	crowd PID PLAIN TLS
//
// PID is upsd's. All of them ask once as they come, and once more when all are there. It prints
//
//	crowd ANSWERED AGAIN RESIDENT DATA
//
// how many were answered, how many were again, and then the memory of upsd in kB: what is resident, and what RLIMIT_DATA counts.
package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	addr    = "127.0.0.1:3493"
	request = "GET VAR ups ups.status\n"
	begin   = `VAR ups ups.status "`
	workers = 8
	// patience is for one answer of a card that has all its clients at once, and is emulated.
	patience = time.Minute
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var n [3]int
	for i := range n {
		if len(args) != len(n) {
			return errors.New("a process and two numbers of connections are needed")
		}
		var err error
		if n[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	pid, plain, all := n[0], n[1], n[1]+n[2]
	files := uint64(all + 100)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files}); err != nil {
		return err
	}
	conns := make([]net.Conn, all)
	answered, err := each(conns, func(i int) (err error) {
		conns[i], err = come(i >= plain)
		return err
	})
	if err != nil {
		return err
	}
	again, err := each(conns, func(i int) error { return ask(conns[i], request, begin) })
	if err != nil {
		return err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	fmt.Println("crowd", answered, again, kilobytes(status, "VmRSS"), kilobytes(status, "VmData"))
	return nil
}

func kilobytes(status []byte, name string) string {
	if m := regexp.MustCompile(name + `:\s*(\d+) kB`).FindSubmatch(status); m != nil {
		return string(m[1])
	}
	return "0"
}

// each does it for all connections, and counts the successes. The error is the first one.
func each(conns []net.Conn, do func(i int) error) (int, error) {
	var wg sync.WaitGroup
	var done atomic.Int64
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(conns) && errs[w] == nil; i += workers {
				if errs[w] = do(i); errs[w] == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(done.Load()), errors.Join(errs...)
}

func come(secure bool) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	if secure {
		if err := ask(conn, "STARTTLS\n", "OK STARTTLS"); err != nil {
			return nil, err
		}
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // who it is does not matter here
	}
	return conn, ask(conn, request, begin)
}

func ask(conn net.Conn, request, begin string) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		return err
	}
	answer, err := bufio.NewReaderSize(conn, 128).ReadString('\n')
	if err == nil && !strings.HasPrefix(answer, begin) {
		err = fmt.Errorf("the answer to %q is %q", request, answer)
	}
	return err
}

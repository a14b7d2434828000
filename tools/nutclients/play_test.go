package nutclients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/upscard/upscard/tools/debs"
	"golang.org/x/sys/unix"
)

// call is one run of a client. In what it is given, SERVER stands for host:port, PORT for the port, TMP for the directory of its files.
type call struct {
	args  []string
	stdin string
	env   []string
	want  string         // what it says, among other things
	line  *regexp.Regexp // where it never ends: what it says again and again, until
	lines int            // so many different lines were said
}

// root is a tree of Debian's packages in which clients run.
type root struct {
	path string
	tmp  string // a directory in it for this test's files, as the clients see it
}

// unpacking is held while the tree is made.
var unpacking sync.Mutex

// newRoot unpacks packages. Clients are confined to the tree by chroot, so that each finds its own libraries, modules and files, those of
// this machine aside.
func newRoot(t *testing.T) *root {
	t.Helper()
	need(t, debs.Available())
	if os.Getuid() != 0 {
		need(t, errors.New("only root may chroot"))
	}
	unpacking.Lock()
	defer unpacking.Unlock()
	path, err := debs.Unpack(t.Context(), "../../images/out/nutclients", "", "nut-client", "nut-server", "nut-cgi", "python3-nut", "libups-nut-perl",
		"collectd-core", "monitoring-plugins-standard")
	need(t, err)
	path, err = filepath.Abs(path)
	need(t, err)
	for _, dir := range []string{"dev", "tmp"} {
		need(t, os.MkdirAll(filepath.Join(path, dir), 0o755))
	}
	need(t, os.WriteFile(filepath.Join(path, "etc/passwd"), []byte("root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"), 0o644))
	if err := unix.Mknod(filepath.Join(path, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil && err != unix.EEXIST {
		need(t, err)
	}
	tmp, err := os.MkdirTemp(filepath.Join(path, "tmp"), "clients")
	need(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	return &root{path, "/tmp/" + filepath.Base(tmp)}
}

// need skips the test, or fails it under CI=true, unless err is nil.
func need(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// write makes a file in the clients' directory.
func (r *root) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.path, r.tmp, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fill puts a server in the place of the words that stand for it.
func (r *root) fill(text, server string) string {
	_, port, _ := net.SplitHostPort(server)
	return strings.NewReplacer("SERVER", server, "PORT", port, "TMP", r.tmp).Replace(text)
}

// program returns where a program is in the tree.
func (r *root) program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/bin/", "/bin/", "/usr/sbin/", "/usr/lib/nagios/plugins/", "/usr/lib/cgi-bin/nut/"} {
		if _, err := os.Stat(r.path + dir + name); err == nil {
			return dir + name
		}
	}
	t.Fatalf("Debian's packages have no %s", name)
	return ""
}

// run returns all that a client says, and how it ends.
func (r *root) run(t *testing.T, c call, server string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var args []string
	for _, a := range c.args {
		args = append(args, r.fill(a, server))
	}
	cmd := exec.CommandContext(ctx, r.program(t, args[0]), args[1:]...)
	cmd.Dir, cmd.Stdin = "/", strings.NewReader(r.fill(c.stdin, server))
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.path, Pdeathsig: syscall.SIGKILL}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "NUT_CONFPATH=" + r.tmp}
	for _, e := range c.env {
		cmd.Env = append(cmd.Env, r.fill(e, server))
	}
	out := &output{c: c, enough: cancel}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if c.line != nil && len(out.chosen()) >= c.lines {
		return strings.Join(out.chosen(), "")
	}
	if ctx.Err() != nil {
		t.Fatalf("%q does not end: %s", c.args, &out.all)
	}
	if err != nil {
		fmt.Fprintln(&out.all, err)
	}
	return out.all.String()
}

// output is what a client says.
type output struct {
	c      call
	enough func()

	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(b)
	if o.c.line != nil && len(o.chosen()) >= o.c.lines {
		o.enough()
	}
	return len(b), nil
}

// chosen are the different whole lines that count, in order.
func (o *output) chosen() []string {
	var list []string
	for line := range strings.Lines(o.all.String()) {
		if strings.HasSuffix(line, "\n") && o.c.line.MatchString(line) {
			list = append(list, plain(line))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// times are what differs from run to run: times, and where in memory things are.
var times = regexp.MustCompile(`\(0x[0-9a-f]+\)|[0-9]{10}\.[0-9]{3}:|(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w+ [ 0-9]+ [0-9:]+ UTC [0-9]+`)

func plain(text string) string { return times.ReplaceAllString(text, "TIME") }

// anonymous takes a server's address out of what a client said.
func anonymous(text, server string) string {
	host, port, _ := net.SplitHostPort(server)
	text = strings.NewReplacer(server, "SERVER", host+"%3A"+port, "SERVER", host+"%3a"+port, "SERVER").Replace(text)
	return plain(regexp.MustCompile(`\b`+port+`\b`).ReplaceAllString(text, "PORT"))
}

// same runs clients against both servers: they say the same, but for the rows of differences.
func (b *bench) same(t *testing.T, r *root, calls []call) {
	t.Helper()
	for _, c := range calls {
		b.compare(t, strings.Join(c.args, " "), c.want, func(server string) string { return r.run(t, c, server) })
	}
}

// compare has both servers asked, NUT's first. What is said contains want.
func (b *bench) compare(t *testing.T, who, want string, said func(server string) string) {
	t.Helper()
	theirs, ours := anonymous(said(b.servers[0]), b.servers[0]), anonymous(said(b.servers[1]), b.servers[1])
	if !strings.Contains(ours, want) {
		t.Errorf("%s: want %q in\n%s", who, want, ours)
	}
	theirs, ours = b.agree(who, theirs, ours)
	if theirs != ours {
		t.Errorf("%s\n--- NUT's upsd\n%s--- ours\n%s", who, onlyIn(theirs, ours), onlyIn(ours, theirs))
	}
}

// onlyIn returns the lines of a that b does not have, or all of a if there is none.
func onlyIn(a, b string) string {
	var only strings.Builder
	for line := range strings.Lines(a) {
		if !strings.Contains("\n"+b, "\n"+line) {
			only.WriteString(line)
		}
	}
	if only.Len() == 0 {
		return a
	}
	return only.String()
}

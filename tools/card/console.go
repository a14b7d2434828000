package card

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Line is one line of the serial console with the host's time of its arrival.
type Line struct {
	At   time.Time
	Text string
}

// Console is the card's serial console. Lines are kept for the card's whole life; any number of goroutines may wait for them.
type Console struct {
	mu    sync.Mutex
	in    io.Writer // the card's keyboard
	lines []Line
	more  chan struct{} // closed by the next line, or at the end
	done  bool

	shell sync.Mutex // one command at a time
	count int
}

func newConsole() *Console {
	return &Console{in: io.Discard, more: make(chan struct{})}
}

// plug connects the keyboard of a machine that has just been powered on.
func (c *Console) plug(in io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = in
}

// Write types on the card's keyboard.
func (c *Console) Write(p []byte) (int, error) {
	c.mu.Lock()
	in := c.in
	c.mu.Unlock()
	return in.Write(p)
}

// read takes lines from r until that ends; copyTo, which may be nil, gets each as it comes.
func (c *Console) read(r io.Reader, copyTo io.Writer) {
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadString('\n')
		if text != "" {
			c.add(strings.TrimRight(text, "\r\n"))
			if copyTo != nil {
				io.WriteString(copyTo, text)
			}
		}
		if err != nil {
			return
		}
	}
}

func (c *Console) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, Line{time.Now(), text})
	close(c.more)
	c.more = make(chan struct{})
}

// end tells whoever waits that no more lines will come.
func (c *Console) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	close(c.more)
}

// Lines returns what the console showed so far.
func (c *Console) Lines() []Line {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines[:len(c.lines):len(c.lines)]
}

// Mark is a position to wait from: only later lines count.
func (c *Console) Mark() int { return len(c.Lines()) }

// ErrEnded says that the card stopped before the awaited line came.
var ErrEnded = errors.New("the card stopped")

// Await returns the first line from mark on that matches, with its groups.
func (c *Console) Await(ctx context.Context, mark int, re *regexp.Regexp) (Line, []string, error) {
	for {
		c.mu.Lock()
		lines, more, done := c.lines, c.more, c.done
		c.mu.Unlock()
		for ; mark < len(lines); mark++ {
			if groups := re.FindStringSubmatch(lines[mark].Text); groups != nil {
				return lines[mark], groups, nil
			}
		}
		if done {
			return Line{}, nil, fmt.Errorf("waiting for %q on the console: %w", re, ErrEnded)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Line{}, nil, fmt.Errorf("waiting for %q on the console: %w", re, ctx.Err())
		}
	}
}

// logLine is how init writes a program's line. It may come between the lines of a command in the rescue shell, or between the end of
// such a line and its line feed.
var logLine = regexp.MustCompile(`\[ *\d+\.\d+\] [^ :]+: .*$`)

// Shell runs a command in the rescue shell (upscard.rescue on the command line) and returns what it printed.
func (c *Console) Shell(ctx context.Context, command string) (string, error) {
	c.shell.Lock()
	defer c.shell.Unlock()
	c.count++
	mark := c.Mark()
	begin, end := fmt.Sprintf("begin-%d-", c.count), fmt.Sprintf("end-%d-", c.count)
	// The terminal echoes what is typed; the exit status tells the real marks from their echo.
	if _, err := fmt.Fprintf(c, "echo %s$?-; %s; echo %s$?-\n", begin, command, end); err != nil {
		return "", fmt.Errorf("rescue shell: %w", err)
	}
	_, status, err := c.Await(ctx, mark, regexp.MustCompile(end+`(\d+)-`))
	if err != nil {
		return "", fmt.Errorf("rescue shell: %s: %w", command, err)
	}
	var out []string
	started := regexp.MustCompile(begin + `\d+-`)
	for _, l := range c.Lines()[mark:] {
		switch {
		case started.MatchString(l.Text):
			out = []string{}
		case strings.Contains(l.Text, end+status[1]+"-"):
			if status[1] != "0" {
				return strings.Join(out, "\n"), fmt.Errorf("rescue shell: %s: exit status %s: %s", command, status[1], strings.Join(out, "\n"))
			}
			return strings.Trim(strings.Join(out, "\n"), "\n"), nil
		case out != nil:
			if text := logLine.ReplaceAllString(l.Text, ""); text != "" || l.Text == "" {
				out = append(out, text)
			}
		}
	}
	return "", fmt.Errorf("rescue shell: %s: no output found", command)
}

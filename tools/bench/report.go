package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine says what a run was made on, and when: its figures are worth nothing without.
func machine() string {
	model := "processor of an unknown kind"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	before, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s, %s, %d processors, Linux %s, load %s before", time.Now().Format(time.DateOnly), model, runtime.NumCPU(), strings.TrimSpace(string(kernel)), before)
}

// versions names all that is compared.
func versions() string {
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	nut := "NUT"
	if path, err := nutProgram("upsd"); err == nil {
		text, _ := exec.Command(path, "-V").CombinedOutput()
		nut, _, _ = strings.Cut(string(text), "\n")
	}
	return fmt.Sprintf("upscard %s, %s, %s/%s; %s", strings.TrimSpace(string(commit)), runtime.Version(), runtime.GOOS, runtime.GOARCH, nut)
}

// place puts text between the marks of a name, each of which is a line of its own.
func place(document, name, text string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
	before, rest, ok := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("there is no place between %q and %q", begin, end)
	}
	return before + begin + text + end + after, nil
}

// updateFile puts text into a file, between the marks of a name.
func updateFile(path, name, text string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := place(string(document), name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

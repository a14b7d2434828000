// Package board finds what every board boots.
package board

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	_ "github.com/gokrazy/kernel.rpi" // pinned by go.sum; only its files are used
)

// Kernel returns the path of the arm64 kernel image that go.sum pins, fetching the module if need be.
func Kernel(ctx context.Context) (string, error) {
	const module = "github.com/gokrazy/kernel.rpi"
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		return "", fmt.Errorf("module %s is not there (go mod download): %w: %s", module, err, stderr.String())
	}
	return filepath.Join(dir, "vmlinuz"), nil
}

package board

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	_ "github.com/gokrazy/firmware"   // pinned by go.sum; only its files are used
	_ "github.com/gokrazy/kernel.rpi" // likewise
)

// Modules whose files go on a card.
const (
	firmwareModule = "github.com/gokrazy/firmware"
	kernelModule   = "github.com/gokrazy/kernel.rpi"
)

// Kernel returns the path of the arm64 kernel image that go.sum pins, fetching the module if need be.
func Kernel(ctx context.Context) (string, error) {
	dir, err := moduleDir(ctx, kernelModule)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "vmlinuz"), nil
}

func moduleDir(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		return "", fmt.Errorf("module %s is not there (go mod download): %w: %s", module, err, stderr.String())
	}
	return dir, nil
}

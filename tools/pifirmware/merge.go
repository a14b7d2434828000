package pifirmware

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// MergedTree returns the device tree with the overlays applied, by fdtoverlay. That knows no parameters of overlays: they are left out.
func (b Boot) MergedTree(ctx context.Context) ([]byte, error) {
	if len(b.Overlays) == 0 {
		return b.DeviceTree, nil
	}
	program, err := exec.LookPath("fdtoverlay")
	if err != nil {
		return nil, fmt.Errorf("fdtoverlay is missing: install device-tree-compiler: %w", err)
	}
	dir, err := os.MkdirTemp("", "upscard-tree-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	base, merged := filepath.Join(dir, "base.dtb"), filepath.Join(dir, "merged.dtb")
	args := []string{"-i", base, "-o", merged}
	inputs := map[string][]byte{base: b.DeviceTree}
	for i, o := range b.Overlays {
		path := filepath.Join(dir, fmt.Sprintf("%d.dtbo", i))
		inputs[path] = o.Data
		args = append(args, path)
	}
	for path, data := range inputs {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
	}
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("fdtoverlay: %w: %s", err, out)
	}
	return os.ReadFile(merged)
}

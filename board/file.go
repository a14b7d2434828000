// Package board finds what every board boots.
package board

import (
	"context"
	"io/fs"
	"os"
)

// Origin is where a file of an image comes from.
type Origin int

// The origins. A board's own texts are in its package; what is built is in the build's output directory.
const (
	Own Origin = iota
	Built
	FirmwareModule
	KernelModule
)

// File is one file of an image: a row of a board's table.
type File struct {
	On   []int  // numbers of the partitions that hold it, of package layout
	Name string // its path there
	From Origin
	Path string // its path at the origin; "" for Name
	Gzip bool   // compress it on the way
}

// Source returns the path of the file at its origin.
func (f File) Source() string {
	if f.Path != "" {
		return f.Path
	}
	return f.Name
}

// Sources opens every origin. own holds the board's texts, built is the directory of what was built.
func Sources(ctx context.Context, own fs.FS, built string) (map[Origin]fs.FS, error) {
	sources := map[Origin]fs.FS{Own: own, Built: os.DirFS(built)}
	for origin, module := range map[Origin]string{FirmwareModule: firmwareModule, KernelModule: kernelModule} {
		dir, err := moduleDir(ctx, module)
		if err != nil {
			return nil, err
		}
		sources[origin] = os.DirFS(dir)
	}
	return sources, nil
}

// Package guards holds the project's rules about its own sources.
package guards

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/upscard/upscard/"

// goTool runs the go command at the top of the project.
func goTool(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			out = append(out, exit.Stderr...)
		}
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

type pkg struct {
	ImportPath, Name, Doc string
	Standard              bool
	Imports, Deps         []string
	GoFiles, CgoFiles     []string
	TestImports           []string
}

// list returns the project's packages as cgo sees them, by import path, for the card's architecture.
func list(t *testing.T) map[string]pkg {
	t.Helper()
	out := goTool(t, []string{"CGO_ENABLED=1", "GOOS=linux", "GOARCH=arm64"},
		"list", "-e", "-json=ImportPath,Name,Doc,Standard,Imports,Deps,GoFiles,CgoFiles,TestImports", "./...")
	all := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// forbidden lists what a package must not reach, directly or not. A name that ends in "/" stands for all below it.
var forbidden = []struct {
	from   string
	except []string
	reach  []string
	why    string
}{
	{"", []string{"cmd/usbhid-ups", "services/usb/libusb"}, []string{"github.com/google/gousb"}, "the driver is the only cgo program"},
	{"cmd/init", nil, []string{"net/http", "crypto/tls"}, "PID 1 stays tiny"},
	{"cmd/init", nil, []string{
		module + "services/ups", module + "services/hid", module + "services/usbhid", module + "services/nut",
		module + "services/driversock", module + "services/config",
	}, "PID 1 parses only the kernel's own text"},
	{"services/", nil, []string{module + "cmd/", module + "tools/", module + "images/", module + "initramfs", module + "board/"}, "imports point one way"},
	{"cmd/", nil, []string{module + "cmd/", module + "tools/", module + "images/", module + "initramfs", module + "board/"}, "imports point one way"},
	{"services/config", nil, []string{module + "services/"}, "config knows no service"}, // but what is neutral
	{"services/supervise", nil, []string{module + "services/ups", module + "services/usb"}, "supervise knows no UPS"},
	{"services/nut", nil, []string{module + "services/driversock"}, "a wire protocol knows no other"},
	{"services/driversock", nil, []string{module + "services/nut"}, "a wire protocol knows no other"},
}

func TestImports(t *testing.T) {
	all := list(t)
	for _, rule := range forbidden {
		for name, p := range all {
			if !covers(rule.from, name) || slices.Contains(rule.except, name) {
				continue
			}
			for _, dep := range p.Deps {
				if !slices.Contains(neutral, dep) && slices.ContainsFunc(rule.reach, func(r string) bool { return covers(r, dep) }) {
					t.Errorf("%s reaches %s: %s", name, dep, rule.why)
				}
			}
		}
	}
}

// neutral are packages of services that know nothing of what they are used for.
var neutral = []string{module + "services/lazyre"}

// covers reports whether name is pattern or, for "" or a pattern that ends in "/", lies below it.
func covers(pattern, name string) bool {
	return pattern == "" || name == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(name, pattern)
}

func TestStandardLibraryOnly(t *testing.T) {
	all := list(t)
	for _, name := range []string{"services/hid", "services/ups"} {
		for _, dep := range all[name].Deps {
			if strings.Contains(strings.Split(dep, "/")[0], ".") {
				t.Errorf("%s reaches %s, but may use the standard library only", name, dep)
			}
		}
	}
}

// One sentence says what a package is for.
func TestPackageDocs(t *testing.T) {
	for name, p := range list(t) {
		if len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", name)
		}
		if p.Name != "main" && !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") {
			t.Errorf("%s: the package comment begins %q, want %q", name, p.Doc, "Package "+p.Name+" ...")
		}
	}
}

func TestGofmt(t *testing.T) {
	cmd := exec.Command("sh", "-c", "gofmt -l $(git ls-files -co --exclude-standard '*.go')")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("gofmt would change (%v):\n%s", err, out)
	}
}

func TestBuildsWithoutCgo(t *testing.T) {
	goTool(t, []string{"CGO_ENABLED=0"}, "build", "./...")
	goTool(t, []string{"CGO_ENABLED=0"}, "vet", "./...")
	goTool(t, []string{"CGO_ENABLED=0", "GOARCH=arm64"}, "vet", "./cmd/...", "./services/...")
	goTool(t, []string{"CGO_ENABLED=0", "GOARCH=arm"}, "build", "-o", os.DevNull, "./tools/capture") // runs on other people's machines
}

// The driver's edge is seen only by a compiler that has libusb.
func TestCgoEdge(t *testing.T) {
	libusb, err := filepath.Abs("../../images/out/libusb-arm64/lib/pkgconfig")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(libusb); err != nil && os.Getenv("CI") == "" {
		t.Skipf("libusb is not built: make build: %v", err)
	}
	goTool(t, []string{"CGO_ENABLED=1", "GOARCH=arm64", "CC=aarch64-linux-gnu-gcc", "PKG_CONFIG_LIBDIR=" + libusb},
		"vet", "./cmd/usbhid-ups", "./services/usb/libusb")
}

func TestStaticcheck(t *testing.T) {
	goTool(t, []string{"CGO_ENABLED=0"}, "tool", "staticcheck", "./...") // fails where it has something to say
}

func TestTidy(t *testing.T) {
	if out := goTool(t, nil, "mod", "tidy", "-diff"); out != "" {
		t.Errorf("go mod tidy would change:\n%s", out)
	}
}

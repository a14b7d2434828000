package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/certbundle"
	"github.com/upscard/upscard/services/clock"
	"github.com/upscard/upscard/services/nut"
)

const mkcertUsage = `usage: upscard mkcert -from HOST[:PORT] [-fingerprint SHA256] [-out DIR]
           what a client needs to know a card by, asked of that card
       upscard mkcert -ca FILE [-host NAME ...] [-client NAME ...] [-out DIR]
           what servers and clients need, signed by an authority: the card's own (/state/upsd/ca, on the card), or one of yours, which is
           made where FILE is not there. Again with the same FILE it renews what it made; who knows the authority need not be told.
`

// mkcertOptions are the flags.
type mkcertOptions struct {
	from, fingerprint string
	ca                string
	hosts, clients    words
	out, install      string
}

// words is a flag that may be repeated.
type words []string

func (w *words) String() string { return strings.Join(*w, ",") }

func (w *words) Set(s string) error {
	if s == "" || len(s) > 64 || strings.ContainsFunc(s, isUnfit) || s[0] == '.' || s[0] == '-' {
		return errors.New("want 1 to 64 letters, digits, points, colons, hyphens, underscores")
	}
	*w = append(*w, s)
	return nil
}

// isUnfit is for what a name of a host, a directory or a user has no use for.
func isUnfit(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".:-_", r))
}

// mkcert returns the exit code.
func mkcert(args []string, stdout, stderr io.Writer) int {
	var o mkcertOptions
	flags := flag.NewFlagSet("mkcert", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, mkcertUsage); flags.PrintDefaults() }
	flags.StringVar(&o.from, "from", "", "card to ask, by a `name` or an address that its certificate has")
	flags.StringVar(&o.fingerprint, "fingerprint", "", "`SHA-256` that the card's authority must have, as the card's log has it")
	flags.StringVar(&o.ca, "ca", "", "`file` of the authority's key and certificate")
	flags.Var(&o.hosts, "host", "`name` or address of a server that gets a certificate; may be repeated, all in one")
	flags.Var(&o.clients, "client", "`name` of a client that gets a certificate; may be repeated")
	flags.StringVar(&o.out, "out", "certs", "`directory` to write")
	flags.StringVar(&o.install, "install", "/etc/nut/upscard", "`directory` that a client's files will be in on the client")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || (o.from == "") == (o.ca == "") || o.from != "" && len(o.hosts)+len(o.clients) > 0 || o.ca != "" && o.fingerprint != "" {
		flags.Usage()
		return 2
	}
	if err := o.run(stdout); err != nil {
		fmt.Fprintln(stderr, "upscard mkcert:", err)
		return 1
	}
	return 0
}

func (o mkcertOptions) run(stdout io.Writer) error {
	if o.from != "" {
		authority, err := askAuthority(o.from, o.fingerprint)
		if err != nil {
			return err
		}
		if o.fingerprint == "" {
			fmt.Fprintf(stdout, "%s says that its authority is %s. Compare with \"authority=\" in its log, or somebody else may have answered:\n  %s\n",
				o.from, authority.Subject.CommonName, ca.Fingerprint(authority))
		}
		return o.client(stdout, authority, "client", nil)
	}
	own, err := openAuthority(o.ca, stdout)
	if err != nil {
		return err
	}
	at := dates()
	if len(o.hosts) > 0 {
		cert, err := own.Server(ca.NamesOf(o.hosts), at)
		if err != nil {
			return err
		}
		if err := write(stdout, filepath.Join(o.out, "server"), certbundle.Server(own.Cert, cert)); err != nil {
			return err
		}
	}
	for _, name := range o.clients {
		cert, err := own.Client(name, at)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "client %s: in [users.NAME], cert = %q or\n  %s\n", name, name, nut.Fingerprint(cert.Leaf))
		if err := o.client(stdout, own.Cert, filepath.Join("clients", name), cert); err != nil {
			return err
		}
	}
	if len(o.clients) == 0 {
		return o.client(stdout, own.Cert, "client", nil)
	}
	return nil
}

func dates() ca.Dates { return ca.Dates{Build: clock.Build(), Now: time.Now()} }

// client writes the files of a client, nil if it needs no certificate.
func (o mkcertOptions) client(stdout io.Writer, authority *x509.Certificate, dir string, cert *tls.Certificate) error {
	files, err := certbundle.Client(o.install, authority, cert)
	if err != nil {
		return err
	}
	dir = filepath.Join(o.out, dir)
	if err := write(stdout, dir, files); err != nil {
		return err
	}
	return makeNSS(stdout, filepath.Join(dir, certbundle.FileNSS))
}

// makeNSS runs the script where its tools are.
func makeNSS(stdout io.Writer, script string) error {
	for _, program := range []string{"certutil", "pk12util", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(stdout, "there is no %s here: for an upsmon built with NSS (Debian 12's is) run this where there is, on the client perhaps:\n  sh %s\n", program, script)
			return nil
		}
	}
	if out, err := exec.Command("sh", script).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, bytes.TrimSpace(out))
	}
	fmt.Fprintln(stdout, "wrote", filepath.Join(filepath.Dir(script), "nss"))
	return nil
}

// openAuthority reads an authority's file, or makes one. The card's own file is read only: upsd renews it.
func openAuthority(path string, stdout io.Writer) (*ca.Authority, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, err := ca.New(dates())
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(stdout, "made an authority; whoever has its file can be any card of yours:", path)
		return made, replace(path, made.Encode(), 0o600)
	}
	if err != nil {
		return nil, err
	}
	known, err := ca.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	renewed, err := known.Renewed(dates())
	if err != nil || renewed == known || bytes.Contains(text, []byte("\n# sha256 ")) {
		return known, err
	}
	fmt.Fprintln(stdout, "renewed the authority:", path)
	return renewed, replace(path, renewed.Encode(), 0o600)
}

// write writes files below a directory and tells which.
func write(stdout io.Writer, dir string, files certbundle.Files) error {
	for _, name := range files.Paths() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if files[name].Secret {
			mode = 0o600
		}
		if err := replace(path, files[name].Content, mode); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "wrote", path)
	}
	return nil
}

// replace leaves the old file where the new one cannot be written, and nobody a moment to read what is not for him.
func replace(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

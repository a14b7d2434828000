// Package certbundle lays certificates out in files as NUT's programs want them.
package certbundle

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/upscard/upscard/services/ca"
)

// Files are contents by path, which has slashes.
type Files map[string]File

// File is one of Files.
type File struct {
	Content []byte
	Secret  bool // there is a key in it
}

// Paths are those of all files, sorted.
func (f Files) Paths() []string { return slices.Sorted(maps.Keys(f)) }

// The files of a client.
const (
	fileCA     = "ca.pem"     // UPSmon.py's CERTFILE
	dirHashed  = "certs"      // CERTPATH of upsmon with OpenSSL
	dirNSS     = "nss"        // CERTPATH of upsmon with NSS
	fileClient = "client.pem" // certificate, authority, key, in NUT's order
	FileNSS    = "nss.sh"     // makes dirNSS
	fileConf   = "upsmon.conf"
)

// Client is what one client needs to know the card by, as the files of a directory that on the client will be dir. cert, which names the
// client, is nil if it needs none.
func Client(dir string, authority *x509.Certificate, cert *tls.Certificate) (Files, error) {
	hash, err := Hash(authority.RawSubject)
	if err != nil {
		return nil, err
	}
	text := ca.CertPEM(authority)
	files := Files{
		fileCA:                        {Content: text},
		dirHashed + "/" + hash + ".0": {Content: text},
	}
	name := ""
	if cert != nil {
		name = cert.Leaf.Subject.CommonName
		files[fileClient] = File{slices.Concat(ca.CertPEM(cert.Leaf), text, ca.KeyPEM(cert)), true}
	}
	files[FileNSS] = File{Content: nssScript(authority.Subject.CommonName, name)}
	files[fileConf] = File{Content: upsmonConf(dir, name)}
	return files, nil
}

// nssScript makes the database with tools that the card does not have.
func nssScript(authority, client string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `#!/bin/sh
# Makes the directory nss anew. Needs certutil and pk12util (Debian: libnss3-tools), and openssl for a client's certificate.
set -e
cd "$(dirname "$0")"
rm -rf nss
mkdir nss
certutil -N -d sql:nss --empty-password
certutil -A -d sql:nss -n %s -t C,, -i ca.pem
`, quote(authority))
	if client == "" {
		b.WriteString("chmod 644 nss/*\n")
	} else {
		fmt.Fprintf(&b, `umask 077
openssl pkcs12 -export -in client.pem -name %s -passout pass: -out nss/client.p12
pk12util -i nss/client.p12 -d sql:nss -W ''
rm nss/client.p12
# upsmon reads it as the user that it runs as: Debian's is nut.
if getent group nut >/dev/null && chgrp nut nss/* client.pem; then
	chmod 640 nss/* client.pem
fi
`, quote(client))
	}
	return b.Bytes()
}

// quote makes a word of a shell's command line.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// upsmonConf is what to paste into upsmon.conf.
func upsmonConf(dir, client string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# For upsmon.conf. "upsmon -h" or "ldd" tells what yours was built with.
# With NSS (Debian 12):
CERTPATH %[1]s/%[2]s
# With OpenSSL, instead of that:
#CERTPATH %[1]s/%[3]s
`, dir, dirNSS, dirHashed)
	if client != "" {
		fmt.Fprintf(&b, `# The client's own certificate: with NSS the name and an empty password, with OpenSSL (since NUT 2.8.6) the file.
CERTIDENT "%s" ""
#CERTFILE %s/%s
`, client, dir, fileClient)
	}
	b.WriteString("CERTVERIFY 1\nFORCESSL 1\n")
	return b.Bytes()
}

// Server is what a server needs: upscard.toml's table, and what NUT's upsd takes as its CERTFILE.
func Server(authority *x509.Certificate, cert *tls.Certificate) Files {
	chain, key, by := ca.CertPEM(cert.Leaf), ca.KeyPEM(cert), ca.CertPEM(authority)
	return Files{
		"tls.toml":   {tlsTable(chain, key, by), true},
		"server.pem": {slices.Concat(key, chain, by), true},
		fileCA:       {Content: by},
	}
}

// tlsTable is [tls] of a card that is signed by the authority that signs its clients.
func tlsTable(chain, key, authority []byte) []byte {
	text := []byte("[tls]\nstarttls = \"on\"\n")
	for _, pem := range []struct {
		key  string
		text []byte
	}{{"certificate", chain}, {"key", key}, {"clientca", authority}} {
		text = fmt.Appendf(text, "%s = \"\"\"\n%s\"\"\"\n", pem.key, pem.text)
	}
	return text
}

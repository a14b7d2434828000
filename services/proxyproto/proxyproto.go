// Package proxyproto tells a server behind a relay who the client is, by the PROXY protocol (version 2; haproxy.org, proxy-protocol.txt).
package proxyproto

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"unicode/utf8"

	wire "github.com/pires/go-proxyproto"
	"github.com/pires/go-proxyproto/tlvparse"
)

// Client is what a relay knows of the client of a connection.
type Client struct {
	From, To netip.AddrPort    // both ends of its connection: its own, the one it reached
	TLS      string            // its version as OpenSSL names it, "TLSv1.3"; "": it came in the clear
	Cert     *x509.Certificate // which it has shown and which was verified, nil for none
}

// prefix is the length of a header's part that says how long the rest is.
const prefix = 16

// ClientOf is what a relay knows of a connection that is secured.
func ClientOf(conn net.Conn, state tls.ConnectionState) Client {
	c := Client{From: addrOf(conn.RemoteAddr()), To: addrOf(conn.LocalAddr()), TLS: strings.Replace(tls.VersionName(state.Version), " ", "v", 1)}
	if len(state.VerifiedChains) > 0 {
		c.Cert = state.PeerCertificates[0]
	}
	return c
}

func addrOf(addr net.Addr) netip.AddrPort {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}

// Encode returns the header, with which the connection to the server begins. The addresses must be of one family. A certificate is carried in full
// (PP2_SUBTYPE_SSL_CLIENT_CERT), so its names and its fingerprint are the server's to find; one of over about 4,000 bytes is refused, as
// Parse would refuse it.
func (c Client) Encode() ([]byte, error) {
	from, to := plain(c.From), plain(c.To)
	h := wire.HeaderProxyFromAddrs(2, net.TCPAddrFromAddrPort(from), net.TCPAddrFromAddrPort(to))
	if !from.IsValid() || from.Addr().Is4() != to.Addr().Is4() {
		return nil, fmt.Errorf("PROXY: no way to say %v to %v", from, to)
	}
	if c.TLS != "" {
		t, err := c.secured().Marshal()
		if err != nil {
			return nil, fmt.Errorf("PROXY: %w", err)
		}
		if err := h.SetTLVs([]wire.TLV{t}); err != nil {
			return nil, fmt.Errorf("PROXY: %w", err)
		}
	}
	header, err := h.Format()
	if err != nil {
		return nil, fmt.Errorf("PROXY: %w", err)
	}
	if len(header)-prefix > int(wire.MaxV2HeaderSize) {
		return nil, fmt.Errorf("PROXY: a certificate of %d bytes is too long", len(c.Cert.Raw))
	}
	return header, nil
}

// secured is PP2_TYPE_SSL.
func (c Client) secured() tlvparse.PP2SSL {
	ssl := tlvparse.PP2SSL{Client: tlvparse.PP2_BITFIELD_CLIENT_SSL, Verify: 1,
		TLV: []wire.TLV{{Type: wire.PP2_SUBTYPE_SSL_VERSION, Value: []byte(c.TLS)}}}
	if c.Cert != nil {
		ssl.Client |= tlvparse.PP2_BITFIELD_CLIENT_CERT_CONN | tlvparse.PP2_BITFIELD_CLIENT_CERT_SESS
		ssl.Verify = 0
		if name := c.Cert.Subject.CommonName; name != "" && utf8.ValidString(name) {
			ssl.TLV = append(ssl.TLV, wire.TLV{Type: wire.PP2_SUBTYPE_SSL_CN, Value: []byte(name)})
		}
		ssl.TLV = append(ssl.TLV, wire.TLV{Type: wire.PP2_SUBTYPE_SSL_CLIENT_CERT, Value: c.Cert.Raw})
	}
	return ssl
}

// plain is an address as the header has it: without a zone, and IPv4 as such on a socket that takes both.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// Read takes a header, and not a byte behind it.
func Read(r io.Reader) (Client, error) {
	header := make([]byte, prefix)
	if _, err := io.ReadFull(r, header); err != nil {
		return Client{}, fmt.Errorf("PROXY: %w", err)
	}
	length := binary.BigEndian.Uint16(header[prefix-2:])
	if !bytes.HasPrefix(header, wire.SIGV2) || length > wire.MaxV2HeaderSize {
		return Client{}, errors.New("PROXY: no header of version 2, or too long")
	}
	header = append(header, make([]byte, length)...)
	if _, err := io.ReadFull(r, header[prefix:]); err != nil {
		return Client{}, fmt.Errorf("PROXY: %w", err)
	}
	return Parse(header)
}

// Parse takes a header as a whole. Only clients over TCP are taken.
func Parse(header []byte) (Client, error) {
	in := bytes.NewReader(header)
	buffered := bufio.NewReaderSize(in, prefix+int(wire.MaxV2HeaderSize))
	h, err := wire.Read(buffered)
	if err != nil {
		return Client{}, fmt.Errorf("PROXY: %w", err)
	}
	from, isTCP := h.SourceAddr.(*net.TCPAddr)
	to, toTCP := h.DestinationAddr.(*net.TCPAddr)
	switch {
	case h.Version != 2 || buffered.Buffered()+in.Len() > 0:
		return Client{}, errors.New("PROXY: no header of version 2, or more behind it")
	case h.Command != wire.PROXY || !isTCP || !toTCP:
		return Client{}, errors.New("PROXY: the client is not one over TCP")
	}
	tlvs, err := h.TLVs()
	if err != nil {
		return Client{}, fmt.Errorf("PROXY: %w", err)
	}
	c := Client{From: plain(from.AddrPort()), To: plain(to.AddrPort())}
	for _, t := range tlvs {
		if t.Type != wire.PP2_TYPE_SSL {
			continue
		}
		if err := c.take(t); err != nil {
			return Client{}, fmt.Errorf("PROXY: %w", err)
		}
	}
	return c, nil
}

// take reads PP2_TYPE_SSL.
func (c *Client) take(t wire.TLV) error {
	ssl, err := tlvparse.SSL(t)
	if err != nil {
		return err
	}
	if !ssl.ClientSSL() {
		return nil
	}
	c.TLS, _ = ssl.SSLVersion()
	der, shown := ssl.ClientCert()
	if !shown || !ssl.ClientCertSess() || !ssl.Verified() {
		return nil
	}
	c.Cert, err = x509.ParseCertificate(der)
	return err
}

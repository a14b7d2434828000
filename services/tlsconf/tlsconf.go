// Package tlsconf says what the card's TLS is like.
package tlsconf

import "crypto/tls"

// Server returns a server's configuration: TLS 1.2 or later, with forward secrecy and authenticated encryption. The caller adds the certificate
// and, if clients are to identify themselves, ClientAuth and ClientCAs.
func Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		DynamicRecordSizingDisabled: true, // UPSmon.py takes one read, which is one record, for a whole answer
	}
}

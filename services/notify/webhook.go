package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Webhook tells events to a web server: each is the body of a POST, as JSON. The answer must be 2xx; a redirection is a failure.
type Webhook struct {
	URL    string
	Host   string // name of this machine
	Client *http.Client
}

var _ Sender = Webhook{}

// NewWebhook returns one whose client follows no redirections, and believes the public authorities: the card has no certificates besides.
func NewWebhook(address, host string) Webhook {
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10, TLSClientConfig: &tls.Config{RootCAs: authorities()}},
	}
	return Webhook{address, host, client}
}

// authorities are those whom Mozilla trusts, as of the version that go.mod names.
func authorities() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil: // one that this version of Go does not know is one less
		case root.Constraint != nil:
			pool.AddCertWithConstraint(cert, root.Constraint)
		default:
			pool.AddCert(cert)
		}
	}
	return pool
}

// Send implements Sender. Its errors do not repeat the URL, which may hold a token.
func (w Webhook) Send(ctx context.Context, e Event) error {
	body, err := json.Marshal(struct {
		Host string `json:"host"`
		Event
	}{w.Host, e})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL is none")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "upscard")
	resp, err := w.Client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("webhook: the server says %s", resp.Status)
	}
	return nil
}

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// A side is one of the two homeservers.
type side struct {
	base   *url.URL
	client *http.Client
	header http.Header // of each request
	host   string
}

// An answer is what is compared.
type answer struct {
	status  int
	errcode string
	failure string // the request had no answer at all
}

func (a answer) String() string {
	if a.failure != "" {
		return a.failure
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.errcode))
}

// timeout is far beyond what any of the requests takes.
const timeout = 60 * time.Second

// newSide makes a side. Redirects are answers, not to be followed.
func newSide(base, host string, roots *x509.CertPool) (*side, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return &side{
		base: u, host: host, header: make(http.Header),
		client: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{RootCAs: roots},
				ForceAttemptHTTP2:   true,
				MaxIdleConnsPerHost: 32,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// send sends a request, its target byte for byte, and reads the answer.
func (s *side) send(ctx context.Context, r request) (answer, []byte) {
	out, err := http.NewRequestWithContext(ctx, r.method, s.base.String(), strings.NewReader(r.body))
	if err != nil {
		return answer{failure: err.Error()}, nil
	}
	out.URL.Opaque, out.Host, out.Header = r.target, s.host, s.header.Clone()
	if r.body != "" {
		out.Header.Set("Content-Type", "application/json")
	}
	if r.authorization != "" {
		out.Header.Set("Authorization", r.authorization)
	}
	response, err := s.client.Do(out)
	if err != nil {
		return answer{failure: "no answer"}, nil // the error would name the target
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{failure: "broken answer"}, nil
	}
	var matrix struct {
		Errcode string `json:"errcode"`
	}
	_ = json.Unmarshal(body, &matrix)
	return answer{status: response.StatusCode, errcode: matrix.Errcode}, body
}

// authority reads the certificate of Caddy's own authority.
func authority(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

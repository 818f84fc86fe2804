package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

// streams are how many requests a client has in flight over its connection.
const streams = 4

// HTTP2 sends requests over HTTP/2 and TLS 1.3. It is Go's own client, which
// needs more of its core than the other generator.
type HTTP2 struct {
	clients  []*http.Client
	requests []traffic.Request
	address  string
	next     atomic.Int64
}

// New2 makes so many streams over a quarter as many connections to an address.
func New2(address string, requests []traffic.Request, count int) *HTTP2 {
	g := &HTTP2{requests: requests, address: address}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	for range count / streams {
		g.clients = append(g.clients, &http.Client{Timeout: silence, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{
				InsecureSkipVerify: true, //nolint:gosec // the certificate was made a moment ago
				MinVersion:         tls.VersionTLS13,
				ServerName:         traffic.Host,
			},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
			Protocols: protocols, DisableCompression: true,
		}})
	}
	return g
}

// Run implements [Generator].
func (g *HTTP2) Run(duration time.Duration) (Result, error) {
	began := time.Now()
	results := make([]Result, len(g.clients)*streams)
	errs := make([]error, len(results))
	var running sync.WaitGroup
	for i := range results {
		client := g.clients[i%len(g.clients)]
		running.Go(func() {
			for time.Since(began) < duration && errs[i] == nil {
				errs[i] = g.once(client, &results[i])
			}
		})
	}
	running.Wait()
	total := Result{Elapsed: time.Since(began)}
	for i, result := range results {
		if errs[i] != nil {
			return Result{}, errs[i]
		}
		total.Latencies = append(total.Latencies, result.Latencies...)
		total.Failed += result.Failed
	}
	return total, nil
}

func (g *HTTP2) once(client *http.Client, result *Result) error {
	request := g.requests[int(g.next.Add(1))%len(g.requests)]
	call := &http.Request{
		Method: request.Method, URL: &url.URL{Scheme: "https", Host: traffic.Host, Opaque: request.Target},
		Header: http.Header{}, ContentLength: int64(len(request.Body)),
	}
	for _, field := range request.Header {
		call.Header[field.Name] = []string{field.Value}
	}
	if len(request.Body) > 0 {
		call.Body = io.NopCloser(bytes.NewReader(request.Body))
	}
	sent := time.Now()
	response, err := client.Do(call)
	if err != nil {
		return fmt.Errorf("%s: %w", g.address, err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("%s: %w", g.address, err)
	}
	result.Latencies = append(result.Latencies, time.Since(sent).Seconds())
	if response.StatusCode != http.StatusOK {
		result.Failed++
	}
	return nil
}

// Close implements [Generator].
func (g *HTTP2) Close() {
	for _, client := range g.clients {
		client.CloseIdleConnections()
	}
}

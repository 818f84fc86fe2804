package client

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// exchange is a request that the test sent, and what came back.
type exchange struct {
	id      string // sent as X-Request-ID, found again in the log of the worker that took it
	device  string // who sent it
	host    string // through which listener of Caddy
	method  string
	target  string
	status  int
	errcode string
}

func (e *exchange) String() string {
	return fmt.Sprintf("%s: %s %s%s answered %d %s", e.device, e.method, e.host, e.target, e.status, e.errcode)
}

// trace sends requests and remembers them all.
type trace struct {
	http1, http2 *http.Transport

	mu        sync.Mutex
	exchanges []*exchange
}

func newTrace(roots *x509.CertPool) *trace {
	return &trace{http1: transport(roots, false), http2: transport(roots, true)}
}

func transport(roots *x509.CertPool, http2 bool) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		Protocols:       protocols,
	}
}

// client speaks for one device, over HTTP/2 as most clients do.
func (t *trace) client(device string) *http.Client {
	return &http.Client{Transport: tracer{trace: t, next: t.http2, device: device}}
}

// clientAt speaks for one device from an address of its own.
func (t *trace) clientAt(device string, address net.IP) *http.Client {
	own := t.http2.Clone()
	own.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}).DialContext
	return &http.Client{Transport: tracer{trace: t, next: own, device: device}}
}

// serverClient speaks for a homeserver, over HTTP/1.1 as Synapse does.
func (t *trace) serverClient(server string) *http.Client {
	return &http.Client{Transport: tracer{trace: t, next: t.http1, device: server}}
}

// all returns everything that was answered so far.
func (t *trace) all() []*exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]*exchange(nil), t.exchanges...)
}

type tracer struct {
	trace  *trace
	next   http.RoundTripper
	device string
}

// RoundTrip gives the request an id that Synapse writes down, and reads the error code of an answer that has one.
func (t tracer) RoundTrip(request *http.Request) (*http.Response, error) {
	e := t.trace.begin(t.device, request)
	request = request.Clone(request.Context())
	request.Header.Set("X-Request-ID", e.id)
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	errcode := ""
	if response.StatusCode >= 400 {
		errcode = peekErrcode(response)
	}
	t.trace.end(e, response.StatusCode, errcode)
	return response, nil
}

func (t *trace) begin(device string, request *http.Request) *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := &exchange{
		id:     fmt.Sprintf("e2e-%d", len(t.exchanges)),
		device: device,
		host:   request.URL.Host,
		method: request.Method,
		target: request.URL.RequestURI(),
	}
	t.exchanges = append(t.exchanges, e)
	return e
}

func (t *trace) end(e *exchange, status int, errcode string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.status, e.errcode = status, errcode
}

// peekErrcode reads Matrix's error code and leaves the body as it was.
func peekErrcode(response *http.Response) string {
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	var matrix struct {
		Errcode string `json:"errcode"`
	}
	_ = json.Unmarshal(body, &matrix)
	return matrix.Errcode
}

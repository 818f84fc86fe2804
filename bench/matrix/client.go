// Package matrix is the little of Matrix's client-server API that the
// benchmarks need: https://spec.matrix.org/latest/client-server-api/.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client talks to one address of a homeserver. It may be used by many sessions
// at once.
type Client struct {
	base string
	http *http.Client
}

// NewClient makes a client for an address such as http://127.0.0.1:8008.
func NewClient(base string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	return &Client{base: base, http: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// Request is one call of the API.
type Request struct {
	Method string
	Path   string
	Query  url.Values

	// Token is the access token. Without one the call is anonymous.
	Token string

	// Body becomes JSON, unless it is nil.
	Body any
}

// Answer is what came back with a status of 200, the body aside.
type Answer struct {
	Header http.Header
	Bytes  int

	// Took runs from the request to the last byte of the body.
	Took time.Duration
}

// Do sends a request and decodes the body of the answer into result, unless
// that is nil. Any other status than 200 is an error.
func (c *Client) Do(ctx context.Context, request Request, result any) (Answer, error) {
	call, err := c.build(ctx, request)
	if err != nil {
		return Answer{}, err
	}
	began := time.Now()
	response, err := c.http.Do(call)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", request.Method, request.Path, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	answer := Answer{Header: response.Header, Bytes: len(body), Took: time.Since(began)}
	switch {
	case err != nil:
		return answer, fmt.Errorf("%s %s: %w", request.Method, request.Path, err)
	case response.StatusCode != http.StatusOK:
		return answer, fmt.Errorf("%s %s: %s: %s", request.Method, request.Path, response.Status, body)
	case result == nil:
		return answer, nil
	}
	return answer, json.Unmarshal(body, result)
}

func (c *Client) build(ctx context.Context, request Request) (*http.Request, error) {
	var body io.Reader
	if request.Body != nil {
		document, err := json.Marshal(request.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(document)
	}
	call, err := http.NewRequestWithContext(ctx, request.Method, c.base+request.Path, body)
	if err != nil {
		return nil, err
	}
	call.URL.RawQuery = request.Query.Encode()
	if request.Token != "" {
		call.Header.Set("Authorization", "Bearer "+request.Token)
	}
	return call, nil
}

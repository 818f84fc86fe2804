// Package traffic makes the requests that clients and other homeservers send to
// a busy homeserver.
package traffic

import (
	"bytes"
	"fmt"
)

// Host is the name that clients call the homeserver by.
const Host = "matrix.example.org"

// Field is a header field.
type Field struct{ Name, Value string }

// Request is one request.
type Request struct {
	Method, Target string
	Header         []Field
	Body           []byte
}

// Bytes are the request as HTTP/1.1 has it on the wire.
func (r Request) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, Host)
	for _, field := range r.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", field.Name, field.Value)
	}
	if len(r.Body) > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("\r\n")
	b.Write(r.Body)
	return b.Bytes()
}

// client is what a client of a person sends, with the token of its device.
func client(method, target, token, body string) Request {
	r := Request{Method: method, Target: target, Body: []byte(body), Header: []Field{
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Element/1.12.3 Chrome/142.0.0.0 Electron/39.1.2 Safari/537.36"},
		{"Accept", "application/json"},
		{"Accept-Encoding", "gzip, deflate, br, zstd"},
		{"Accept-Language", "en-GB"},
		{"Origin", "vector://vector"},
	}}
	if token != "" {
		r.Header = append(r.Header, Field{"Authorization", "Bearer " + token})
	}
	if body != "" {
		r.Header = append(r.Header, Field{"Content-Type", "application/json"})
	}
	return r
}

// server is what another homeserver sends.
func server(method, target, origin, body string) Request {
	r := Request{Method: method, Target: target, Body: []byte(body), Header: []Field{
		{"User-Agent", "Synapse/1.163.2"},
		{"Accept", "application/json"},
		{"Authorization", fmt.Sprintf(`X-Matrix origin="%s",key="ed25519:a_RXGa",sig="%s",destination="%s"`,
			origin, signature, "example.org")},
	}}
	if body != "" {
		r.Header = append(r.Header, Field{"Content-Type", "application/json"})
	}
	return r
}

const signature = "oMl5h8yq6JvQeUY1eT5l1zvJr0bq7mWnqPqNwE2uN7d9bq9uYyA0xwG3q6c2m5q0ZcGJq1cJp1b8m2y3v4k5Dg"

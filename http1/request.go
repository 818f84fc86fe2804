package http1

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// message is what goes over the wire before the body of a request.
type message struct {
	method, target, host string
	header, trailer      http.Header

	length  int64 // of the body, -1 if unknown
	upgrade bool  // whether another protocol is asked for
	expect  bool  // whether the body waits for 100 Continue
	close   bool  // whether the connection is for this request only
}

// newMessage checks a request as net/http does, and its target more strictly:
// nothing in it can end a line, or begin another request.
func newMessage(req *http.Request, keep bool) (message, error) {
	m := message{method: req.Method, header: req.Header, trailer: req.Trailer}
	if m.method == "" {
		m.method = http.MethodGet
	}
	switch {
	case req.URL.Scheme != "" && req.URL.Scheme != "http":
		return m, errScheme
	case !httpguts.ValidHeaderFieldName(m.method):
		return m, fmt.Errorf("invalid method %q", m.method)
	case m.method == http.MethodConnect:
		return m, errConnect
	}
	if m.target = req.URL.RequestURI(); !validTarget(m.target) {
		return m, errTarget
	}
	var err error
	if m.host, err = hostOf(req); err != nil {
		return m, err
	}
	for _, fields := range [...]http.Header{m.header, m.trailer} {
		if err := checkFields(fields); err != nil {
			return m, err
		}
	}
	m.length = lengthOf(req)
	m.upgrade = switches(m.header)
	m.expect = m.length != 0 && httpguts.HeaderValuesContainsToken(m.header["Expect"], "100-continue")
	m.close = (!keep || req.Close) && !m.upgrade
	return m, nil
}

// lengthOf returns the length of a request's body, -1 if it is unknown. As for
// net/http, a body beside a Content-Length of 0 is one of unknown length.
func lengthOf(req *http.Request) int64 {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return 0
	case req.ContentLength > 0:
		return req.ContentLength
	}
	return -1
}

// validTarget reports whether a target has neither spaces nor control
// characters. Bytes beyond ASCII go through as they came.
func validTarget(target string) bool {
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return false
		}
	}
	return target != ""
}

// hostOf returns the Host field, which is empty if the request names no host
// that could stand there, such as the path of a unix socket.
func hostOf(req *http.Request) (string, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	host, err := httpguts.PunycodeHostPort(host)
	if err != nil {
		return "", err
	}
	if !httpguts.ValidHostHeader(host) {
		return "", nil
	}
	return withoutZone(host), nil
}

// withoutZone removes the zone of an IPv6 address, which means nothing to
// others.
func withoutZone(host string) string {
	end := strings.LastIndexByte(host, ']')
	if end < 0 || host[0] != '[' {
		return host
	}
	if zone := strings.LastIndexByte(host[:end], '%'); zone >= 0 {
		return host[:zone] + host[end:]
	}
	return host
}

// switches reports whether header fields ask for another protocol, or grant
// one.
func switches(h http.Header) bool {
	return len(h["Upgrade"]) > 0 && httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade")
}

// checkFields checks names and values. The values are not told: they may be
// secrets.
func checkFields(h http.Header) error {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("invalid header field name %q", name)
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return fmt.Errorf("invalid value of the header field %q", name)
			}
		}
	}
	return nil
}

// append appends the head of the request.
func (m *message) append(b []byte) []byte {
	b = append(b, m.method...)
	b = append(b, ' ')
	b = append(b, m.target...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = appendField(b, "Host", m.host)
	if m.close {
		b = appendField(b, "Connection", "close")
	}
	switch {
	case m.length > 0 || m.length == 0 && wantsLength(m.method):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, m.length, 10)
		b = append(b, "\r\n"...)
	case m.length < 0:
		b = appendField(b, "Transfer-Encoding", "chunked")
		if len(m.trailer) > 0 {
			b = appendField(b, "Trailer", m.announced())
		}
	}
	for name, values := range m.header {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			continue
		case "Connection":
			if m.close {
				continue
			}
		case "User-Agent":
			if len(values) == 0 || values[0] == "" { // how Go's proxies say that there is none
				continue
			}
			values = values[:1]
		}
		for _, value := range values {
			b = appendField(b, name, value)
		}
	}
	return append(b, "\r\n"...)
}

// announced lists the trailers that will come.
func (m *message) announced() string {
	names := make([]string, 0, len(m.trailer))
	for name := range m.trailer {
		if httpguts.ValidTrailerHeader(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// appendTrailers appends what ends a chunked body. The trailers are those that
// the body brought, so they are checked only now.
func (m *message) appendTrailers(b []byte) []byte {
	for name, values := range m.trailer {
		if !httpguts.ValidTrailerHeader(name) {
			continue
		}
		for _, value := range values {
			if httpguts.ValidHeaderFieldName(name) && httpguts.ValidHeaderFieldValue(value) {
				b = appendField(b, name, value)
			}
		}
	}
	return append(b, "\r\n"...)
}

// appendField appends one line of a header.
func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, strings.Trim(value, " \t")...)
	return append(b, "\r\n"...)
}

// wantsLength reports whether servers expect a length even of no body.
func wantsLength(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// lacksBody reports whether requests with this method usually have no body, so
// that one of unknown length is most likely none.
func lacksBody(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, "PROPFIND", "SEARCH":
		return true
	}
	return false
}

// safe reports whether a request that was sent twice did nothing more than one
// that was sent once.
func (m *message) safe() bool {
	switch m.method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return m.length == 0
	}
	return false
}

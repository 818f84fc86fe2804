package synapseworkers

import (
	"net/http"
	"net/textproto"
	"strings"
)

// endToEnd returns a request without the headers that end here: those that its
// Connection header names, which no worker will see (RFC 9110, section 7.6.1),
// so that nothing is routed by them, and Upgrade. Synapse speaks no protocol
// that a connection could be upgraded to, and a tunnel to a worker would be
// closed to nobody.
func endToEnd(r *http.Request) *http.Request {
	var kept http.Header
	end := func(name string) {
		if _, given := r.Header[name]; !given {
			return
		}
		if kept == nil {
			kept = r.Header.Clone()
		}
		delete(kept, name)
	}
	for _, line := range r.Header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = textproto.TrimString(name); !strings.EqualFold(name, "keep-alive") && !strings.EqualFold(name, "close") {
				end(textproto.CanonicalMIMEHeaderKey(name))
			}
		}
	}
	end("Upgrade")
	if kept == nil {
		return r
	}
	out := r.WithContext(r.Context())
	out.Header = kept
	return out
}

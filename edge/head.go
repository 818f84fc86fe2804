package edge

import "net/http"

// maxHead is how large the head of a request may be, in bytes: its target and its
// header fields. Twisted, which Synapse stands on, takes 16,384 of a head, and
// closes the connection without a word over a line that is longer (26.10,
// web/http.py HTTPChannel.totalHeadersSize, protocols/basic.py
// LineReceiver.MAX_LENGTH): a client could make any worker look broken. The rest is
// for what the proxy adds.
const maxHead = 15 << 10

// HeadFault returns the answer to a request whose head no worker would take, or nil.
func HeadFault(r *http.Request) *Error {
	if len(r.RequestURI) > maxHead {
		return ErrLongTarget
	}
	size := len(r.RequestURI) + 2*len(r.Host) // which reverse_proxy repeats in X-Forwarded-Host
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value)
		}
	}
	if size > maxHead {
		return ErrLongHead
	}
	return nil
}

package pool

import (
	"net/http"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Not more than one request in so many is sent again after a worker may have
// seen it: an outage is not made worse by those who try again. As many as are
// in flight may come at once, for a worker that dies with all it had.
const (
	repeatShare = 8
	repeatBurst = 10
)

// mayRepeat reports whether the request may be sent once more although a
// worker may have seen it: if it cannot happen twice, and all of it is at
// hand. Once is enough: a request that kills workers must not kill them all.
func (v *Visit) mayRepeat() bool {
	if v.again > 0 || !v.Body.Whole() {
		return false
	}
	switch v.Match.Again() {
	case endpoint.AgainRead:
		return true
	case endpoint.AgainTxn:
		return v.ofDevice()
	}
	return v.Request.Method == http.MethodGet || v.Request.Method == http.MethodHead
}

// ofDevice reports whether the request was made by a user's device. Synapse
// then knows its transaction id on all workers, by the device; an appservice
// has none.
func (v *Visit) ofDevice() bool {
	token, _ := sticky.Token(v.Request.Header["Authorization"], v.Request.URL.RawQuery)
	return sticky.OfDevice(token)
}

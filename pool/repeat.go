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

// Whoami asks Synapse about the token of a request.
type Whoami interface {
	// OfDevice reports whether Synapse says, within a short time, that the token
	// is a device's.
	OfDevice(r *http.Request) bool
}

// mayRepeat reports whether the request may be sent once more although a
// worker may have seen it: if it cannot happen twice, and all of it is at
// hand. Once is enough: a request that kills workers must not kill them all.
// What it takes to ask Synapse is paid for with credit, and comes last.
func (p *running) mayRepeat(v *Visit) bool {
	return p.weRetry() && v.again == 0 && v.Body.Whole() && v.harmless() && p.repeats.spend(p.inFlight.Load()) && v.proved()
}

// harmless reports whether the request cannot happen twice, by all that can be
// seen of it.
func (v *Visit) harmless() bool {
	switch v.Match.Again() {
	case endpoint.AgainRead:
		return true
	case endpoint.AgainTxn:
		token, _ := sticky.Token(v.Request.Header["Authorization"], v.Request.URL.RawQuery)
		return sticky.OfDevice(token)
	}
	return v.Request.Method == http.MethodGet || v.Request.Method == http.MethodHead
}

// proved reports whether what is harmless by its looks is so for sure. Synapse
// knows a transaction id on all workers by the device that sent it. A token that
// an administrator got by the admin API, as the user, has no device, and looks
// like any other of the user's (Synapse 1.163.2, rest/admin/users.py
// UserTokenRestServlet).
func (v *Visit) proved() bool {
	return v.Match.Again() != endpoint.AgainTxn || v.Whoami.OfDevice(v.Request)
}

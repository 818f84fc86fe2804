package status

import (
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// NewClass tells where the requests of a class go, and why; pools are the names
// of the pools on their way.
func NewClass(class endpoint.Class, pools []string) Class {
	return Class{Name: class.String(), Pools: pools, Why: why(class, pools), Together: together[class.Key()]}
}

// why says why requests of a class go to these pools.
func why(class endpoint.Class, pools []string) string {
	last := pools[len(pools)-1]
	switch {
	case class.MAS() && last == routing.MASName:
		return "Matrix Authentication Service does this, and Synapse does not."
	case len(class.Traits().Types) == 0:
		return "Only main can serve it."
	case class.Hard() && last == routing.MainName:
		return "Only the writer may serve it. That is main, as no other is configured."
	case class.Hard():
		return "Only the writer may serve it. Any other process answers with an error."
	case class.Alone() && last != routing.MainName:
		return "Only this pool may serve it, even when all of it is down."
	case last == routing.MainName && len(pools) == 1:
		return "No worker is configured that may serve it, so main does."
	case len(pools) == 1:
		return "It has no fallback."
	}
	return "Each of these may serve it. The first that is up does."
}

// together says in words what a key keeps on one worker.
var together = map[endpoint.Key]string{
	endpoint.KeyNone:     "",
	endpoint.KeyUser:     "user",
	endpoint.KeyRoom:     "room",
	endpoint.KeyOrigin:   "origin server",
	endpoint.KeyClientIP: "client address",
	endpoint.KeyURI:      "URI",
}

package roles

import (
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Resource is the resource that a listener needs to serve a class
// (1.163.2, app/generic_worker.py _listen_http).
func Resource(class endpoint.Class) string {
	switch class {
	case endpoint.ClassFederationInbound, endpoint.ClassFederationRead, endpoint.ClassFederation:
		return homeserver.Federation
	case endpoint.ClassServerKeys:
		return homeserver.Keys
	case endpoint.ClassMedia, endpoint.ClassMediaUpload, endpoint.ClassMediaAdmin, endpoint.ClassQuarantine:
		return homeserver.Media
	default:
		return homeserver.Client
	}
}

// Resources lists the resources that a listener needs to serve all that is
// sent to a worker type, without those that come with others.
func Resources(t endpoint.WorkerType) []string {
	var needed []string
	for _, class := range endpoint.Classes() {
		resource := Resource(class)
		if slices.Contains(class.Traits().Types, t) && !slices.Contains(needed, resource) {
			needed = append(needed, resource)
		}
	}
	if slices.Contains(needed, homeserver.Federation) {
		needed = slices.DeleteFunc(needed, func(name string) bool { return name == homeserver.Keys })
	}
	return needed
}

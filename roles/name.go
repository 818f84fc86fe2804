package roles

import (
	"regexp"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// byName are the words in the names of workers that say what a worker is for,
// where only its name tells them apart from other generic workers. They are
// the worker types themselves, and what the common playbooks, charts and
// images call them.
var byName = map[string]endpoint.WorkerType{
	"generic":             endpoint.GenericWorker,
	"generic_worker":      endpoint.GenericWorker,
	"synchrotron":         endpoint.Synchrotron,
	"sync":                endpoint.Synchrotron,
	"initial_synchrotron": endpoint.InitialSynchrotron,
	"initial_sync":        endpoint.InitialSynchrotron,
	"sliding_sync":        endpoint.SlidingSync,
	"client_reader":       endpoint.ClientReader,
	"client":              endpoint.ClientReader,
	"event_creator":       endpoint.EventCreator,
	"room":                endpoint.EventCreator,
	"federation_reader":   endpoint.FederationReader,
	"federation":          endpoint.FederationReader,
	"federation_inbound":  endpoint.FederationInbound,
	"sso":                 endpoint.SSO,
	"sso_login":           endpoint.SSO,
	"mas_helper":          endpoint.MASHelper,
}

var (
	namePrefix = regexp.MustCompile(`^(matrix_)?(synapse_)?(worker_)?`)
	nameSuffix = regexp.MustCompile(`(_worker)?_?\d*$`)
)

// typeByName reads the worker type from a name such as sync1, federation-reader-0
// or matrix-synapse-worker-sync-worker-2.
func typeByName(name string) (endpoint.WorkerType, bool) {
	word := strings.ReplaceAll(strings.ToLower(name), "-", "_")
	word = namePrefix.ReplaceAllString(word, "")
	word = nameSuffix.ReplaceAllString(word, "")
	t, known := byName[word]
	return t, known
}

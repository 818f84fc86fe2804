package pool

import (
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// Scope tells the workers of several homeservers behind one proxy apart. It is
// the address of the main process, or what finds it: the name with its port, the
// name of SRV records, or the source of dynamic upstreams and a short sum of its
// options. It is shown to people, who choose a homeserver by it.
func (c *Config) Scope() string {
	switch main := c.Main; {
	case len(main.Workers) > 0:
		return main.Workers[0].Dial
	case !main.Discovery.empty():
		return main.Discovery.queries()[0].Target()
	case main.Proxy != nil && len(main.Proxy.DynamicUpstreamsRaw) > 0:
		return dynamicScope(main.Proxy.DynamicUpstreamsRaw)
	}
	return routing.MainName
}

// dynamicScope names a source of dynamic upstreams, in the same way however its
// JSON is written.
func dynamicScope(raw json.RawMessage) string {
	var options map[string]any
	if err := json.Unmarshal(raw, &options); err != nil {
		return routing.MainName // which Caddy refuses
	}
	sorted, _ := json.Marshal(options) //nolint:errchkjson // it was JSON
	return fmt.Sprintf("dynamic-%v-%08x", options["source"], crc32.ChecksumIEEE(sorted))
}

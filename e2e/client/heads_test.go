package client

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// heads: a homeserver closes the connection over a line that is too long, as if it had died, so the proxy refuses that
// itself. What a homeserver takes reaches it.
func (w *world) heads(t *testing.T) {
	const versions = "/_matrix/client/versions"
	for what, refused := range map[string]struct {
		target, field string
		status        int
	}{
		"a long target": {versions + "?a=" + strings.Repeat("a", 17000), "a", http.StatusRequestURITooLong},
		"a long field":  {versions, strings.Repeat("a", 17000), http.StatusRequestHeaderFieldsTooLarge},
	} {
		get := func(base string) *http.Request {
			request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, base+refused.target, nil))(t)
			request.Header.Set("X-Long", refused.field)
			return request
		}
		if response, err := http.DefaultTransport.RoundTrip(get(string(main1))); err == nil {
			response.Body.Close()
			t.Errorf("%s: Synapse answers %d, so that the proxy need not", what, response.StatusCode)
		}
		response := must(w.trace.http1.RoundTrip(get(w.hs1.client)))(t) // by HTTP/2, clients know Caddy's limit
		var answer struct{ Errcode string }
		err := json.NewDecoder(response.Body).Decode(&answer)
		response.Body.Close()
		if err != nil || response.StatusCode != refused.status || answer.Errcode != "M_TOO_LARGE" {
			t.Errorf("%s: %d %s (%v), expected %d M_TOO_LARGE", what, response.StatusCode, answer.Errcode, err, refused.status)
		}
	}

	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.hs1.client+versions+"?a="+strings.Repeat("a", 14<<10), nil))(t)
	response := must(w.trace.serverClient("a long target").Do(request))(t)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("a target of 14 KiB: %d", response.StatusCode)
	}
}

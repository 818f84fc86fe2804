package wiretest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// sayHost starts a process behind TLS that answers with the Host that it was asked
// for, and returns its address.
func sayHost(t *testing.T) (addr string) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Host))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// With TLS, too, a worker hears the Host of the client: with any other one Synapse
// redirects a single sign-on to its public_baseurl, again and again. An
// authentication service hears its own, and either what header_up says.
func TestHostIsKeptWithTLS(t *testing.T) {
	const client, ssoTarget, loginTarget = "matrix.example.org", "/_matrix/client/v3/login/sso/redirect", "/_matrix/client/v3/login"
	worker, mas := sayHost(t), sayHost(t)
	for _, tt := range []struct{ upstreams, block, target, want string }{
		{"main https://" + worker, "", ssoTarget, client},
		{"main https://" + worker, "header_up Host {upstream_hostport}", ssoTarget, worker},
		{"main $main\nmas https://" + mas, "", loginTarget, mas},
		{"main $main\nmas https://" + mas, "header_up Host {host}", loginTarget, client},
	} {
		p := proxytest.Start(t, "synapse_workers {\n"+tt.upstreams+" {\ntransport http {\ntls_insecure_skip_verify\n}\n"+tt.block+"\n}\n}")
		res := p.Send(proxytest.Call{Target: tt.target, Header: []string{"Host: " + client}})
		if res.Status != 200 || res.Body != tt.want {
			t.Errorf("%s, %s: Host %q (%d %v), want %q", tt.upstreams, tt.block, res.Body, res.Status, res.Err, tt.want)
		}
	}
}

package upstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// load runs Caddy with a site, and returns its server.
func load(t *testing.T, site string) http.Handler {
	t.Helper()
	adapter := caddyconfig.GetAdapter("caddyfile")
	config, warnings, err := adapter.Adapt([]byte("{\n\tadmin off\n}\nhttp://127.0.0.1:0 {\n"+site+"\n}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Log(w)
	}
	if err := caddy.Load(json.RawMessage(config), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*caddyhttp.App).Servers["srv0"]
}

// backends starts n backends that say who they are, and returns their
// addresses.
func backends(t *testing.T, n int) []string {
	addrs := make([]string, n)
	for i := range addrs {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Context().Value(http.LocalAddrContextKey))
		}))
		t.Cleanup(server.Close)
		addrs[i] = server.Listener.Addr().String()
	}
	return addrs
}

// syncOf asks for a user's news, and returns the status and who answered.
func syncOf(server http.Handler, user string, device int) (status int, backend string) {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/_matrix/client/v3/sync?since=s1", nil)
	r.Header.Set("Authorization", "Bearer "+tokentest.Synapse(user, fmt.Sprintf("device%d", device)))
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

var users = strings.Fields("alice bob carol dave eve frank grace heidi ivan judy")

func TestPlainReverseProxy(t *testing.T) {
	addrs := backends(t, 4)
	for _, key := range []string{"user", "auto"} {
		server := load(t, "reverse_proxy "+strings.Join(addrs, " ")+" {\n lb_policy synapse_sticky "+key+"\n}")
		seen := map[string]bool{}
		for _, user := range users {
			_, phone := syncOf(server, user, 1)
			_, laptop := syncOf(server, user, 2)
			if phone != laptop || phone == "" {
				t.Errorf("%s: %s's phone at %q, the laptop at %q", key, user, phone, laptop)
			}
			seen[phone] = true
		}
		if len(seen) < 2 {
			t.Errorf("%s: all users at one backend", key)
		}
	}
}

func TestDeadBackendCostsNoRequest(t *testing.T) {
	alive := backends(t, 2)
	dials := slices.Concat(alive, []string{addresstest.Reserve(t), addresstest.Reserve(t)})
	server := load(t, "reverse_proxy "+strings.Join(dials, " ")+" {\n lb_policy synapse_sticky user {\n  bound off\n }\n lb_retries 3\n}")
	for _, user := range users {
		ranked := sticky.RankNames(dials, sticky.User(user))
		want := ""
		for _, addr := range ranked {
			if addr == alive[0] || addr == alive[1] {
				want = addr
				break
			}
		}
		for device := range 3 {
			if status, got := syncOf(server, user, device); status != http.StatusOK || got != want {
				t.Errorf("%s: %d from %q, want 200 from %s", user, status, got, want)
			}
		}
	}
}

// Bad words are refused where Caddy reads them.
func TestCaddyRefusesBadWords(t *testing.T) {
	_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(
		[]byte("http://a {\n reverse_proxy b {\n  lb_policy synapse_sticky usr\n }\n}"), map[string]any{"filename": "Caddyfile"})
	if err == nil || !strings.Contains(err.Error(), "'usr'") || !strings.Contains(err.Error(), "Caddyfile:3") {
		t.Errorf("%v", err)
	}
}

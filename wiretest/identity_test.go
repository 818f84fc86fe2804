package wiretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// identitySite has workers for syncs, and others that serve whoami.
const identitySite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3 $sync4
	client_reader $reader1 $reader2
	%s
}`

// A directory answers whoami in the place of Synapse.
type directory struct {
	*proxytest.Proxy
	owners map[string]string // localparts by token
}

// startDirectory runs a proxy whose readers know the owners of tokens.
func startDirectory(t *testing.T, options string, owners map[string]string) *directory {
	t.Helper()
	d := &directory{proxytest.Start(t, fmt.Sprintf(identitySite, options)), owners}
	d.answer(d.whoami)
	return d
}

// answer makes the readers answer requests in some way.
func (d *directory) answer(answer proxytest.Answer) {
	for _, w := range d.Workers("reader1", "reader2") {
		w.Answers(answer)
	}
}

func (d *directory) whoami(x *proxytest.Exchange) {
	owner, ok := d.owners[strings.TrimPrefix(x.Header.Get("Authorization"), "Bearer ")]
	if !ok {
		x.Reply(http.StatusUnauthorized, `{"errcode":"M_UNKNOWN_TOKEN","error":"Unrecognised access token"}`)
		return
	}
	body, _ := json.Marshal(map[string]string{"user_id": "@" + owner + ":example.org"})
	x.Reply(http.StatusOK, string(body))
}

// lookUps returns the look-ups that reached the readers.
func (d *directory) lookUps() (requests []*proxytest.Request) {
	for _, w := range d.Workers("reader1", "reader2") {
		for _, r := range w.Requests() {
			if r.Target == identity.Path {
				requests = append(requests, r)
			}
		}
	}
	return requests
}

func (d *directory) wantLookUps(t *testing.T, n int) {
	t.Helper()
	if got := len(d.lookUps()); got != n {
		t.Errorf("%d look-ups, want %d", got, n)
	}
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// sync asks for a sync with a token, and returns the worker.
func (d *directory) sync(t *testing.T, token string) string {
	t.Helper()
	return together(t, d.Proxy, "sync", proxytest.Call{Target: syncTarget, Header: []string{bearer(token)}})
}

// All tokens of a user lead to one worker, whoever made them, also when they
// are refreshed.
func TestDevicesMeet(t *testing.T) {
	owners := make(map[string]string)
	var users []string
	for i := range 12 {
		user := fmt.Sprintf("user%d", i)
		users = append(users, user)
		owners[tokentest.MAS(user+"phone")] = user
		owners[tokentest.MAS(user+"laptop")] = user
		owners[tokentest.MAS(user+"refreshed")] = user
		owners[tokentest.MASSigned("mct_"+strings.Repeat("x", 24)+fmt.Sprintf("%06d", i))] = user
		owners["legacy."+user] = user
	}
	d := startDirectory(t, "", owners)
	used := make(map[string]bool)
	for _, user := range users {
		want := d.sync(t, tokentest.Synapse(user, "old"))
		if guest := d.sync(t, tokentest.Guest(user)); guest != want {
			t.Errorf("%s as a guest is on %s, not on %s", user, guest, want)
		}
		for token, owner := range owners {
			if owner != user {
				continue
			}
			for range 2 {
				if got := d.sync(t, token); got != want {
					t.Errorf("%s with %s is on %s, not on %s", user, token, got, want)
				}
			}
		}
		bridged := together(t, d.Proxy, "sync", proxytest.Call{
			Target: syncTarget + "&user_id=%40" + user + ":example.org", Header: []string{bearer("as_token")},
		})
		if bridged != want {
			t.Errorf("%s by an appservice is on %s, not on %s", user, bridged, want)
		}
		used[want] = true
	}
	wantSpread(t, "users", used)
	d.wantLookUps(t, len(owners))
	for _, w := range d.Workers("reader1", "reader2") {
		if w.Count() == 0 {
			t.Errorf("%s was asked for nobody", w.Name)
		}
	}
}

// The oldest releases have no v3, and their main process answers whose a token is.
func TestLookUpIsOfAllReleases(t *testing.T) {
	for version, served := range map[string][]string{"1.43": {"r0", "unstable"}, "1.163": {"r0", "v3", "unstable"}} {
		t.Run(version, func(t *testing.T) {
			phone, laptop := tokentest.MAS("phone"), tokentest.MAS("laptop")
			d := startDirectory(t, "synapse_version "+version, map[string]string{phone: "alice", laptop: "alice"})
			for _, w := range d.Workers("main", "reader1", "reader2") {
				w.Answers(func(x *proxytest.Exchange) {
					if !slices.Contains(served, strings.Split(x.Target, "/")[3]) {
						x.Reply(http.StatusNotFound, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`)
						return
					}
					d.whoami(x)
				})
			}
			sync := func(token string) string {
				return together(t, d.Proxy, "sync", proxytest.Call{Target: "/_matrix/client/r0/sync?since=s1", Header: []string{bearer(token)}})
			}
			want := sync(tokentest.Synapse("alice", "old"))
			for _, token := range []string{phone, laptop} {
				if got := sync(token); got != want {
					t.Errorf("with %s alice is on %s, not on %s", token, got, want)
				}
			}
		})
	}
}

// Synapse notes down with what and from where a token was used last.
func TestLookUpIsTheClients(t *testing.T) {
	token := tokentest.MAS("phone")
	d := startDirectory(t, "", map[string]string{token: "alice"})
	d.Send(proxytest.Call{Target: syncTarget + "&access_token=" + token, Header: []string{"User-Agent: Element X"}})
	d.wantLookUps(t, 1)
	for _, r := range d.lookUps() {
		for name, want := range map[string]string{
			"Authorization": "Bearer " + token, "User-Agent": "Element X", "X-Forwarded-For": "127.0.0.1",
		} {
			if got := r.Header.Values(name); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

// The address is that of the client also behind another proxy, never one that
// a client made up.
func TestLookUpBehindProxy(t *testing.T) {
	token := tokentest.MAS("phone")
	for _, tt := range []struct{ servers, want string }{
		{"trusted_proxies static 127.0.0.1", "192.0.2.7"},
		{"", "127.0.0.1"},
	} {
		d := &directory{proxytest.Config{Site: fmt.Sprintf(identitySite, ""), Servers: tt.servers}.Start(t), map[string]string{token: "alice"}}
		d.answer(d.whoami)
		d.Send(proxytest.Call{Target: syncTarget, Header: []string{bearer(token), "X-Forwarded-For: 192.0.2.7"}})
		d.wantLookUps(t, 1)
		for _, r := range d.lookUps() {
			if got := r.Header.Get("X-Forwarded-For"); got != tt.want {
				t.Errorf("with %q the look-up comes from %s, want %s", tt.servers, got, tt.want)
			}
		}
	}
}

// A pool whose policy is told to go by user goes by the user that was looked up.
func TestLookUpForAPolicyByUser(t *testing.T) {
	token, byToken := strangeToken("alice")
	d := startDirectory(t, "lb_policy synapse_sticky user", map[string]string{token: "alice"})
	if got := d.sync(t, token); got == byToken {
		t.Errorf("alice is on %s, where her token belongs", got)
	}
}

// Only what is worth it leads to a look-up.
func TestNoLookUp(t *testing.T) {
	mas := tokentest.MAS("phone")
	d := startDirectory(t, "receipts $receipts\npush_rules $rules", map[string]string{mas: "alice"})
	for name, call := range map[string]proxytest.Call{
		"Synapse's own token": {Target: syncTarget, Header: []string{proxytest.Bearer("alice", "phone")}},
		"guest":               {Target: syncTarget, Header: []string{bearer(tokentest.Guest("7"))}},
		"wrong checksum":      {Target: syncTarget, Header: []string{bearer(mas[:len(mas)-1] + "_")}},
		"refresh token":       {Target: syncTarget, Header: []string{bearer("mar_" + mas[4:])}},
		"endless":             {Target: syncTarget, Header: []string{bearer(strings.Repeat("x", 1000))}},
		"no token":            {Target: syncTarget},
		"by room":             {Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{bearer(mas)}},
		"by nothing":          {Target: "/_matrix/client/versions", Header: []string{bearer(mas)}},
		"main":                {Method: "POST", Target: "/_matrix/client/v3/logout", Header: []string{bearer(mas)}},
		"a single writer":     {Method: "PUT", Target: "/_matrix/client/v3/pushrules/global/content/x", Body: "{}", Header: []string{bearer(mas)}},
		"federation":          {Target: "/_matrix/federation/v1/event/$e", Header: []string{bearer(mas)}},
	} {
		if res := d.Send(call); res.Err != nil {
			t.Errorf("%s: %v", name, res.Err)
		}
	}
	d.wantLookUps(t, 0)
	off := startDirectory(t, "identity off", map[string]string{mas: "alice"})
	off.sync(t, mas)
	off.wantLookUps(t, 0)
}

// A token that was revoked is still refused, by Synapse and nobody else.
func TestRevokedToken(t *testing.T) {
	token := tokentest.MAS("phone")
	d := startDirectory(t, "", map[string]string{token: "alice"})
	want := d.sync(t, token)
	d.Worker(want).Answers(proxytest.Status(http.StatusUnauthorized, `{"errcode":"M_UNKNOWN_TOKEN","error":"Token is not active"}`))
	res := d.Send(proxytest.Call{Target: syncTarget, Header: []string{bearer(token)}})
	if res.Status != http.StatusUnauthorized || res.Worker() != want || !strings.Contains(res.Body, "Token is not active") {
		t.Errorf("answered %d by %q: %s", res.Status, res.Worker(), res.Body)
	}
	d.wantLookUps(t, 1)
}

// What is known survives a new configuration, and is forgotten with the last
// directive.
func TestOwnersSurviveReload(t *testing.T) {
	token := tokentest.MAS("phone")
	d := startDirectory(t, "", map[string]string{token: "alice"})
	want := d.sync(t, token)
	load := func(site string) {
		t.Helper()
		if err := d.Load(proxytest.Config{Site: site}); err != nil {
			t.Fatal(err)
		}
	}
	load(fmt.Sprintf(identitySite, "request_id_header X-Request-ID"))
	if got := d.sync(t, token); got != want {
		t.Errorf("alice was on %s and is on %s", want, got)
	}
	d.wantLookUps(t, 1)
	load("respond 404")
	load(fmt.Sprintf(identitySite, ""))
	d.sync(t, token)
	d.wantLookUps(t, 2)
}

// Whatever becomes of a look-up, the request goes on, to the worker of its
// token, and Synapse is not asked about the same token again at once.
func TestLookUpFails(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	failures := map[string]proxytest.Answer{
		"error":        proxytest.Status(http.StatusInternalServerError, `{"errcode":"M_UNKNOWN"}`),
		"unavailable":  proxytest.Status(http.StatusServiceUnavailable, `{"errcode":"M_UNKNOWN"}`),
		"unrecognized": proxytest.Status(http.StatusNotFound, `{"errcode":"M_UNRECOGNIZED"}`),
		"no JSON":      proxytest.Status(http.StatusOK, `<html>`),
		"10 MB": proxytest.Status(http.StatusOK,
			`{"user_id":"@alice:example.org","x":"`+strings.Repeat("x", 10<<20)+`"}`),
		"cut off": func(x *proxytest.Exchange) { x.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"); x.Reset() },
		"reset":   proxytest.Reset,
		"hangs":   proxytest.Hold(release),
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			options := ""
			if name == "hangs" {
				options = "identity {\n sync_budget 50ms\n timeout 100ms\n}"
			}
			d := startDirectory(t, options, nil)
			d.Worker("main").Answers(failure)
			d.answer(failure)
			token, want := strangeToken("alice")
			var first int
			for i := range 3 {
				if got := d.sync(t, token); got != want {
					t.Errorf("alice is on %s, not on %s as her token says", got, want)
				}
				if i == 0 {
					first = len(d.lookUps())
				}
			}
			d.wantLookUps(t, first)
		})
	}
}

// A look-up that hangs costs a request a quarter of a second, as it is by default.
// The fastest of a few counts: the machine has other things to do.
func TestHangingLookUpCostsLittle(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hang := proxytest.Hold(release)
	d := startDirectory(t, "", nil)
	d.answer(func(x *proxytest.Exchange) {
		if x.Target == identity.Path {
			hang(x)
			return
		}
		x.Reply(http.StatusOK, `{}`)
	})
	const requests = 4
	fastest := proxytest.Timeout
	for i := range requests {
		start := time.Now()
		res := d.Send(proxytest.Call{Target: devicesTarget, Header: []string{bearer(tokentest.MAS(fmt.Sprint("phone", i)))}})
		fastest = min(fastest, time.Since(start))
		wantFrom(t, res, "reader1", "reader2")
	}
	d.wantLookUps(t, requests)
	const budget = 250 * time.Millisecond
	if fastest < budget || fastest > 2*budget {
		t.Errorf("a request waited %v, expected %v", fastest, budget)
	}
}

// strangeToken returns a token that by itself belongs on another worker than
// its user, and that worker.
func strangeToken(user string) (token, worker string) {
	names := []string{"sync1", "sync2", "sync3", "sync4"}
	for i := 0; token == "" || worker == sticky.RankNames(names, sticky.User(user))[0]; i++ {
		token = tokentest.MAS(fmt.Sprint("phone", i))
		worker = sticky.RankNames(names, sticky.OfToken(token))[0]
	}
	return token, worker
}

// Workers that are all dead do not hold up other requests either.
func TestNobodyToAsk(t *testing.T) {
	d := &directory{proxytest.Config{
		Site: fmt.Sprintf(identitySite, "identity {\n sync_budget 50ms\n}"), Dead: []string{"reader1", "reader2", "main"},
	}.Start(t), nil}
	for i := range 20 {
		d.sync(t, tokentest.MAS(fmt.Sprint("phone", i)))
	}
}

package wiretest

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// However a stranger dresses a token up, beside which others: whose a token is
// stays what Synapse said of that very token.
func TestOwnersAreNotCrossed(t *testing.T) {
	token := tokentest.MAS("victim")
	other := tokentest.MAS("other")
	d := startDirectory(t, "", map[string]string{token: "victim", other: "other", "legacy": "legacy", "LEGACY": "shouting"})
	users := map[string]string{}
	for token, user := range d.owners {
		users[token] = d.sync(t, tokentest.Synapse(user, "known"))
	}
	for _, dressed := range []proxytest.Call{
		{Header: []string{bearer(token), bearer(other)}}, {Header: []string{bearer(other), bearer(token)}},
		{Header: []string{bearer(token)}, Target: "&access_token=" + other}, {Header: []string{bearer(other)}, Target: "&access_token=" + token},
		{Target: "&access_token=" + other + "&access_token=" + token}, {Target: "&access_token=" + strings.ReplaceAll(token, "m", "%6d")},
		{Header: []string{"Authorization: Bearer  " + token}}, {Header: []string{"Authorization: bearer " + token}}, {Header: []string{"Authorization: Bearer\t" + token}},
		{Header: []string{"Authorization: Bearer " + token + " " + other}}, {Header: []string{"Authorization: Bearer " + token + "," + other}},
		{Header: []string{"Authorization: Bearer " + strings.ToUpper(token)}}, {Header: []string{bearer(token + "\x80")}}, {Header: []string{bearer(token + "%00")}},
		{Header: []string{bearer(token)}, Target: "&user_id=@other:example.org"}, {Header: []string{bearer(other)}, Target: "&user_id=@victim:example.org"},
		{Header: []string{bearer("legacy")}, Target: "&access_token=LEGACY"}, {Header: []string{bearer("legacy"), bearer("LEGACY")}},
		{Header: []string{bearer("unknown"), bearer(token)}}, {Header: []string{"Authorization: Basic x", bearer("unknown"), "Authorization: Bearer"}},
	} {
		dressed.Target = syncTarget + dressed.Target
		for range 2 {
			d.Send(dressed)
		}
	}
	for token, want := range users {
		for range 2 {
			if got := d.sync(t, token); got != want {
				t.Errorf("%s is on %s, not on %s", d.owners[token], got, want)
			}
		}
	}
	for _, r := range d.lookUps() {
		asked := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if len(r.Header.Values("Authorization")) != 1 || strings.ContainsAny(asked, " \t") {
			t.Errorf("Synapse was asked about %q", r.Header["Authorization"])
		}
	}
}

// Tokens that exist cost what tokens cost that do not, and what the client
// gets is what Synapse says: nobody learns from the proxy which ones exist.
func TestTokensCannotBeProbed(t *testing.T) {
	const number = 20
	owners := map[string]string{}
	for i := range number {
		owners[tokentest.MAS(fmt.Sprintf("real%02d", i))] = fmt.Sprint("user", i)
	}
	d := startDirectory(t, "", owners)
	for _, w := range d.Workers(synchrotrons...) {
		w.Answers(d.whoami) // 401 for tokens that do not exist
	}
	for name, status := range map[string]int{"real": 200, "fake": 401} {
		for i := range number {
			header := []string{bearer(tokentest.MAS(fmt.Sprintf("%s%02d", name, i)))}
			before := len(d.lookUps())
			for round := range 3 {
				res := d.Send(proxytest.Call{Target: syncTarget, Header: header})
				if res.Status != status || !strings.HasPrefix(res.Worker(), "sync") {
					t.Fatalf("%s: %d by %q", name, res.Status, res.Worker())
				}
				if asked := len(d.lookUps()) - before; asked != 1 {
					t.Errorf("%s, round %d: %d look-ups, expected 1", name, round, asked)
				}
			}
		}
	}
}

// A token of the right shape that Synapse can never have made is not asked about, and
// takes nobody away from others.
func TestImpossibleTokensAreNotAskedAbout(t *testing.T) {
	possible := tokentest.MAS("real")
	d := startDirectory(t, "", map[string]string{possible: "alice"})
	for i := range 20 {
		impossible := tokentest.MASSigned(fmt.Sprintf("mat_%029d%s", i, []string{"\x01", "\xff", " "}[i%3]))
		if res := d.Send(proxytest.Call{Target: syncTarget + "&access_token=" + url.QueryEscape(impossible)}); res.Status != 200 {
			t.Fatalf("answered %d %s", res.Status, res.Body)
		}
	}
	d.wantLookUps(t, 0)
	if res := d.Get(syncTarget, bearer(possible)); !strings.HasPrefix(res.Worker(), "sync") {
		t.Errorf("answered %d by %q", res.Status, res.Worker())
	}
	d.wantLookUps(t, 1)
}

// A herd of requests with one token that nobody knows yet asks Synapse once, and
// waits for the answer: all go where their user belongs. Some may find the queue of
// connections full there, and go to the next one; none goes where the token itself
// belongs.
func TestHerdAsksOnce(t *testing.T) {
	const herd, connections = 5000, 50
	ranking := sticky.RankNames(synchrotrons, sticky.User("alice"))
	token := tokenOf(ranking[3])
	d := startDirectory(t, "lb_policy synapse_sticky {\n bound off\n}\nidentity {\n sync_budget 10m\n timeout 10m\n}", map[string]string{token: "alice"})
	sent := make(chan struct{}, herd)
	d.answer(func(x *proxytest.Exchange) {
		for range herd {
			<-sent
		}
		d.whoami(x)
	})
	var served [herd]string
	var all sync.WaitGroup
	for c := range connections {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		defer transport.CloseIdleConnections()
		for i := c; i < herd; i += connections {
			all.Go(func() { served[i] = ride(t, transport, "http://"+d.Addr+syncTarget, token, sent) })
		}
	}
	all.Wait()
	d.wantLookUps(t, 1)
	by := make(map[string]int)
	for _, worker := range served {
		by[worker]++
	}
	if by[ranking[0]] == 0 || by[ranking[3]] > 0 || by[""] > 0 {
		t.Errorf("of a user who belongs to %v in this order: %v", ranking, by)
	}
}

// synchrotrons are those of a directory's site.
var synchrotrons = []string{"sync1", "sync2", "sync3", "sync4"}

// tokenOf makes a token of MAS's that belongs to a synchrotron as long as nobody
// knows whose it is.
func tokenOf(worker string) string {
	for i := 0; ; i++ {
		token := tokentest.MAS(fmt.Sprint("herd", i))
		if sticky.RankNames(synchrotrons, sticky.OfToken(token))[0] == worker {
			return token
		}
	}
}

// ride sends a request and tells when it is sent. It returns the worker that
// answers.
func ride(t *testing.T, transport http.RoundTripper, url, token string, sent chan<- struct{}) string {
	told := false
	tell := func() {
		if !told {
			told = true
			sent <- struct{}{}
		}
	}
	defer tell()
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { tell() }})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	_ = res.Body.Close()
	return res.Header.Get("X-Worker")
}

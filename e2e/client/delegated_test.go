package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/mas"
)

// delegated is a homeserver where Matrix Authentication Service makes the tokens. The test is that service.
type delegated struct {
	trace    *trace
	hs       homeserver
	service  *mas.Service
	database database

	people  []*delegatedDevice
	devices int
}

// delegatedDevice is a device, and what is known of it that the proxy should find out.
type delegatedDevice struct {
	*device
	session *mas.Session
	address net.IP
	tokens  map[string]bool // that it had, and told nobody whose they are
}

// TestDelegatedAuthentication shows that tokens which do not say whose they are do no harm to stickiness, and that
// nobody but Synapse decides what they are good for.
func TestDelegatedAuthentication(t *testing.T) {
	w := newDelegated(t)
	for _, step := range []struct {
		name string
		play func(*testing.T)
	}{
		{"crowd", w.crowd},
		{"several devices", w.severalDevices},
		{"refreshed tokens", w.refreshed},
		{"many first requests", w.firstRequests},
		{"revoked tokens", w.revoked},
		{"junk", w.junk},
		{"a look-up that hangs", w.hanging},
		{"a service that is down", w.down},
	} {
		t.Run(step.name, step.play)
	}
	t.Run("logs", w.logs)
	t.Run("events sent twice", w.repeated) // by a way that the logs should not tell of
}

func newDelegated(t *testing.T) *delegated {
	work := environment(t, "E2E_WORK")
	w := &delegated{
		trace:    newTrace(certificates(t, filepath.Join(work, "ca.crt"))),
		hs:       newHomeserver(t, work, "mas", "E2E_MAS"),
		database: newDatabase(work, "mas"),
	}
	w.service = mas.New(mas.Config{ // as in e2e/synapse/layout.py
		Address:    "127.0.0.1:24080",
		ServerName: w.hs.name,
		Synapse:    "http://127.0.0.1:24008",
		Secret:     "shared-with-synapse",
	})
	check(t, w.service.Start())
	t.Cleanup(func() { _ = w.service.Stop() })
	return w
}

// open logs a device in at the service, without a request of Matrix.
func (w *delegated) open(t *testing.T, kind mas.Kind, user, name string) *delegatedDevice {
	t.Helper()
	d := w.newDevice(t, user+"/"+name)
	d.session = must(w.service.Open(kind, user, strings.ToUpper(name)))(t)
	d.DeviceID = id.DeviceID(d.session.Device)
	d.use(id.NewUserID(user, w.hs.name), d.session.Token)
	return d
}

// newDevice makes a client that has an address and a User-Agent that no other has. It lies about the address.
func (w *delegated) newDevice(t *testing.T, name string) *delegatedDevice {
	t.Helper()
	w.devices++
	address := net.IPv4(127, 0, 1, byte(w.devices))
	d := &delegatedDevice{
		device:  newDevice(t, w.hs, name, w.trace.clientAt(name, address)),
		address: address,
		tokens:  make(map[string]bool),
	}
	d.RequestHook = func(request *http.Request) { request.Header.Set("X-Forwarded-For", "192.0.2.1") }
	w.people = append(w.people, d)
	return d
}

// use makes the next requests with a token.
func (d *delegatedDevice) use(user id.UserID, token string) {
	d.UserID, d.AccessToken = user, token
	d.tokens[token] = true
}

func person(number int) string {
	return fmt.Sprintf("person%d", number)
}

const (
	crowdSize = 36 // users, enough that each of three synchrotrons has some
	several   = 8  // of them that have several devices
)

// crowd: people with one device.
func (w *delegated) crowd(t *testing.T) {
	for i := range crowdSize {
		w.open(t, mas.OAuth, person(i), "phone").settle(t)
	}
}

// severalDevices: some have logged in in other ways too, before MAS and after.
func (w *delegated) severalDevices(t *testing.T) {
	for i := range several {
		w.open(t, mas.OAuth, person(i), "tablet").settle(t)
		w.loggedIn(t, person(i), "laptop").settle(t)
		w.open(t, mas.Imported, person(i), "desktop").settle(t)
	}
}

// loggedIn logs a device in with a password, as old clients do: the proxy passes that to the service.
func (w *delegated) loggedIn(t *testing.T, user, name string) *delegatedDevice {
	t.Helper()
	d := w.newDevice(t, user+"/"+name)
	answer := d.login(t, user)
	d.session = &mas.Session{Kind: mas.Compat, Refresh: answer.RefreshToken}
	d.tokens[answer.AccessToken] = true
	return d
}

// refreshed: tokens are replaced all the time, by default every five minutes.
func (w *delegated) refreshed(t *testing.T) {
	for range 2 {
		for _, d := range w.people[:several] {
			d.session.Renew()
			d.use(d.UserID, d.session.Token)
			d.sync(t, 0)
		}
		for _, d := range w.people[crowdSize:] {
			if d.session.Kind == mas.Compat {
				d.refresh(t)
				d.sync(t, 0)
			}
		}
	}
}

// refresh asks the service for new tokens, as old clients do.
func (d *delegatedDevice) refresh(t *testing.T) {
	t.Helper()
	var answer mautrix.RespLogin
	body := map[string]string{"refresh_token": d.session.Refresh}
	d.request(t, http.MethodPost, body, &answer, "_matrix", "client", "v3", "refresh")
	d.session.Refresh = answer.RefreshToken
	d.use(d.UserID, answer.AccessToken)
}

// firstRequests: a client that starts asks for everything at once, with a token that nobody has seen.
func (w *delegated) firstRequests(t *testing.T) {
	d := w.open(t, mas.OAuth, person(0), "eager")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := d.SyncRequest(t.Context(), 0, "", "", false, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// revoked: what the proxy has learnt of a token does not make it valid.
func (w *delegated) revoked(t *testing.T) {
	stolen := w.open(t, mas.OAuth, person(1), "stolen")
	stolen.settle(t)
	check(t, stolen.session.End())
	stolen.refused(t)

	sold := w.loggedIn(t, person(1), "sold")
	sold.settle(t)
	okay(t)(sold.Logout(t.Context()))
	sold.refused(t)
}

// junk: tokens that the service never made. Those that nobody can have made are not worth a question.
func (w *delegated) junk(t *testing.T) {
	random := strings.Repeat("0123456789", 3)
	unknown := mas.Token(mas.OAuth, random)
	wrong := unknown[:len(unknown)-1] + string(unknown[len(unknown)-1]^1)
	guesser, forger := w.newDevice(t, "nobody/guesser"), w.newDevice(t, "nobody/forger")
	guesser.use("", unknown)
	forger.AccessToken = wrong
	for range 5 {
		guesser.refused(t)
		forger.refused(t)
	}
}

// hanging: a question that is not answered holds nobody up. Later the user is where the other devices are.
func (w *delegated) hanging(t *testing.T) {
	known := w.open(t, mas.OAuth, "late-one", "phone")
	known.settle(t)
	home := w.tookLast(t, known)

	unlucky := w.open(t, mas.OAuth, "late-one", "tablet")
	release := w.service.HoldNext()
	defer release()
	unlucky.sync(t, 0)
	release()
	w.comesHome(t, unlucky, home)
}

// down: without the service Synapse admits nobody whom it does not know, and says so. That is its word, not the
// proxy's. Those whom it knows notice nothing.
func (w *delegated) down(t *testing.T) {
	known := w.open(t, mas.OAuth, "late-two", "phone")
	known.settle(t)
	home := w.tookLast(t, known)
	unlucky := w.open(t, mas.OAuth, "late-two", "tablet")

	check(t, w.service.Stop())
	_, err := unlucky.SyncRequest(t.Context(), 0, "", "", false, "")
	var failed mautrix.HTTPError
	if !errors.As(err, &failed) || !failed.IsStatus(http.StatusServiceUnavailable) ||
		failed.RespError == nil || failed.RespError.Err != "Unable to introspect the access token" {
		t.Errorf("without the service, the answer is not Synapse's 503: %v", err)
	}
	w.comesHome(t, known, home)

	check(t, w.service.Start())
	w.comesHome(t, unlucky, home)
}

// comesHome syncs until the user's own synchrotron answers.
func (w *delegated) comesHome(t *testing.T, d *delegatedDevice, home string) {
	t.Helper()
	eventually(t, d.name+" syncs with "+home, func() bool {
		d.sync(t, 0)
		return w.tookLast(t, d) == home
	})
}

// tookLast is the process that took the last request of a device.
func (w *delegated) tookLast(t *testing.T, d *delegatedDevice) string {
	t.Helper()
	var last *exchange
	for _, e := range w.trace.all() {
		if e.device == d.name {
			last = e
		}
	}
	log := settledLogs(t, []*exchange{last}, w.hs)[0]
	return byID(log)[last.id][0].Worker
}

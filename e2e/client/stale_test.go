package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stale is a homeserver whose Synapse is much older than the table that its requests are routed by.
type stale struct {
	url, work string
	http      *http.Client
	token     string
}

// answer is what a client looks at.
type answer struct {
	status  int
	Errcode string `json:"errcode"`
	Token   string `json:"access_token"`
	Device  string `json:"device_id"`
}

// TestStaleTable shows that a table which does not fit the running Synapse costs no request: what the worker does not
// know is answered by main, and the log says what to do about it.
func TestStaleTable(t *testing.T) {
	work := environment(t, "E2E_WORK")
	s := &stale{url: environment(t, "E2E_OLD_URL"), work: work, http: &http.Client{Transport: transport(certificates(t, filepath.Join(work, "ca.crt")), true)}}
	const v3 = "/_matrix/client/v3"
	login := `{"username":"erin","password":"` + password + `","auth":{"type":"m.login.dummy"}}`
	erin := s.send(t, http.MethodPost, v3+"/register", login)
	if s.token = erin.Token; erin.status != http.StatusOK {
		t.Fatalf("registering: %+v", erin)
	}
	device := v3 + "/devices/" + erin.Device

	for _, request := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, v3 + "/sync?timeout=0", "", http.StatusOK},
		{http.MethodPost, v3 + "/createRoom", `{}`, http.StatusOK},
		{http.MethodGet, v3 + "/devices", "", http.StatusOK},
		{http.MethodGet, device, "", http.StatusOK},
		{http.MethodPut, device, `{"display_name":"old but good"}`, http.StatusOK},
		{http.MethodPost, v3 + "/delete_devices", `{"devices":[]}`, http.StatusUnauthorized},        // asks for the password
		{http.MethodPost, v3 + "/account/deactivate", `{}`, http.StatusUnauthorized},                // asks for the password
		{http.MethodGet, "/_matrix/client/v1/room_summary/%21x:localhost", "", http.StatusNotFound}, // nobody has it
	} {
		got := s.send(t, request.method, request.path, request.body)
		if got.status != request.status || got.Errcode == "M_UNRECOGNIZED" && got.status != http.StatusNotFound {
			t.Errorf("%s %s: %+v, want %d", request.method, request.path, got, request.status)
		}
	}

	replayed := regexp.MustCompile(`"PUT ` + regexp.QuoteMeta(device) + ` HTTP`)
	s.wrote(t, "old/logs/generic1.log", regexp.MustCompile(`404 `+replayed.String()))
	s.wrote(t, "old/logs/main.log", regexp.MustCompile(`200 `+replayed.String()))
	s.wrote(t, "caddy.log", regexp.MustCompile(`a worker does not know an endpoint.*"PUT".*/devices/\{device\}`))
	s.wrote(t, "caddy.log", regexp.MustCompile(`not of the release that requests are routed for.*"running":"1\.99"`))
}

// send sends a request as erin.
func (s *stale) send(t *testing.T, method, path, body string) (a answer) {
	t.Helper()
	request := must(http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body)))(t)
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response := must(s.http.Do(request))(t)
	defer response.Body.Close()
	var buffer bytes.Buffer
	must(buffer.ReadFrom(response.Body))(t)
	a.status = response.StatusCode
	_ = json.Unmarshal(buffer.Bytes(), &a)
	return a
}

// wrote waits for a line in a log.
func (s *stale) wrote(t *testing.T, log string, line *regexp.Regexp) {
	t.Helper()
	eventually(t, log+" has a line like "+line.String(), func() bool {
		return line.Match(must(os.ReadFile(filepath.Join(s.work, log)))(t))
	})
}

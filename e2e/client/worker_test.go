package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"maunium.net/go/mautrix/id"
)

// worker is a process of a homeserver, asked without a proxy before it.
type worker string

// The ports of e2e/synapse/layout.py.
const (
	main1              worker = "http://127.0.0.1:18008"
	eventCreator1      worker = "http://127.0.0.1:18121"
	eventCreator2      worker = "http://127.0.0.1:18122"
	federationInbound1 worker = "http://127.0.0.1:18111"
	federationReader1  worker = "http://127.0.0.1:18112"
	delegatedSync1     worker = "http://127.0.0.1:24101"
	delegatedSync2     worker = "http://127.0.0.1:24102"
)

// reply is what a worker answered.
type reply struct {
	status int
	Event  id.EventID  `json:"event_id"`
	Device id.DeviceID `json:"device_id"`
	text   string
}

// put sends a PUT to the worker.
func (p worker) put(t *testing.T, target, authorization, body string) reply {
	t.Helper()
	return p.send(t, http.MethodPut, target, authorization, body)
}

// send sends a request to the worker. The target goes out as it is.
func (p worker) send(t *testing.T, method, target, authorization, body string) (r reply) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, string(p)+target, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return r
	}
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", "127.0.0.1")
	request.Header.Set("X-Forwarded-Proto", "https")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return r
	}
	defer response.Body.Close()
	var buffer bytes.Buffer
	_, _ = buffer.ReadFrom(response.Body)
	r.status, r.text = response.StatusCode, buffer.String()
	_ = json.Unmarshal(buffer.Bytes(), &r)
	return r
}

package client

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/federation"
	"maunium.net/go/mautrix/id"
)

// signatures: a federation request is signed over its URI as it was written. The test signs with the small server's
// key, spells URIs in ways that a proxy is tempted to tidy, and the large server must find the signature right.
func (w *world) signatures(t *testing.T) {
	key := signingKey(t, w.hs2)
	room, last := w.square, w.newest(t)
	spelled := map[string]string{
		"plain":            fmt.Sprintf("/state_ids/%s?event_id=%s", url.PathEscape(room.String()), url.QueryEscape(last.String())),
		"all in hex":       fmt.Sprintf("/state_ids/%s?event_id=%s", hex(room.String(), "%%%02X"), hex(last.String(), "%%%02X")),
		"lower-case hex":   fmt.Sprintf("/event/%s", hex(last.String(), "%%%02x")),
		"unescaped":        fmt.Sprintf("/state_ids/%s?event_id=%s", room, last),
		"trailing slash":   fmt.Sprintf("/state_ids/%s/?event_id=%s", room, last),
		"trailing query":   fmt.Sprintf("/event/%s?", url.PathEscape(last.String())),
		"odd query":        fmt.Sprintf("/event/%s?a=b&&c;d=%%7e&e=+%%20|", last),
		"mixed case":       "/query/profile?field=displayname&user_id=" + hexMixed(w.phone.UserID.String()),
		"escaped slashes":  "/event/%24no%2fsuch%2Fevent",
		"doubly escaped":   "/event/%2524no%252Fsuch",
		"bars and quotes":  "/event/%24no|such%22%7c%7Bevent%7D",
		"encoded dots":     "/event/%24no%2e%2e%2Fsuch",
		"not even UTF-8":   "/event/%24%ff%FE%80",
		"a plus and tilde": "/event/%24a+b~c%2Bd%7Ee",
	}
	for name, target := range spelled {
		target = "/_matrix/federation/v1" + target
		for _, client := range []*http.Client{w.trace.serverClient(w.hs2.name), w.trace.client(w.hs2.name)} {
			status, answer := w.signed(t, client, key, target, target)
			if status == http.StatusUnauthorized || status >= 500 {
				t.Errorf("%s: %s answered %d: %s", name, target, status, answer)
			}
		}
	}
	for _, name := range []string{"plain", "all in hex", "lower-case hex", "unescaped", "trailing query", "mixed case"} {
		target := "/_matrix/federation/v1" + spelled[name]
		if status, answer := w.signed(t, w.trace.serverClient(w.hs2.name), key, target, target); status != http.StatusOK {
			t.Errorf("%s: %s answered %d: %s", name, target, status, answer)
		}
	}
	w.forged(t, key, "/_matrix/federation/v1"+spelled["plain"])
}

// forged: the server does check. A request signed for one spelling and sent in another is refused.
func (w *world) forged(t *testing.T, key *federation.SigningKey, target string) {
	t.Helper()
	other := strings.Replace(target, "%21", "!", 1)
	if other == target {
		other = strings.Replace(target, "!", "%21", 1)
	}
	if status, answer := w.signed(t, w.trace.serverClient(w.hs2.name), key, target, other); status != http.StatusUnauthorized {
		t.Errorf("%s signed as %s answered %d, not 401: %s", other, target, status, answer)
	}
}

// signed sends a GET to the large server in the name of the small one. The target goes out byte for byte.
func (w *world) signed(t *testing.T, client *http.Client, key *federation.SigningKey, sign, target string) (int, string) {
	t.Helper()
	signature := must(key.SignJSON(map[string]string{
		"method": http.MethodGet, "uri": sign, "origin": w.hs2.name, "destination": w.hs1.name,
	}))(t)
	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.hs1.federation(), nil))(t)
	request.URL.Opaque = target
	request.Header.Set("Authorization", federation.XMatrixAuth{
		Origin: w.hs2.name, Destination: w.hs1.name, KeyID: key.ID, Signature: signature,
	}.String())
	response := must(client.Do(request))(t)
	defer response.Body.Close()
	answer := must(io.ReadAll(io.LimitReader(response.Body, 500)))(t)
	return response.StatusCode, string(answer)
}

// newest is the id of the last event in the square.
func (w *world) newest(t *testing.T) id.EventID {
	t.Helper()
	page := must(w.bob.Messages(t.Context(), w.square, "", "", mautrix.DirectionBackward, nil, 1))(t)
	return page.Chunk[0].ID
}

func signingKey(t *testing.T, hs homeserver) *federation.SigningKey {
	t.Helper()
	text := must(os.ReadFile(hs.key))(t)
	return must(federation.ParseSynapseKey(strings.TrimSpace(string(text))))(t)
}

// hex escapes every byte.
func hex(text, format string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// hexMixed escapes every byte, in upper and lower case by turns.
func hexMixed(text string) string {
	var b strings.Builder
	for i, c := range []byte(text) {
		fmt.Fprintf(&b, []string{"%%%02X", "%%%02x"}[i%2], c)
	}
	return b.String()
}

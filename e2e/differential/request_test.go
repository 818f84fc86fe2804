package main

import "testing"

// TestRequest: ids are spelled into paths as the variant says, and the version changes where there is one.
func TestRequest(t *testing.T) {
	const path = "/_matrix/client/v3/rooms/{roomId}/event/{eventId}"
	as := &identity{Token: "token", Room: "!ro/om:hs", Event: "$e#"}
	for _, test := range []struct {
		choice
		target string
	}{
		{choice{"GET", "v3", "plain", "none"}, "/_matrix/client/v3/rooms/!ro%2Fom:hs/event/$e%23"},
		{choice{"GET", "api/v1", "escaped", "none"}, "/_matrix/client/api/v1/rooms/%21%72%6F%2F%6F%6D%3A%68%73/event/%24%65%23"},
	} {
		p := pair{template: &template{api: "client-server", path: path}, choice: test.choice}
		if got := p.request(as, &cast{}, nil).target; got != test.target {
			t.Errorf("%v: %s, not %s", test.choice, got, test.target)
		}
	}
}

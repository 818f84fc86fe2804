package command_test

import (
	"strings"
	"testing"
)

// A fence asks for the address of the client, of whichever family it is.
func TestExplainAddress(t *testing.T) {
	config := strings.Replace(explained, "header User-Agent bridge*", "remote_ip 192.0.2.1 2001:db8::1", 1)
	for ip, want := range map[string]string{"192.0.2.1": "event_creator@bridge", "2001:db8::1": "event_creator@bridge", "2001:db8::2": "generic_worker"} {
		out, err := ask(t, config, "", question{format: "text", remoteIP: ip}, "PUT", "/_matrix/client/v3/rooms/!r:h/send/m.x/1")
		if err != nil || !strings.Contains(out, "pools      "+want) {
			t.Errorf("%s: want %s (%v)\n%s", ip, want, err, out)
		}
	}
}

package client

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"maunium.net/go/mautrix/id"
)

// homeserver is one of the two servers, as its users and the other server reach it: through Caddy.
type homeserver struct {
	name   string // its server name, which also is where federation reaches it
	client string // where clients reach it
	logs   string // where its processes write their logs
	key    string // its signing key's file
}

// world is what the steps of the scenario share, each adding to it for the next.
type world struct {
	work     string
	trace    *trace
	hs1, hs2 homeserver

	phone, laptop *device // of alice, on hs1
	bob           *device // on hs1
	carol, dave   *device // on hs2

	square id.RoomID // alice's public room, with everybody in it
}

const (
	password    = "correct horse battery staple"
	squareAlias = "square"
)

func newWorld(t *testing.T) *world {
	work := environment(t, "E2E_WORK")
	return &world{
		work:  work,
		trace: newTrace(certificates(t, filepath.Join(work, "ca.crt"))),
		hs1:   newHomeserver(t, work, "hs1", "E2E_HS1"),
		hs2:   newHomeserver(t, work, "hs2", "E2E_HS2"),
	}
}

func newHomeserver(t *testing.T, work, directory, variable string) homeserver {
	return homeserver{
		name:   environment(t, variable+"_NAME"),
		client: environment(t, variable+"_URL"),
		logs:   filepath.Join(work, directory, "logs"),
		key:    filepath.Join(work, directory, "signing.key"),
	}
}

// federation is where other servers reach the homeserver.
func (h homeserver) federation() string {
	return "https://" + h.name
}

func (h homeserver) alias(localpart string) id.RoomAlias {
	return id.NewRoomAlias(localpart, h.name)
}

// environment reads a variable that e2e/run sets. Without it there is nothing to test, which is not a pass.
func environment(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: this test is run by e2e/run, which starts the servers", variable)
	}
	return value
}

// certificates holds Caddy's own authority and no other.
func certificates(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", file)
	}
	return pool
}

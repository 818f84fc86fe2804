package traffic_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

// TestMix expects everything in it that makes requests different.
func TestMix(t *testing.T) {
	const count = 1000
	mix := traffic.Mix(count)
	classes := map[endpoint.Class]int{}
	has := map[string]int{}
	for _, r := range mix {
		path, query, _ := strings.Cut(r.Target, "?")
		classes[endpoint.Newest().Classify(r.Method, path, query).Class]++
		text := string(r.Bytes())
		for _, want := range []string{"Bearer syt_", "Bearer mat_", "X-Matrix origin=", "rooms/!", "rooms/%21"} {
			if strings.Contains(text, want) {
				has[want]++
			}
		}
		if _, id, ok := strings.Cut(r.Target, "/rooms/"); ok && !strings.Contains(strings.SplitN(id, "/", 2)[0], "example") {
			has["room version 12"]++
		}
	}
	if len(mix) != count || len(has) != 6 {
		t.Errorf("%d requests with %v", len(mix), has)
	}
	for class, want := range map[endpoint.Class]int{
		endpoint.ClassSync: 380, endpoint.ClassInitialSync: 20, endpoint.ClassSlidingSync: 140, endpoint.ClassSend: 80,
		endpoint.ClassTyping: 40, endpoint.ClassReceipts: 40, endpoint.ClassFederationInbound: 100,
		endpoint.ClassFederationRead: 40, endpoint.ClassMedia: 70, endpoint.ClassKeys: 30, endpoint.ClassMain: 20,
	} {
		if classes[class] != want {
			t.Errorf("%s: %d of %d requests, want %d", class, classes[class], count, want)
		}
	}
}

func TestMixIsRepeatable(t *testing.T) {
	one, other := traffic.Mix(200), traffic.Mix(200)
	for i := range one {
		if !bytes.Equal(one[i].Bytes(), other[i].Bytes()) {
			t.Fatalf("request %d differs from run to run", i)
		}
	}
}

func TestRequestsAreHTTP(t *testing.T) {
	for _, r := range append(traffic.Mix(100), traffic.Polls(3)...) {
		read, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(read.Body)
		if err != nil || !bytes.Equal(body, r.Body) || read.RequestURI != r.Target || read.Method != r.Method || read.Host != traffic.Host {
			t.Errorf("%s %s was read as %s %s", r.Method, r.Target, read.Method, read.RequestURI)
		}
	}
}

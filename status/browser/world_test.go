// Package browser tests the status page as people see it, in a real browser.
package browser

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	// The commands, and the directive.
	_ "github.com/caddy-matrix/caddy-synapse-workers"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// site is the homeserver that the page shows.
const site = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	client_reader $reader1 $reader2
	generic_worker $generic1
	event_creator $creator1 $creator2
	federation_inbound $inbound1 $inbound2
	typing receipts $writer1
	media_repository $media1
	pusher $pusher1
	health_interval 200ms
}`

// serve runs the proxy, with some workers dead from the beginning, and the command
// that serves its page.
func serve(t *testing.T, dead ...string) (p *proxytest.Proxy, page string) {
	t.Helper()
	p = proxytest.Config{Site: site, Admin: true, Dead: dead}.Start(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for _, w := range p.Workers("sync1", "sync2", "sync3") {
		w.Answers(proxytest.Hold(release))
	}
	command := new(cobra.Command)
	caddycmd.Commands()["synapse-workers"].CobraFunc(command)
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	command.SetOut(write)
	command.SetErr(write)
	command.SetArgs([]string{"status", "--address", p.Admin, "--listen", "127.0.0.1:0"})
	ended := make(chan error, 1)
	go func() { ended <- command.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("serving the page:", err)
		}
	})
	said := make([]byte, 1<<10)
	n, err := read.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	return p, string(regexp.MustCompile(`http://\S+/`).Find(said[:n]))
}

// load sends requests of all kinds until the test ends.
func load(t *testing.T, p *proxytest.Proxy) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	send := func(method, target, token string) {
		r, err := http.NewRequestWithContext(ctx, method, "http://"+p.Addr+target, nil)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Authorization", token)
		if response, err := http.DefaultClient.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
	for i := range 40 {
		wait.Go(func() {
			send(http.MethodGet, "/_matrix/client/v3/sync?since=s1", fmt.Sprintf("Bearer syt_%s_abcdefghijABCDEFGHIJ_000000", base64.RawStdEncoding.EncodeToString(fmt.Append(nil, "user", i))))
		})
	}
	for i := range 6 {
		wait.Go(func() {
			for n := i; ctx.Err() == nil; n += 6 {
				token := fmt.Sprintf("Bearer syt_%s_abcdefghijABCDEFGHIJ_000000", []string{"YWxpY2U", "Ym9i", "Y2Fyb2w", "ZGF2ZQ", "ZXZl"}[n%5])
				send(http.MethodGet, "/_matrix/client/v3/profile/@a:b", token)
				send(http.MethodGet, fmt.Sprintf("/_matrix/client/v3/rooms/!%d:b/messages", n%17), token)
				send(http.MethodPut, fmt.Sprintf("/_matrix/client/v3/rooms/!%d:b/typing/@a:b", n%17), token)
				send(http.MethodPut, "/_matrix/federation/v1/send/1", fmt.Sprintf(`X-Matrix origin="s%d.example",key="",sig=""`, n%11))
				if n%7 == 0 {
					send(http.MethodGet, "/_matrix/client/v1/media/download/b/"+fmt.Sprint(n), token)
					send(http.MethodPost, fmt.Sprintf("/_matrix/client/v3/rooms/!%d:b/join", n%17), token)
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Duration(40+n%30) * time.Millisecond):
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		wait.Wait()
	})
}

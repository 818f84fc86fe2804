package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// profileOf has a Caddy profile itself during the turn that begins, and writes
// the profiles to files named after the peer.
func (b *benchmark) profileOf(ctx context.Context, r *running) <-chan error {
	done := make(chan error, 1)
	if r.site.Admin == "" || !r.IsCaddy() {
		done <- nil
		return done
	}
	base := "http://" + r.site.Admin + "/debug/pprof/"
	go func() {
		done <- errors.Join(
			fetch(ctx, fmt.Sprintf("%sprofile?seconds=%d", base, max(1, int(b.options.turn.Seconds()))),
				filepath.Join(b.profile, r.Name+".cpu")),
			fetch(ctx, base+"allocs", filepath.Join(b.profile, r.Name+".allocs")))
	}()
	return done
}

// fetch gets a document into a file.
func fetch(ctx context.Context, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Host = net.JoinHostPort("localhost", request.URL.Port()) // the only name of a loopback address that Caddy takes
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return os.WriteFile(file, content, 0o600)
}

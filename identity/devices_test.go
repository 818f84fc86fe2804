package identity

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// All who want to know it of one token at a time get one answer.
func TestHasAsksOnce(t *testing.T) {
	for _, body := range []string{`{"device_id":"PHONE"}`, `{}`} {
		synctest.Test(t, func(t *testing.T) {
			var devices Devices
			var asked atomic.Int64
			release := make(chan struct{})
			ask := func(context.Context) (int, []byte, error) {
				asked.Add(1)
				<-release
				return http.StatusOK, []byte(body), nil
			}
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if got := devices.Has("token", ask); got != (body != "{}") {
						t.Errorf("%s: %t", body, got)
					}
				})
			}
			synctest.Wait()
			close(release)
			all.Wait()
			if n := asked.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// Nobody waits for long, and what is not known is not so.
func TestHasGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var devices Devices
		silent := func(ctx context.Context) (int, []byte, error) {
			<-ctx.Done()
			return http.StatusOK, []byte(`{"device_id":"PHONE"}`), ctx.Err()
		}
		if devices.Has("token", silent) {
			t.Error("there is a device although nobody said so")
		}
	})
	var devices Devices
	if devices.Has("token", func(context.Context) (int, []byte, error) { return 0, nil, errors.New("down") }) {
		t.Error("there is a device although nobody answered")
	}
}

package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A client is gone also if the server says so only after its writes have failed.
func TestAnswerOfOneWhoIsAboutToLeave(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &answer{ReadCloser: io.NopCloser(strings.NewReader("half of it")), ctx: ctx}
	if _, err := a.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("%v", err)
		}
	}()
	time.AfterFunc(time.Millisecond, cancel)
	_ = a.Close()
}

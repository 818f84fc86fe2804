package admin

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Where nothing is looked up, the answer is an empty list.
func TestDiscoveryOfNobody(t *testing.T) {
	w := httptest.NewRecorder()
	if err := discoveries(w, httptest.NewRequest(http.MethodGet, DiscoveryPath, nil)); err != nil || w.Body.String() != "[]\n" {
		t.Errorf("%q, %v", w.Body, err)
	}
}

package edge

import (
	"net/http"
	"strings"
	"testing"
)

// All of a head counts together, to the byte.
func TestHeadFault(t *testing.T) {
	of := func(length int) string { return strings.Repeat("x", length) }
	for what, r := range map[string]*http.Request{
		"target":               {RequestURI: of(maxHead)},
		"host":                 {RequestURI: "//", Host: of(maxHead/2 - 1)},
		"field":                {RequestURI: "/", Header: http.Header{"X": {of(maxHead - 4)}}},
		"name":                 {RequestURI: "/", Header: http.Header{of(maxHead - 3): {""}}},
		"fields of a name":     {RequestURI: "/", Header: http.Header{"X": {of(7000), of(maxHead - 7007)}}},
		"fields of many names": {RequestURI: "/", Header: http.Header{"X": {of(7000)}, "Y": {of(maxHead - 7007)}}},
		"half and half":        {RequestURI: of(8000), Host: of(100), Header: http.Header{"X": {of(maxHead - 8203)}}},
	} {
		if fault := HeadFault(r); fault != nil {
			t.Errorf("%s: %v", what, fault)
		}
		r.RequestURI += "x"
		want := ErrLongHead
		if what == "target" {
			want = ErrLongTarget
		}
		if fault := HeadFault(r); fault != want {
			t.Errorf("%s, and one more: %v, expected %v", what, fault, want)
		}
	}
}

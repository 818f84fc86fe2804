package endpoint

import (
	"strings"
	"testing"
)

// asked are the parameters that the conditions of /sync are about.
var asked = []parameter{{"full_state", "full_state="}, {"since", "since="}}

// sameParameters holds the short way through a query against QueryValue.
func sameParameters(t *testing.T, query string) {
	t.Helper()
	var values parameterValues
	values.read(query, asked)
	for i, p := range asked {
		raw := values[i].raw[:separator(values[i].raw)]
		if want, ok := QueryValue(query, p.name); raw != want || values[i].present != ok {
			t.Errorf("%q has %s = %q, %t; want %q, %t", query, p.name, raw, values[i].present, want, ok)
		}
	}
}

var queries = []string{
	"", "since", "since=", "since=s1", "since=s1&since=s2", "since=s1;full_state=true", "full_state=true&since=s1",
	"since=since=since=s1", "xsince=1&since=2", "x&since=1", ";since=1", "=since=1", "filter=since=1", "since=a=b&c",
	"%73ince=s1", "%73ince=s1&since=s2", "since=s1&%73ince=s2", "%73ince", "a=%26since=1", "a=%26since=1&since=%3B&%73ince=3",
	"a=b%3Dc%&since=1%", "%=1&since=2", "a&%&since=1", "a=1;%73ince=2", "si+nce=1", "+since=1", "since+=1",
}

func TestParameters(t *testing.T) {
	for _, query := range queries {
		sameParameters(t, query)
	}
}

func FuzzParameters(f *testing.F) {
	for _, query := range queries {
		f.Add(query)
	}
	f.Fuzz(sameParameters)
}

func TestParametersAllocateNothing(t *testing.T) {
	for _, query := range []string{"a=1&since=s1", "a=1&%73ince=s1", strings.Repeat("a=%26&", 1000) + "since=1"} {
		if allocs := testing.AllocsPerRun(100, func() { new(parameterValues).read(query, asked) }); allocs != 0 {
			t.Errorf("%v allocations for %.20q", allocs, query)
		}
	}
}

package endpoint

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A sample is a request made from a row of the table.
type sample struct{ method, path, query string }

// samplesOf makes one request for each method and each concrete path of a row,
// with the given text in place of every id.
func samplesOf(t testing.TB, ed *edition, row Row, id string) []sample {
	t.Helper()
	templates, err := ed.expand(row)
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for _, template := range templates {
		path := "/" + strings.ReplaceAll(strings.Join(template.segments, "/"), anyID, id)
		if template.rest {
			path += "/" + id + "/" + id
		}
		query := ""
		if when := template.when; when.parameter != "" {
			query = when.parameter + "=" + when.value
		}
		paths := []string{path}
		if template.slash {
			paths = append(paths, path+"/")
		}
		for _, path := range paths {
			for _, method := range methodsOf(row.Methods) {
				samples = append(samples, sample{method, path, query})
			}
		}
	}
	return samples
}

func methodsOf(m Methods) []string {
	if m == anyMethod {
		return []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
	}
	methods := strings.Split(m.String(), ",")
	if methods[0] == "GET" {
		methods = append(methods, "HEAD")
	}
	return methods
}

// allSamples are requests for every row of the newest table.
var allSamples = sync.OnceValue(func() []sample {
	ed, err := releases().at(Latest)
	if err != nil {
		panic(err)
	}
	var samples []sample
	for _, row := range ed.rows {
		samples = append(samples, samplesOf(&testing.T{}, ed, row, "~id~")...)
	}
	return samples
})

// words are the literals of the table: what makes a mutation likely to hit
// another endpoint.
var words = sync.OnceValue(func() []string {
	var literals []string
	for _, s := range allSamples() {
		literals = append(literals, strings.Split(s.path[1:], "/")...)
	}
	slices.Sort(literals)
	return slices.Compact(literals)
})

// ids are what stands in the place of an id: real ones and traps.
var ids = []string{
	"", "!r:hs", "%21r%3Ahs", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "@a:hs:8448", "$event",
	"a%2Fb", "foo%2Ftyping", "typing1", "tags", "account_data", "receipt", "read_markers", "send", "state",
	"join", "media", "..", ".", "%", "[::1]:80", "\"{|}\"", "é", "delete", "quarantine", "redact",
}

// mutate makes another request out of one, often a wrong one.
func mutate(random *rand.Rand, s sample) sample {
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	for strings.Contains(s.path, "~id~") {
		id := pick(ids)
		if random.IntN(4) == 0 {
			id = pick(words())
		}
		s.path = strings.Replace(s.path, "~id~", strings.ReplaceAll(id, "~id~", "id"), 1)
	}
	segments := strings.Split(s.path, "/")
	for range random.IntN(3) {
		i := 1 + random.IntN(len(segments)-1)
		switch random.IntN(9) {
		case 0:
			segments[i] = pick(words())
		case 1:
			segments[i] = pick(ids)
		case 2:
			segments = slices.Insert(segments, i, pick(words()))
		case 3:
			segments = append(segments, pick(ids))
		case 4:
			if len(segments) > 2 {
				segments = slices.Delete(segments, i, i+1)
			}
		case 5:
			segments = append(segments, "")
		case 6:
			segments = slices.Insert(segments, i, "")
		case 7:
			segments[i] = strings.ToUpper(segments[i])
		case 8:
			if segments[i] != "" {
				segments[i] = "%" + hex(segments[i][0]) + segments[i][1:]
			}
		}
	}
	s.path = strings.ReplaceAll(strings.Join(segments, "/"), "~id~", "id")
	if random.IntN(4) == 0 {
		s.method = pick([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
	}
	return s
}

func hex(b byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[b>>4], digits[b&15]})
}

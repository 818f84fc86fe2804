package scrape_test

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/scrape"
)

const text = `# HELP hits all
# TYPE hits counter
hits{name="a b"} 2.0
hits{name="{c}"} 3e1
size 7
`

func TestSamplesOfOneMetricAreSummedUp(t *testing.T) {
	sums, err := scrape.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if sums["hits"] != 32 || sums["size"] != 7 {
		t.Errorf("got %v, want hits 32 and size 7", sums)
	}
}

func TestWhatIsNoSampleIsAnError(t *testing.T) {
	if _, err := scrape.Parse(strings.NewReader("hello\n")); err == nil {
		t.Error("got no error for a line without a value")
	}
}

func TestSinceLeavesWhatIsNew(t *testing.T) {
	later := scrape.Sums{"hits": 5, "new": 1}.Since(scrape.Sums{"hits": 2})
	if later["hits"] != 3 || later["new"] != 1 {
		t.Errorf("got %v, want hits 3 and new 1", later)
	}
}

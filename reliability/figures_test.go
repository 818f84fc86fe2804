//go:build linux && reliability

package reliability

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// figures are what a fault has cost, one line of a table.
type figures struct {
	fault            string
	may              int           // how many requests may fail: those in flight where the fault is
	lasts            time.Duration // that the fault goes on after it was noticed
	requests, failed int
	moved, others    int           // keys that moved: those of the workers in question, and others
	noticed, healed  time.Duration // after the fault, and after its end
}

// table writes figures for the log.
func table(t *testing.T, rows []figures) {
	t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\trequests\tfailed\tkeys moved\tothers moved\tnoticed\thealed")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%v\t%v\n", r.fault, r.requests, r.failed, r.moved, r.others,
			r.noticed.Round(10*time.Millisecond), r.healed.Round(10*time.Millisecond))
	}
	_ = w.Flush()
	t.Logf("\n%s", b.String())
}

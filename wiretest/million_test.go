//go:build reliability

package wiretest

import "testing"

// So do a hundred thousand.
func TestTenthOfAMillionMakeNoSeries(t *testing.T) { wantNoNewSeries(t, 100_000) }

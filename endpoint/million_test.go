//go:build reliability

package endpoint

import "testing"

// A million requests gone wrong go where Synapse's own regexes send them.
func TestMillionMutantsAgreeWithReference(t *testing.T) { holdMutants(t, 1_000_000) }

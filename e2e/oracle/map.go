package oracle

import (
	"os"
	"strings"
)

// A mapped line is one of generate_workers_map: a pattern that any worker may take, with one method or all that
// Synapse knows there.
type mapped struct {
	method, pattern string
}

// tooWide is the line of push rules. The script writes .* for each group of a pattern, and here the literal pushrules/
// is within the group.
const tooWide = "^/_matrix/client/(api/v1|r0|v3|unstable)/.*$"

// readMap reads what generate_workers_map printed. A line is "# category", a pattern, or a method and a pattern.
func readMap(name string) ([]mapped, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []mapped
	for line := range strings.Lines(string(text)) {
		line = strings.Replace(line, tooWide, strings.Replace(tooWide, ".*", "pushrules/.*", 1), 1)
		switch fields := strings.Fields(line); {
		case len(fields) == 0 || fields[0] == "#":
		case len(fields) == 1:
			all = append(all, mapped{pattern: fields[0]})
		default:
			all = append(all, mapped{method: fields[0], pattern: fields[1]})
		}
	}
	return all, nil
}

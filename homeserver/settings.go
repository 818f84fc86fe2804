package homeserver

import "maps"

// Settings are all that one process reads, by name. As in Synapse, files are
// merged name by name at the top: what a later file says of a name replaces all
// that an earlier one said.
type Settings map[string]Value

// with returns the settings with those of one more file over them.
func (s Settings) with(file Value) Settings {
	merged := maps.Clone(s)
	if merged == nil {
		merged = make(Settings)
	}
	for _, field := range file.Fields() {
		merged[field.Name] = field.Value
	}
	return merged
}

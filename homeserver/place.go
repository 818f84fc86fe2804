package homeserver

import "strconv"

// Place is a line of a file. The zero Place is nowhere.
type Place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"` // 0 is the whole file
}

// String returns the place as "file:line".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

package endpoint

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// A Version is a release of Synapse as far as it matters here: 1.99.0 and
// 1.99.2 have the same endpoints and are both 1.99. The zero Version is none.
type Version struct{ Major, Minor int }

// The releases that the table covers.
var (
	Oldest = Version{1, 43}
	Latest = Version{1, 163}
)

var versionText = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(\.\d+)?(rc\d+)?$`)

// ParseVersion reads a version as Synapse writes it: "1.99", "1.99.0", "v1.99",
// "1.99.0rc1".
func ParseVersion(text string) (Version, error) {
	parts := versionText.FindStringSubmatch(text)
	if parts == nil {
		return Version{}, fmt.Errorf("'%s' is not a version of Synapse: expected one such as %s", text, Latest)
	}
	major, _ := strconv.Atoi(parts[1])
	minor, _ := strconv.Atoi(parts[2])
	return Version{major, minor}, nil
}

// ParseRelease reads the version that somebody wants the table of, which may
// not be too old for it; without a word it is [Latest]. One that is newer than
// Latest is no error: its table is probably much the same.
func ParseRelease(text string) (Version, error) {
	if text == "" {
		return Latest, nil
	}
	v, err := ParseVersion(text)
	if err == nil && v.Before(Oldest) {
		err = fmt.Errorf("version %s of Synapse is too old: expected %s or newer", text, Oldest)
	}
	return v, err
}

// Compare is negative if v is older than w, and positive if it is newer.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor))
}

// Before tells whether v is older than w.
func (v Version) Before(w Version) bool { return v.Compare(w) < 0 }

// String returns the version as it is written in a configuration, "-" for none.
func (v Version) String() string {
	if v == (Version{}) {
		return "-"
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}

// covered returns the covered release that is nearest to v.
func (v Version) covered() Version {
	switch {
	case v.Before(Oldest):
		return Oldest
	case Latest.Before(v):
		return Latest
	}
	return v
}

// A Period is the releases of which something is true: from Since on, and no
// longer in Until. None stands for an open end.
type Period struct{ Since, Until Version }

// Has tells whether the release lies within the period.
func (p Period) Has(v Version) bool {
	none := Version{}
	return !v.Before(p.Since) && (p.Until == none || v.Before(p.Until))
}

// parsePeriod reads the columns "since" and "until" of the table.
func parsePeriod(since, until string) (p Period, err error) {
	if p.Since, err = parseEnd("since", since); err != nil {
		return p, err
	}
	if p.Until, err = parseEnd("until", until); err != nil {
		return p, err
	}
	if (p.Until != Version{}) && !p.Since.Before(p.Until) {
		return p, fmt.Errorf("since %s until %s is never", p.Since, p.Until)
	}
	return p, nil
}

func parseEnd(column, word string) (Version, error) {
	if word == "-" {
		return Version{}, nil
	}
	v, err := ParseVersion(word)
	if err == nil && (v.Compare(Oldest) <= 0 || Latest.Before(v)) {
		err = fmt.Errorf("expected - or a version behind %s and up to %s", Oldest, Latest)
	}
	if err != nil {
		return v, fmt.Errorf("%s %s: %w", column, word, err)
	}
	return v, nil
}

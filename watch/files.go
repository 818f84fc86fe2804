package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files are what a configuration was made from.
type Files struct {
	// Words are files, directories and glob patterns.
	Words []string

	// Held is their digest before they were read. Default: that of now.
	Held string
}

// held stands for what files held when the configuration was made.
func held(files []Files) string {
	var sums []string
	for _, f := range files {
		sums = append(sums, f.Held)
	}
	return strings.Join(sums, " ")
}

// digest stands for what files hold now.
func digest(files []Files) string {
	var sums []string
	for _, f := range files {
		sums = append(sums, Digest(f.Words))
	}
	return strings.Join(sums, " ")
}

// directories lists the directories that files are in, which glob patterns
// match, or which are named themselves. Those that do not exist are left out.
func directories(words []string) []string {
	var patterns []string
	for _, word := range words {
		patterns = append(patterns, filepath.Dir(word), word)
	}
	return matching(patterns)
}

// above lists the directories above those that files are in. They tell when one
// comes, or another takes its place.
func above(words []string) []string {
	var patterns []string
	for _, word := range words {
		patterns = append(patterns, filepath.Dir(filepath.Dir(word)))
	}
	return matching(patterns)
}

// matching lists the directories that match patterns.
func matching(patterns []string) []string {
	var found []string
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(pattern)
		for _, match := range matches {
			if info, err := os.Stat(match); err == nil && info.IsDir() && !slices.Contains(found, match) {
				found = append(found, match)
			}
		}
	}
	return found
}

// concerns tells whether a change of a path may be one of what is read, by the
// words. Others in their directories, such as logs, may change all the time. Of a
// directory that is named only *.yaml are read. Files of a volume of Kubernetes
// change by a link beside them whose name begins with two dots.
func concerns(path string, words []string) bool {
	return strings.HasPrefix(filepath.Base(path), "..") || slices.ContainsFunc(words, func(word string) bool {
		file, _ := filepath.Match(word, path)
		in, _ := filepath.Match(word, filepath.Dir(path))
		of, _ := filepath.Match(filepath.Dir(word), path)
		return file || of || in && filepath.Ext(path) == ".yaml"
	})
}

// Digest stands for what the files hold that the words name. A file that cannot
// be read stands for itself by its name. It is short, as it stands in
// configurations: who guesses a secret of the files cannot tell by it.
func Digest(words []string) string {
	sum := sha256.New()
	for _, word := range words {
		matches, _ := filepath.Glob(word)
		for _, match := range matches {
			paths, _ := filepath.Glob(filepath.Join(match, "*.yaml"))
			for _, path := range append(paths, match) {
				content, _ := os.ReadFile(path) //nolint:gosec // the operator names the file
				of := sha256.Sum256(content)
				sum.Write([]byte(filepath.Base(path)))
				sum.Write(of[:])
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

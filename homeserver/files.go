package homeserver

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files names the configuration files of one homeserver.
type Files struct {
	// Shared is what every process reads, in this order: files, and directories
	// whose *.yaml are read in the order of their names.
	Shared []string

	// Workers is what the workers read after it, one file each: files,
	// directories and glob patterns. A file among them that names no worker is
	// one more of the shared ones, such as the shared.yaml that Synapse's Docker
	// image writes beside those of its workers.
	Workers []string
}

// Paths lists all files by their names, shared ones first. It is an error if
// a word matches no file.
func (f Files) Paths() (shared, workers []string, err error) {
	for _, word := range f.Shared {
		files, err := filesAt(word)
		if err != nil {
			return nil, nil, err
		}
		shared = append(shared, files...)
	}
	for _, word := range f.Workers {
		matches, err := filepath.Glob(word)
		if err != nil {
			return nil, nil, fmt.Errorf("'%s' is not a file or a glob pattern: %w", word, err)
		}
		if len(matches) == 0 {
			return nil, nil, fmt.Errorf("no file matches '%s'", word)
		}
		for _, match := range matches {
			files, err := filesAt(match)
			if err != nil {
				return nil, nil, err
			}
			workers = append(workers, files...)
		}
	}
	return shared, unique(workers), nil
}

// filesAt lists a file, or the *.yaml files of a directory in the order of
// their names.
func filesAt(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && strings.HasSuffix(file, ".yaml") {
			files = append(files, file)
		}
	}
	return files, nil
}

// unique drops what two patterns name twice.
func unique(files []string) []string {
	var kept []string
	for _, file := range files {
		if !slices.Contains(kept, file) {
			kept = append(kept, file)
		}
	}
	return kept
}

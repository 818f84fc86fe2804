package homeserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// longestFile bounds a file: a homeserver.yaml of 1 MiB is a mistake.
const longestFile = 1 << 20

// readFile reads the settings of one file.
func readFile(file string) (Value, error) {
	opened, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return Value{}, err
	}
	defer opened.Close()
	content, err := io.ReadAll(io.LimitReader(opened, longestFile+1))
	if err != nil {
		return Value{}, err
	}
	if len(content) > longestFile {
		return Value{}, fmt.Errorf("%s: larger than %d bytes", file, longestFile)
	}
	return parse(file, content)
}

// parse reads the settings of one file. One that holds no map says nothing, as
// in Synapse.
func parse(file string, content []byte) (Value, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return Value{file: file}, nil
	case err != nil:
		return Value{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Value{}, fmt.Errorf("%s: expected one document, found a second one behind '---'", file)
	}
	merges := merging{file: file, done: make(map[*yaml.Node]bool)}
	if err := merges.resolve(&document); err != nil {
		return Value{}, err
	}
	return newValue(document.Content[0], file), nil
}

// merging replaces the merge keys of a document, "<<: *other", by what they
// stand for. Each map is done once, so that a small file cannot unfold into a
// large one.
type merging struct {
	file string
	done map[*yaml.Node]bool // false while under way
}

// resolve replaces the merge keys of a node and all below it.
func (m *merging) resolve(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if done, begun := m.done[node]; begun {
		if !done && hasMerge(node) {
			return fmt.Errorf("%s: a map is merged into itself", Place{m.file, node.Line})
		}
		return nil
	}
	m.done[node] = false
	for _, child := range node.Content {
		if err := m.resolve(child); err != nil {
			return err
		}
	}
	m.done[node] = true
	if hasMerge(node) {
		return m.flatten(node)
	}
	return nil
}

func hasMerge(node *yaml.Node) bool {
	if node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].ShortTag() == "!!merge" {
			return true
		}
	}
	return false
}

// flatten puts what is merged in front of what the map says itself, which
// counts more. Of several merged maps the first counts most.
func (m *merging) flatten(node *yaml.Node) error {
	var merged, own []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].ShortTag() != "!!merge" {
			own = append(own, node.Content[i], node.Content[i+1])
			continue
		}
		sources := []Value{newValue(node.Content[i+1], m.file)}
		if sources[0].isList() {
			sources = sources[0].Items()
		}
		for _, source := range sources {
			if !source.isMap() {
				return fmt.Errorf("%s: expected a map to merge, or a list of maps", Place{m.file, node.Content[i].Line})
			}
			merged = append(source.node.Content[:len(source.node.Content):len(source.node.Content)], merged...)
		}
	}
	node.Content = lastOfEqual(append(merged, own...))
	return nil
}

// lastOfEqual drops fields that a later one of the same name replaces.
func lastOfEqual(content []*yaml.Node) []*yaml.Node {
	last := make(map[string]int, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		last[content[i].Value] = i
	}
	kept := content[:0:0]
	for i := 0; i+1 < len(content); i += 2 {
		if last[content[i].Value] == i {
			kept = append(kept, content[i], content[i+1])
		}
	}
	return kept
}

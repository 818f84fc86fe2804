package homeserver

import (
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is the value of a setting, with the place where it stands. The zero
// Value is that of a setting that nobody gave. Whoever asks a Value for another
// kind than it is gets the zero value of that kind.
type Value struct {
	node *yaml.Node
	file string
}

// newValue wraps a node, or what it stands for if it is an alias.
func newValue(node *yaml.Node, file string) Value {
	if node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return Value{node, file}
}

// Given tells whether the setting is there and is not null.
func (v Value) Given() bool {
	return v.node != nil && v.node.ShortTag() != "!!null"
}

// Place is where the value begins.
func (v Value) Place() Place {
	if v.node == nil {
		return Place{}
	}
	return Place{v.file, v.node.Line}
}

// Text returns a word, number or other scalar as it is written.
func (v Value) Text() string {
	if !v.Given() || v.node.Kind != yaml.ScalarNode {
		return ""
	}
	return v.node.Value
}

// isText tells whether the value is a string, which a number is not.
func (v Value) isText() bool {
	return v.Given() && v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!str" && !v.isBool()
}

// booleans are the words that YAML 1.1, which Synapse reads, takes for
// booleans.
var booleans = map[string]bool{
	"yes": true, "true": true, "on": true,
	"no": false, "false": false, "off": false,
}

// asText are the styles of scalars that are strings, whatever they look like.
const asText = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// isBool tells whether the value is one of the words for a boolean, and not
// written as a string.
func (v Value) isBool() bool {
	if !v.Given() || v.node.Kind != yaml.ScalarNode {
		return false
	}
	if tagged := v.node.Style&yaml.TaggedStyle != 0; tagged && v.node.Tag != "!!bool" || !tagged && v.node.Style&asText != 0 {
		return false
	}
	word := v.node.Value
	_, known := booleans[strings.ToLower(word)]
	return known && (word == strings.ToLower(word) || word == strings.ToUpper(word) || word[1:] == strings.ToLower(word[1:]))
}

// Bool returns whether Python would take the value for true: a boolean, or
// anything that is not empty and not zero. A setting that is not given is
// what is said otherwise.
func (v Value) Bool(otherwise bool) bool {
	switch {
	case !v.Given():
		return otherwise
	case v.isBool():
		return booleans[strings.ToLower(v.node.Value)]
	case v.node.Kind != yaml.ScalarNode:
		return len(v.node.Content) > 0
	}
	if number, isInt := v.Int(); isInt {
		return number != 0
	}
	number, err := strconv.ParseFloat(v.node.Value, 64)
	return v.node.Value != "" && (v.isText() || err != nil || number != 0)
}

// Off tells whether the value is the boolean false, and not just empty.
func (v Value) Off() bool { return v.isBool() && !booleans[strings.ToLower(v.node.Value)] }

// Int returns a whole number.
func (v Value) Int() (int, bool) {
	if !v.Given() || v.node.ShortTag() != "!!int" {
		return 0, false
	}
	n, err := strconv.ParseInt(v.node.Value, 0, 64)
	return int(n), err == nil
}

// Items returns the items of a list.
func (v Value) Items() []Value {
	if !v.isList() {
		return nil
	}
	items := make([]Value, len(v.node.Content))
	for i, node := range v.node.Content {
		items[i] = newValue(node, v.file)
	}
	return items
}

func (v Value) isList() bool { return v.Given() && v.node.Kind == yaml.SequenceNode }

func (v Value) isMap() bool { return v.Given() && v.node.Kind == yaml.MappingNode }

// Words returns the words of a list, or a single word that stands for a list
// of one, as Synapse takes both.
func (v Value) Words() []Value {
	if v.isList() {
		return v.Items()
	}
	if v.Text() == "" {
		return nil
	}
	return []Value{v}
}

// Key returns the value behind a name of a map. Of equal names the last one
// counts.
func (v Value) Key(name string) Value {
	fields := v.Fields()
	for i := len(fields) - 1; i >= 0; i-- {
		if fields[i].Name == name {
			return fields[i].Value
		}
	}
	return Value{}
}

// Field is a name of a map, with its value and the place of the name.
type Field struct {
	Name  string
	Value Value
	Place Place
}

// Fields returns all of a map, in the order of the file.
func (v Value) Fields() []Field {
	if !v.isMap() {
		return nil
	}
	fields := make([]Field, 0, len(v.node.Content)/2)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		name := newValue(v.node.Content[i], v.file)
		fields = append(fields, Field{name.Text(), newValue(v.node.Content[i+1], v.file), name.Place()})
	}
	return fields
}

// Equal tells whether two values are the same, however they are written.
func (v Value) Equal(w Value) bool {
	if v.node == w.node {
		return true
	}
	var a, b any
	return v.decode(&a) == nil && w.decode(&b) == nil && reflect.DeepEqual(a, b)
}

// decode is nil where there is no value. It refuses what unfolds without end.
func (v Value) decode(into *any) error {
	if v.node == nil {
		return nil
	}
	return v.node.Decode(into)
}

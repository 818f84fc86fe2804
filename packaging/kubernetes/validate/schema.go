package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The module that has the schemas, of which nothing is compiled, and its
// checksum as go.sum would have it.
const (
	module  = "k8s.io/kubernetes"
	version = "v1.34.2"
	sum     = "h1:WQdDvYJazkmkwSncgNwGvVtaCt4TYXIU3wSMRgvp3MI="
)

// schemas are those of all kinds of objects.
type schemas struct {
	compiler *jsonschema.Compiler
	byKind   map[string]string // the definition of each kind, by apiVersion and kind
}

// location is what the document is called that has all definitions.
const location = "kubernetes.json"

// fetch has Go download the schemas, unless they are there.
func fetch() (*schemas, error) {
	out, err := exec.Command("go", "mod", "download", "-json", module+"@"+version).Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download %s: %w", module, err)
	}
	var downloaded struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return nil, err
	}
	if downloaded.Sum != sum {
		return nil, fmt.Errorf("%s %s has the checksum %s, expected %s", module, version, downloaded.Sum, sum)
	}
	content, err := os.ReadFile(filepath.Join(downloaded.Dir, "api", "openapi-spec", "swagger.json"))
	if err != nil {
		return nil, err
	}
	return parse(content)
}

// parse reads the definitions of an OpenAPI document.
func parse(content []byte) (*schemas, error) {
	var document struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	s := &schemas{compiler: jsonschema.NewCompiler(), byKind: make(map[string]string)}
	s.compiler.DefaultDraft(jsonschema.Draft4)
	definitions := make(map[string]any, len(document.Definitions))
	for name, definition := range document.Definitions {
		tighten(name, definition)
		definitions[name] = definition
		for _, kind := range kindsOf(definition) {
			s.byKind[kind] = name
		}
	}
	if len(s.byKind) == 0 {
		return nil, errors.New("there are no kinds in the document")
	}
	return s, s.compiler.AddResource(location, map[string]any{"definitions": definitions})
}

// The definitions for which the document has no words: a port by its number or
// its name, and an amount with or without a unit.
const (
	intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
	quantity    = "io.k8s.apimachinery.pkg.api.resource.Quantity"
)

// tighten makes a definition refuse fields that it does not know.
func tighten(name string, definition map[string]any) {
	if _, has := definition["properties"]; has && definition["additionalProperties"] == nil {
		definition["additionalProperties"] = false
	}
	if name == intOrString || name == quantity {
		definition["type"] = []any{"number", "string"}
	}
}

// kindsOf lists the kinds of objects that a definition is of, as "v1 Service".
func kindsOf(definition map[string]any) []string {
	var kinds []string
	list, _ := definition["x-kubernetes-group-version-kind"].([]any)
	for _, entry := range list {
		kind, _ := entry.(map[string]any)
		apiVersion := fmt.Sprint(kind["version"])
		if group := fmt.Sprint(kind["group"]); group != "" {
			apiVersion = group + "/" + apiVersion
		}
		kinds = append(kinds, apiVersion+" "+fmt.Sprint(kind["kind"]))
	}
	return kinds
}

// of returns the schema of a kind.
func (s *schemas) of(kind string) (*jsonschema.Schema, error) {
	name, ok := s.byKind[kind]
	if !ok {
		return nil, fmt.Errorf("there is no %s in Kubernetes %s", kind, version)
	}
	return s.compiler.Compile(location + "#/definitions/" + name)
}

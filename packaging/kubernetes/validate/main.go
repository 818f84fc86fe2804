// Command validate builds kustomizations and holds what comes out against the
// schemas of Kubernetes: unknown fields, wrong types, missing fields. Selectors
// have to find something, and what is named has to be there.
//
//	go run . <directory>...
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
		os.Exit(1)
	}
}

func run(directories []string) error {
	schemas, err := fetch()
	if err != nil {
		return fmt.Errorf("schemas of Kubernetes: %w", err)
	}
	for _, directory := range directories {
		objects, err := build(directory)
		if err != nil {
			return fmt.Errorf("%s: %w", directory, err)
		}
		if err := check(schemas, objects); err != nil {
			return fmt.Errorf("%s:\n%w", directory, err)
		}
		fmt.Printf("%s: %d objects are valid for Kubernetes %s\n", directory, len(objects), version)
	}
	return nil
}

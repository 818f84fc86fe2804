package main

import (
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// object is an object of Kubernetes, as JSON has it.
type object map[string]any

// build builds a kustomization.
func build(directory string) ([]object, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return nil, err
	}
	var objects []object
	for _, resource := range built.Resources() {
		content, err := resource.Map()
		if err != nil {
			return nil, err
		}
		objects = append(objects, content)
	}
	return objects, nil
}

// check tells what is wrong with objects.
func check(s *schemas, objects []object) error {
	var errs []error
	for _, o := range objects {
		schema, err := s.of(fmt.Sprint(o["apiVersion"], " ", o["kind"]))
		if err == nil {
			err = schema.Validate(map[string]any(o))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.name(), err))
		}
	}
	return errors.Join(append(errs, connected(objects)...)...)
}

// connected tells which selectors find no pods, which autoscalers nothing to
// scale, and which volumes nothing to mount.
func connected(objects []object) (errs []error) {
	var pods []map[string]any
	named := make(map[string]bool)
	for _, o := range objects {
		named[o.name()] = true
		if labels, ok := o.at("spec", "template", "metadata", "labels").(map[string]any); ok {
			pods = append(pods, labels)
		}
	}
	for _, o := range objects {
		if selector, ok := o.selector(); ok && !finds(selector, pods) {
			errs = append(errs, fmt.Errorf("%s: its selector finds no pods", o.name()))
		}
		for _, name := range o.needs() {
			if !named[name] {
				errs = append(errs, fmt.Errorf("%s: there is no %s", o.name(), name))
			}
		}
	}
	return errs
}

// selector is how an object finds pods, if it has to.
func (o object) selector() (selector map[string]any, has bool) {
	path := []string{"spec", "selector", "matchLabels"}
	switch o["kind"] {
	case "Service":
		path = path[:2]
	case "Deployment", "StatefulSet", "PodDisruptionBudget":
	default:
		return nil, false
	}
	selector, _ = o.at(path...).(map[string]any)
	return selector, true
}

// finds reports whether a selector finds any of these pods, by their labels. One
// that is empty would find those of others.
func finds(selector map[string]any, pods []map[string]any) bool {
	return len(selector) > 0 && slices.ContainsFunc(pods, func(labels map[string]any) bool {
		for name, value := range selector {
			if labels[name] != value {
				return false
			}
		}
		return true
	})
}

// needs lists the objects, beside secrets, without which an object does nothing.
func (o object) needs() []string {
	var names []string
	if target, ok := o.at("spec", "scaleTargetRef").(map[string]any); ok {
		names = append(names, object{"kind": target["kind"], "metadata": map[string]any{"name": target["name"]}}.name())
	}
	if service := o.at("spec", "serviceName"); service != nil {
		names = append(names, fmt.Sprint("Service ", service))
	}
	volumes, _ := o.at("spec", "template", "spec", "volumes").([]any)
	for _, entry := range volumes {
		volume, _ := entry.(map[string]any)
		if name := object(volume).at("configMap", "name"); name != nil {
			names = append(names, fmt.Sprint("ConfigMap ", name))
		}
		if name := object(volume).at("persistentVolumeClaim", "claimName"); name != nil {
			names = append(names, fmt.Sprint("PersistentVolumeClaim ", name))
		}
	}
	return names
}

// name is an object's kind and name.
func (o object) name() string { return fmt.Sprint(o["kind"], " ", o.at("metadata", "name")) }

// at returns what is at a path in the object, nil if there is nothing.
func (o object) at(path ...string) any {
	var found any = map[string]any(o)
	for _, step := range path {
		fields, _ := found.(map[string]any)
		found = fields[step]
	}
	return found
}

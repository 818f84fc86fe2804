package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// all are the schemas, which are large.
var all = sync.OnceValues(fetch)

// objectsOf builds a kustomization of this repository.
func objectsOf(t *testing.T, directory string) []object {
	t.Helper()
	objects, err := build(directory)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func schemasOf(t *testing.T) *schemas {
	t.Helper()
	s, err := all()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestManifests(t *testing.T) {
	if err := check(schemasOf(t), objectsOf(t, "..")); err != nil {
		t.Error(err)
	}
}

// With the component, no volume is shared, and the secret is there.
func TestCertManager(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "manifests"), os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	kustomization := "resources: [manifests]\ncomponents: [manifests/cert-manager]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	objects := objectsOf(t, dir)
	if err := check(schemasOf(t), objects); err != nil {
		t.Error(err)
	}
	for _, o := range objects {
		if o["kind"] == "PersistentVolumeClaim" {
			t.Errorf("%s is still there", o.name())
		}
		if volumes := fmt.Sprint(pod(o)["volumes"]); o.name() == "Deployment caddy" && (!strings.Contains(volumes, "caddy-tls") || strings.Contains(volumes, "persistentVolumeClaim")) {
			t.Errorf("volumes of %s: %s", o.name(), volumes)
		}
	}
}

// What is wrong with an object is found.
func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		kind    string
		mistake func(o object)
		want    string
	}{
		"unknown field":         {"Deployment caddy", func(o object) { pod(o)["containrs"] = "" }, "containrs"},
		"unknown field on top":  {"Service caddy", func(o object) { o["specs"] = "" }, "specs"},
		"wrong type":            {"Deployment caddy", func(o object) { pod(o)["terminationGracePeriodSeconds"] = "60 s" }, "terminationGracePeriodSeconds"},
		"missing field":         {"HorizontalPodAutoscaler synapse-synchrotron", func(o object) { delete(o["spec"].(map[string]any), "maxReplicas") }, "maxReplicas"},
		"unknown kind":          {"Service caddy", func(o object) { o["apiVersion"] = "v2" }, "there is no v2 Service"},
		"selector without pods": {"Service caddy", func(o object) { o.at("spec", "selector").(map[string]any)["a"] = "b" }, "finds no pods"},
		"no selector":           {"PodDisruptionBudget caddy", func(o object) { delete(o["spec"].(map[string]any), "selector") }, "finds no pods"},
		"empty selector":        {"Service caddy", func(o object) { clear(o.at("spec", "selector").(map[string]any)) }, "finds no pods"},
		"nothing to scale":      {"HorizontalPodAutoscaler synapse-synchrotron", func(o object) { o.at("spec", "scaleTargetRef").(map[string]any)["name"] = "x" }, "there is no StatefulSet x"},
		"nothing to mount":      {"ConfigMap " + settingsOf(t), func(o object) { o["metadata"].(map[string]any)["name"] = "x" }, "there is no ConfigMap synapse-settings"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, found := objectsOf(t, ".."), false
			for _, o := range objects {
				if o.name() == tt.kind {
					found = true
					tt.mistake(o)
				}
			}
			if err := check(schemasOf(t), objects); !found || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("found %s: %t; %v, want %q", tt.kind, found, err, tt.want)
			}
		})
	}
}

// settingsOf is the name of the ConfigMap of settings, which has a hash in it.
func settingsOf(t *testing.T) string {
	t.Helper()
	for _, o := range objectsOf(t, "..") {
		if name := fmt.Sprint(o.at("metadata", "name")); strings.HasPrefix(name, "synapse-settings") {
			return name
		}
	}
	t.Fatal("there are no settings")
	return ""
}

// pod is what an object says of its pods.
func pod(o object) map[string]any {
	spec, _ := o.at("spec", "template", "spec").(map[string]any)
	return spec
}

// A pod is killed only after its preStop and what has to end behind it: for a
// proxy grace_period, for a worker the stop of Synapse.
func TestGracePeriods(t *testing.T) {
	const stop = 10 // seconds
	for _, o := range objectsOf(t, "..") {
		if pod(o) == nil {
			continue
		}
		needs := stop
		if o.name() == "Deployment caddy" {
			needs = 40 + stop
		}
		containers, _ := pod(o)["containers"].([]any)
		for _, c := range containers {
			slept, _ := object(c.(map[string]any)).at("lifecycle", "preStop", "sleep", "seconds").(int)
			period, _ := pod(o)["terminationGracePeriodSeconds"].(int)
			if slept == 0 || period < slept+needs {
				t.Errorf("%s: killed after %d s, of which %d s are preStop and %d s are needed", o.name(), period, slept, needs)
			}
		}
	}
}

// The Caddyfile asks DNS for Services that there are, by the name of their port,
// and names pods that there are.
func TestCaddyfileNamesServices(t *testing.T) {
	objects := objectsOf(t, "..")
	var caddyfile string
	for _, o := range objects {
		if data, ok := o.at("data").(map[string]any); ok && data["Caddyfile"] != nil {
			caddyfile = fmt.Sprint(data["Caddyfile"])
		}
	}
	named := 0
	for _, o := range objects {
		if o["kind"] != "StatefulSet" {
			continue
		}
		service := fmt.Sprint(o.at("spec", "serviceName"))
		ports, _ := servicePorts(objects, service)
		srv := "_synapse-http._tcp." + service + ".synapse.svc.cluster.local."
		first := service + "-0." + service + ".synapse.svc.cluster.local.:8008"
		if !ports["synapse-http"] {
			t.Errorf("there is no Service %s with a port synapse-http", service)
		}
		if strings.Contains(caddyfile, " "+srv) || strings.Contains(caddyfile, " "+first) {
			named++
			continue
		}
		t.Errorf("the Caddyfile names neither %s nor %s", srv, first)
	}
	if named < 5 {
		t.Errorf("%d StatefulSets", named)
	}
}

// servicePorts lists the names of a Service's ports.
func servicePorts(objects []object, service string) (names map[string]bool, found bool) {
	names = make(map[string]bool)
	for _, o := range objects {
		if o.name() != "Service "+service {
			continue
		}
		ports, _ := o.at("spec", "ports").([]any)
		for _, p := range ports {
			names[fmt.Sprint(object(p.(map[string]any)).at("name"))] = true
		}
		found = true
	}
	return names, found
}

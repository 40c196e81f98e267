// Writes data/zeros.txt: what the API server's typed objects do with zero values, read off their Go types.
//
// Before an admission policy sees an object, it went through its Go type: a field with `omitempty` that holds its zero value
// (false, 0, "", an empty list or map) is gone, and a struct that is no pointer is there even if nobody wrote it.
//
//	cd tools/zeros && go run . > ../../data/zeros.txt
package main

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"k8s.io/client-go/kubernetes/scheme"
)

type fields struct{ drops, structs []string }

var found = map[string]fields{}

// `k8s.io/api/core/v1.PodSpec` is `core.v1.PodSpec` in data/schema.txt.
func name(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(append(parts[len(parts)-2:], t.Name()), ".")
}

func walk(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isScalar(t) {
		return
	}
	if _, ok := found[name(t)]; ok {
		return
	}
	found[name(t)] = fields{}
	found[name(t)] = collect(t)
}

// Quantities, times and the like are structs in Go and texts in documents.
func isScalar(t reflect.Type) bool {
	switch t.Name() {
	case "Quantity", "Time", "MicroTime", "IntOrString", "RawExtension", "FieldsV1", "Duration":
		return true
	}
	return false
}

func collect(t reflect.Type) fields {
	var all fields
	for i := range t.NumField() {
		field := t.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == "" && field.Anonymous {
			inner := collect(field.Type)
			all.drops, all.structs = append(all.drops, inner.drops...), append(all.structs, inner.structs...)
			continue
		}
		if tag == "" || tag == "-" {
			continue
		}
		walk(field.Type)
		switch kind := field.Type.Kind(); {
		case kind == reflect.Struct && !isScalar(field.Type) && !strings.Contains(options, "omitzero"):
			all.structs = append(all.structs, tag)
		case kind == reflect.Pointer || kind == reflect.Struct:
		case strings.Contains(options, "omitempty"):
			all.drops = append(all.drops, tag)
		}
	}
	return all
}

func main() {
	for kind, t := range scheme.Scheme.AllKnownTypes() {
		if kind.Version != "__internal" && !strings.HasSuffix(kind.Kind, "Options") && !strings.HasSuffix(kind.Kind, "List") {
			walk(t)
		}
	}
	names := make([]string, 0, len(found))
	for name, of := range found {
		if len(of.drops)+len(of.structs) > 0 {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	fmt.Printf("# Zero values of the Go types of Kubernetes, written by tools/zeros; do not edit\n")
	for _, name := range names {
		of := found[name]
		sort.Strings(of.drops)
		sort.Strings(of.structs)
		fmt.Printf("%s -%s +%s\n", name, strings.Join(of.drops, ","), strings.Join(of.structs, ","))
	}
	if len(names) == 0 {
		os.Exit(1)
	}
}

#!/usr/bin/env python3
"""Writes data/schema.txt and data/apis.txt from the published sources of Kubernetes.

    go mod download -json k8s.io/kubernetes@v1.37.2     # for each of the newest five minors; prints the folder
    python3 tools/schema.py FOLDER...                   # newest last

Types, required fields and kinds come from `api/openapi-spec/swagger.json`, enumerations from
`pkg/generated/openapi/zz_generated.openapi.go`. The format is described in `src/facts/schema/table.rs`.
When APIs were deprecated and removed comes from the life-cycle files of k8s.io/api, k8s.io/apiextensions-apiserver and
k8s.io/kube-aggregator beside those folders, of as many releases as lie there (0.19 on: a file knows what its release serves).
"""

import collections, datetime, glob, json, os, re, sys

PREFIXES = ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.apimachinery.pkg.", "io.k8s.apiextensions-apiserver.pkg.apis.", "io.k8s.kube-aggregator.pkg.apis.")
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}
SCALARS = {"string": "str", "boolean": "bool", "number": "num"}
# Where life-cycle files lie.
MODULES = ("api", "apiextensions-apiserver", "kube-aggregator")
# What the API server fills in although its types call it required.
FILLED_IN = {("rbac.v1.RoleRef", "apiGroup"), ("scheduling.v1.PriorityClass", "value")}


def short(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def folded(name):
    """What both the Go functions and the names of swagger.json end in: group, version and type."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def enums(folder):
    """(folded 'group version Type', field) -> values; a list's or map's elements count as the field's."""
    found = {}
    with open(os.path.join(folder, "pkg/generated/openapi/zz_generated.openapi.go")) as text:
        owner = field = None
        for line in text:
            if match := re.match(r"func schema_(\w+)\(", line):
                owner = "".join(match.group(1).split("_")[-3:]).lower()
            elif match := re.match(r'\t{5}"([^"]+)": \{$', line):
                field = match.group(1)
            elif match := re.search(r"Enum:\s+\[\]interface\{\}\{(.*)\},", line):
                found[owner, field] = re.findall(r'"([^"]*)"', match.group(1))
    return found


def type_of(schema, values):
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return SPECIAL.get(name) or "@" + short(name)
    kind = schema.get("type")
    if kind == "array":
        return "[" + type_of(schema["items"], values) + "]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return "{" + (type_of(inner, values) if isinstance(inner, dict) else "any") + "}"
    if kind == "string" and schema.get("format") == "byte":
        return "bytes"
    if kind == "string" and schema.get("format") == "date-time":
        return "time"
    if kind == "integer":
        return "i64" if schema.get("format") == "int64" else "i32"
    if kind in SCALARS:
        return SCALARS[kind] + ("(" + "|".join(values) + ")" if values and kind == "string" else "")
    return "any"


def minor(folder):
    return int(re.search(r"@v1\.(\d+)\.", folder).group(1))


def read(folder, types, kinds):
    with open(os.path.join(folder, "api/openapi-spec/swagger.json")) as text:
        definitions = json.load(text)["definitions"]
    values, version = enums(folder), minor(folder)
    for name, schema in definitions.items():
        if name in SPECIAL:
            continue
        owner, parts = short(name), name.split(".")
        key = folded("".join(parts[-3:]))
        fields = types[owner]
        fields.setdefault(None, {})[version] = None
        required = set(schema.get("required", []))
        for field, inner in schema.get("properties", {}).items():
            must = field in required and (owner, field) not in FILLED_IN
            fields.setdefault(field, {})[version] = (type_of(inner, values.get((key, field))), must)
        for gvk in schema.get("x-kubernetes-group-version-kind", []):
            if len(schema["x-kubernetes-group-version-kind"]) == 1:
                api = f"{gvk['group']}/{gvk['version']}".lstrip("/")
                kinds.setdefault((api, gvk["kind"]), (owner, set()))[1].add(version)


def span(versions, every):
    """'' for all, '34-' since, '-35' until."""
    if versions == every:
        return ""
    first = str(min(versions)) if min(versions) > min(every) else ""
    last = str(max(versions)) if max(versions) < max(every) else ""
    return f" {first}-{last}"


def schema_text(folders):
    types, kinds = collections.defaultdict(dict), {}
    every = {minor(folder) for folder in folders}
    for folder in folders:
        read(folder, types, kinds)
    lines = [
        "# Types of Kubernetes " + ", ".join(os.path.basename(folder).split("@")[1] for folder in folders),
        f"# written by tools/schema.py on {datetime.date.today()}; do not edit",
        f"date {datetime.date.today()}",
        f"versions {min(every)} {max(every)}",
    ]
    for (api, kind), (owner, versions) in sorted(kinds.items()):
        lines.append(f"kind {api} {kind} {owner}{span(versions, every)}")
    for owner, fields in sorted(types.items()):
        known = fields.pop(None)
        lines.append(f"type {owner}")
        for field, by_version in sorted(fields.items()):
            kind, must = by_version[max(by_version)]
            there = set(by_version)
            # Values that any supported version takes; a type has one shape in all of them.
            lines.append(f" {field}{'!' if must else ''} {kind}{span(there, set(known) & every) if there != set(known) else ''}")
    return "\n".join(lines) + "\n"


def lifecycle(cache):
    """Group, version, kind -> (introduced, deprecated, removed, replacement), from every release of k8s.io/api at hand."""
    found = {}
    pattern = re.compile(r"func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed)\(\) \(major, minor int\) \{\s*return 1, (\d+)")
    replacement = re.compile(r'func \(in \*(\w+)\) APILifecycleReplacement\(\) schema\.GroupVersionKind \{\s*return schema\.GroupVersionKind\{Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"')
    folders = [path for module in MODULES for path in glob.glob(os.path.join(cache, module + "@v0.*"))]
    for folder in sorted(folders, key=lambda path: int(path.rsplit("@v0.", 1)[1].split(".")[0])):
        for path in glob.glob(os.path.join(folder, "**/zz_generated.prerelease-lifecycle.go"), recursive=True):
            folder_name = os.path.dirname(path)
            group = re.search(r'GroupName = "([^"]*)"', open(os.path.join(folder_name, "register.go")).read()).group(1)
            api = f"{group}/{os.path.basename(folder_name)}".lstrip("/")
            text = open(path).read()
            for kind, event, version in pattern.findall(text):
                if not kind.endswith("List"):
                    found.setdefault((api, kind), {})[event.lower()] = int(version)
            for kind, group, version, to in replacement.findall(text):
                if not kind.endswith("List"):
                    found.setdefault((api, kind), {})["replacement"] = f"{group}/{version} {to}".lstrip("/")
    return found


def apis_text(cache):
    lines = [
        "# When API versions were deprecated and removed: api kind deprecated removed [replacement api and kind]; minors of Kubernetes 1, - for never",
        f"# from the life-cycle files of k8s.io/api, written by tools/schema.py on {datetime.date.today()}; do not edit",
    ]
    for (api, kind), events in sorted(lifecycle(cache).items()):
        if "deprecated" in events or "removed" in events:
            lines.append(f"{api} {kind} {events.get('deprecated', '-')} {events.get('removed', '-')} {events.get('replacement', '')}".rstrip())
    return "\n".join(lines) + "\n"


def main():
    folders = sorted(sys.argv[1:], key=minor)
    if not folders:
        sys.exit(__doc__)
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
    with open(os.path.join(root, "schema.txt"), "w") as out:
        out.write(schema_text(folders))
    with open(os.path.join(root, "apis.txt"), "w") as out:
        out.write(apis_text(os.path.dirname(folders[-1])))


main()

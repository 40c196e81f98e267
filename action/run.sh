#!/usr/bin/env bash
# The steps of action.yml: install, audit, annotate, gate.
#
# What a workflow or a repository can choose arrives in environment variables and is only ever used as one whole word of a
# command, behind `--name=` or after `--`. Nothing is evaluated. Written for bash 3.2, which macOS runners have: no mapfile,
# and empty arrays are expanded with care.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Output ---------------------------------------------------------------------------------------------------------------

# command KIND TEXT: a workflow command; the text may hold anything.
command_line() {
    local text=$2
    text=${text//'%'/'%25'}
    text=${text//$'\r'/'%0D'}
    text=${text//$'\n'/'%0A'}
    printf '::%s title=k8sready::%s\n' "$1" "$text"
}
notice() { command_line notice "$1"; }
warn() { command_line warning "$1"; }
die() {
    command_line error "$1"
    exit 1
}

# output NAME VALUE: an output of the step. Values are ours, or paths of the runner.
output() {
    case $2 in *$'\n'* | *$'\r'*) die "the output $1 would have several lines" ;; esac
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# one_of NAME VALUE WORD...: a typed switch that is none of its words is an error, not a default.
one_of() {
    local name=$1 value=$2 word
    shift 2
    for word in "$@"; do [ "$value" != "$word" ] || return 0; done
    die "\`$name: $value\` is none of: $*"
}

# Install --------------------------------------------------------------------------------------------------------------

own_version() {
    awk -F'"' '/^\[/ { package = ($0 == "[package]") } package && /^version *=/ { print $2; exit }' "$here/Cargo.toml"
}

target_of_runner() {
    case "${RUNNER_OS:-}/${RUNNER_ARCH:-}" in
        Linux/X64) echo x86_64-unknown-linux-musl ;;
        Linux/ARM64) echo aarch64-unknown-linux-musl ;;
        macOS/X64) echo x86_64-apple-darwin ;;
        macOS/ARM64) echo aarch64-apple-darwin ;;
        Windows/X64) echo x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

sha256_of() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1" | awk '{ print $1 }'
    else
        shasum -a 256 <"$1" | awk '{ print $1 }'
    fi
}

# fetch FROM NAME TO: one file of a release.
fetch() {
    case $1 in
        https://*) curl --proto '=https' --tlsv1.2 -fsSL --retry 3 -o "$3" "$1/$2" ;;
        *://*) die "a mirror is an https URL or a folder, not \`$1\`" ;;
        *) cp -- "$1/$2" "$3" ;;
    esac
}

# check_sum FILE NAME SUMS: the archive is the one that was published, or that the workflow names.
check_sum() {
    local expected=$IN_CHECKSUM actual
    [ -n "$expected" ] || expected=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$3")
    [[ $expected =~ ^[0-9a-f]{64}$ ]] || die "no SHA-256 is known for $2"
    actual=$(sha256_of "$1")
    [ "$actual" = "$expected" ] || die "$2 has the SHA-256 $actual, expected $expected"
}

# check_attestation FILE: the archive was built by the release workflow of the action's repository.
check_attestation() {
    local reason=""
    if ! command -v gh >/dev/null || ! gh attestation verify --help >/dev/null 2>&1; then
        reason="the GitHub CLI with \`gh attestation\` is not installed"
    elif [ -n "$IN_MIRROR" ] && [ "$IN_REQUIRE_ATTESTATION" != true ]; then
        reason="the archive is from a mirror"
    fi
    if [ -z "$reason" ]; then
        GH_TOKEN=$IN_TOKEN gh attestation verify "$1" --repo "$ACTION_REPOSITORY" \
            --signer-workflow "$ACTION_REPOSITORY/.github/workflows/release.yml" ||
            die "the build attestation of $(basename "$1") does not verify"
    elif [ "$IN_REQUIRE_ATTESTATION" = true ]; then
        die "\`require-attestation: true\`, but $reason"
    else
        printf 'The build attestation was not verified: %s.\n' "$reason"
    fi
}

# The archive is kept in the tool cache, never what was unpacked: each run verifies what it is going to start.
download() {
    local folder=$1 version=$2 target name cache from
    target=$(target_of_runner) ||
        die "there is no release for ${RUNNER_OS:-?} on ${RUNNER_ARCH:-?}: give \`binary\`, or \`build-from-source: true\`"
    [[ $ACTION_REPOSITORY =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || die "\`$ACTION_REPOSITORY\` is no repository"
    from=${IN_MIRROR:-${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download}/v$version
    name=k8sready-$target-v$version
    cache=${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/k8sready/$version/$target
    if [ ! -f "$cache/$name.tar.gz" ] || [ ! -f "$cache/SHA256SUMS" ]; then
        fetch "$from" SHA256SUMS "$folder/SHA256SUMS" || die "$from/SHA256SUMS cannot be had"
        fetch "$from" "$name.tar.gz" "$folder/$name.tar.gz" || die "$from/$name.tar.gz cannot be had"
        check_sum "$folder/$name.tar.gz" "$name.tar.gz" "$folder/SHA256SUMS"
        mkdir -p "$cache"
        mv -f "$folder/SHA256SUMS" "$folder/$name.tar.gz" "$cache/"
    fi
    cp -- "$cache/SHA256SUMS" "$cache/$name.tar.gz" "$folder/"
    check_sum "$folder/$name.tar.gz" "$name.tar.gz" "$folder/SHA256SUMS"
    check_attestation "$folder/$name.tar.gz"
    # From inside the folder: tar takes the colon of a Windows path for the name of a host.
    (cd "$folder" && tar -xzf "$name.tar.gz")
    mv -f "$folder/$name" "$folder/bin"
}

build_from_source() {
    cargo install --locked --quiet --path "$here" --root "$1" || die "k8sready does not build from source"
}

# executable_in WORK
executable_in() {
    local suffix=""
    [ "${RUNNER_OS:-}" != Windows ] || suffix=.exe
    printf '%s/bin/k8sready%s' "$1" "$suffix"
}

install() {
    local folder version program found
    one_of build-from-source "$IN_BUILD_FROM_SOURCE" true false
    one_of require-attestation "$IN_REQUIRE_ATTESTATION" true false
    version=${IN_VERSION:-$(own_version)}
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || die "\`$version\` is no version like 1.2.3"
    folder=$(mktemp -d "$RUNNER_TEMP/k8sready.XXXXXX")
    if [ -n "$IN_BINARY" ]; then
        [ -f "$IN_BINARY" ] && [ -x "$IN_BINARY" ] || die "\`binary: $IN_BINARY\` is no executable file"
        # The audit may run in another folder.
        program=$(cd "$(dirname -- "$IN_BINARY")" && pwd)/$(basename -- "$IN_BINARY")
    else
        if [ "$IN_BUILD_FROM_SOURCE" = true ]; then build_from_source "$folder"; else download "$folder" "$version"; fi
        program=$(executable_in "$folder")
        found=$("$program" --version) || die "$program does not start on this machine"
        [ "$found" = "k8sready $version" ] || die "expected k8sready $version, found $found"
    fi
    output binary "$program"
    output work "$folder"
}

# The base of a pull request -------------------------------------------------------------------------------------------

# No hook or file monitor of a checkout is started.
quiet_git() { GIT_TERMINAL_PROMPT=0 git -c core.hooksPath=/dev/null -c core.fsmonitor=false "$@" 2>/dev/null; }

has_commit() { quiet_git cat-file -e "$1^{commit}"; }

# fetch_commit COMMIT DEPTH: with what the checkout left behind, else with the token, which no process list may show.
fetch_commit() {
    local header
    if quiet_git fetch --quiet --no-tags --depth="$2" origin "$1"; then return 0; fi
    [ -n "$IN_TOKEN" ] || return 1
    header=$(printf 'x-access-token:%s' "$IN_TOKEN" | base64 | tr -d '\n')
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
        GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $header" quiet_git fetch --quiet --no-tags --depth="$2" origin "$1"
}

# The first parent of HEAD if HEAD merges: what GitHub merged a pull request into. Read from the commit itself, because a
# shallow clone hides parents.
merged_into() {
    quiet_git cat-file -p HEAD | awk '/^$/ { exit } $1 == "parent" { parent[++n] = $2 } END { if (n == 2) print parent[1] }'
}

# find_base: the commit to compare with, or nothing.
find_base() {
    local base
    if [ "$GITHUB_EVENT_NAME" = pull_request ] && [ "$(quiet_git rev-parse HEAD)" = "${GITHUB_SHA:-}" ]; then
        base=$(merged_into)
        # Two levels from the merge, so that git knows the parent as a parent.
        if [ -n "$base" ] && { quiet_git rev-parse --verify "HEAD^1" >/dev/null || fetch_commit "$GITHUB_SHA" 2; }; then
            printf '%s' "$base"
            return 0
        fi
    fi
    [[ $EVENT_BASE =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]] || return 0
    # A new branch comes from the null commit.
    [[ ! $EVENT_BASE =~ ^0+$ ]] || return 0
    if has_commit "$EVENT_BASE" || fetch_commit "$EVENT_BASE" 1; then printf '%s' "$EVENT_BASE"; fi
}

is_pull_request() { case $GITHUB_EVENT_NAME in pull_request | pull_request_target) return 0 ;; *) return 1 ;; esac }

# The head repository of a pull request is unknown when it was deleted: then it was not this one.
is_from_fork() { is_pull_request && [ "$EVENT_HEAD_REPOSITORY" != "${GITHUB_REPOSITORY:-}" ]; }

wants_only_new() {
    case $IN_ONLY_NEW in
        true) return 0 ;;
        auto) is_pull_request || [ "$GITHUB_EVENT_NAME" = merge_group ] ;;
        *) return 1 ;;
    esac
}

wants_base_config() {
    case $IN_CONFIG_FROM in
        base) return 0 ;;
        auto) is_from_fork ;;
        *) return 1 ;;
    esac
}

# Audit ----------------------------------------------------------------------------------------------------------------

args=()

# flag NAME VALUE: `NAME=VALUE` as one word, if there is a value.
flag() { [ -z "$2" ] || args+=("$1=$2"); }

# each_line TEXT: every line that is not empty becomes a word.
each_line() {
    local line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        [ -z "$line" ] || args+=("$line")
    done <<<"$1"
}

# A name of no commit: nothing to compare with.
nothing=0000000000000000000000000000000000000000

# What depends on another commit. Where that commit cannot be had, everything counts, and k8sready believes nothing that the
# pull request itself says.
compare_args() {
    local base=""
    if wants_only_new; then
        base=$(find_base)
        [ -z "$base" ] || args+=("--since=$base")
        [ -n "$base" ] || warn "The base commit cannot be had, so all findings count. Check out with \`fetch-depth: 0\`."
    fi
    if wants_base_config; then
        args+=(--config-from=base --disallow-annotations)
        # Without a comparison there is no base to read: no configuration of the repository is used.
        [ -n "$base" ] || args+=("--since=$nothing")
    fi
    flag --config "$IN_CONFIG"
    flag --baseline "$IN_BASELINE"
}

audit_args() {
    args=(audit --format=full --color=always --width=120)
    args+=("--output=json=$WORK/k8sready.json" "--output=sarif=$WORK/k8sready.sarif")
    args+=("--output=github=$WORK/annotations" "--output=markdown=$WORK/summary.md")
    flag --fail-on "$IN_FAIL_ON"
    flag --min-score "$IN_MIN_SCORE"
    flag --target-version "$IN_TARGET_VERSION"
    compare_args
    each_line "$IN_ARGS"
    args+=(--)
    each_line "$IN_PATHS"
    [ "${args[${#args[@]} - 1]}" != -- ] || args+=(.)
}

# Nothing that the audit prints can be a workflow command: the word that ends the silence is not to be guessed.
run_audit() {
    local word code=0
    word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '::stop-commands::%s\n' "$word"
    env -u IN_TOKEN "$BINARY" "${args[@]}" 2>&1 || code=$?
    printf '\n::%s::\n' "$word"
    return "$code"
}

# numbers JSON: `name=value` lines. The report's layout is ours: one key a line, indented by two blanks a level, and no
# text can start a line of its own, because JSON escapes line ends.
numbers() {
    awk '
        function value(line) { sub(/^ *"[A-Za-z]+": /, "", line); sub(/,$/, "", line); gsub(/"/, "", line); return line }
        function known(text) { return text == "null" ? "" : text }
        /^  "/ { section = $1 }
        section == "\"score\":" && /^    "value": / { score = value($0) }
        section == "\"score\":" && /^    "grade": / { grade = value($0) }
        section == "\"results\":" && /^      "(status|severity|suppressed|new)": / {
            name = $1; gsub(/[":]/, "", name); result[name] = value($0)
        }
        section == "\"results\":" && /^    }/ {
            if (result["status"] == "unknown") incomplete = 1
            if (result["status"] == "fail" && result["suppressed"] == "null") {
                findings++
                of[result["severity"]]++
                if (result["new"] != "false") fresh++
            }
            delete result["new"]
        }
        section == "\"coverage\":" && /^      "(unknown|failed)": [1-9]/ { incomplete = 1 }
        END {
            print "score=" known(score); print "grade=" known(grade)
            print "findings=" findings + 0; print "new-findings=" fresh + 0
            print "critical=" of["critical"] + 0; print "high=" of["high"] + 0
            print "complete=" (incomplete ? "false" : "true")
        }' "$1"
}

# More than a mebibyte and GitHub shows nothing at all.
summarise() {
    [ "$IN_STEP_SUMMARY" = true ] && [ -s "$WORK/summary.md" ] || return 0
    if [ "$(wc -c <"$WORK/summary.md")" -le 1000000 ]; then
        cat "$WORK/summary.md" >>"$GITHUB_STEP_SUMMARY"
    else
        printf 'The summary is too long to be shown; the report is in the log.\n' >>"$GITHUB_STEP_SUMMARY"
    fi
}

audit() {
    local code=0
    one_of only-new "$IN_ONLY_NEW" auto true false
    one_of config-from "$IN_CONFIG_FROM" auto head base
    one_of step-summary "$IN_STEP_SUMMARY" true false
    one_of upload-sarif "$IN_UPLOAD_SARIF" auto true false
    cd -- "$IN_WORKING_DIRECTORY" || die "\`working-directory: $IN_WORKING_DIRECTORY\` is no folder"
    audit_args
    run_audit || code=$?
    output exit-code "$code"
    if [ -s "$WORK/k8sready.json" ]; then
        output json-file "$WORK/k8sready.json"
        numbers "$WORK/k8sready.json" >>"$GITHUB_OUTPUT"
    fi
    if [ -s "$WORK/k8sready.sarif" ]; then
        output sarif-file "$WORK/k8sready.sarif"
        [ "$IN_UPLOAD_SARIF" = false ] || output upload true
    fi
    summarise
}

# Annotate and gate ----------------------------------------------------------------------------------------------------

# With alerts from code scanning on the pull request, annotations would show each finding twice.
wants_annotations() {
    case $IN_ANNOTATIONS in
        true) return 0 ;;
        auto) [ "$UPLOAD_OUTCOME" != success ] ;;
        *) return 1 ;;
    esac
}

annotate() {
    one_of annotations "$IN_ANNOTATIONS" auto true false
    if [ "$UPLOAD_OUTCOME" = failure ] && [ "$IN_UPLOAD_SARIF" = auto ]; then
        notice "Code scanning did not take the results (is it on, and has the job \`security-events: write\`?)."
    fi
    wants_annotations && [ -s "$WORK/annotations" ] || return 0
    # Only what annotates: no other command gets through, whatever the file says.
    grep -E '^::(error|warning|notice)[ :]' "$WORK/annotations" || true
}

meaning_of() {
    case $1 in
        1) echo "${NEW_FINDINGS:-?} new findings, score ${SCORE:-n/a}: at or above \`fail-on\`, or below \`min-score\`" ;;
        2) echo "wrong usage or configuration; the log says what" ;;
        3) echo "nothing to audit, or the audit is incomplete" ;;
        4) echo "a file could not be read or parsed; the log says which" ;;
        5) echo "the cluster cannot be reached" ;;
        *) echo "k8sready stopped unexpectedly; please report this" ;;
    esac
}

gate() {
    local code=$EXIT_CODE
    [[ $code =~ ^[0-9]+$ ]] || die "the audit did not run"
    if [ "$code" -ne 0 ]; then
        command_line error "$(meaning_of "$code") (exit code $code)"
        exit "$code"
    fi
    if [ "$IN_UPLOAD_SARIF" = true ] && [ "$UPLOAD_OUTCOME" = failure ]; then
        die "\`upload-sarif: true\`, but the upload failed"
    fi
}

case ${1:-} in
    install | audit | annotate | gate) "$1" ;;
    *) die "usage: run.sh install|audit|annotate|gate" ;;
esac

#!/usr/bin/env bash
# Mutates the files of .cargo/mutants.toml and tests each mutant: with its own crate, then, if it survives, with the crates
# that decide by it. Works on the commit, in a clone below target/mutants, file by file. Needs cargo-mutants.
#
#     testkit/mutants/run.sh [--own] [--shard K/N] [PART-OF-A-PATH ..]   # K from 0; a file that last.txt has and that has not changed is skipped
#     testkit/mutants/run.sh --changed [COMMIT]                          # only the lines changed since COMMIT; ends after 5 minutes
#
# `--own` asks the tests of the file's own crate only, which is stricter and much faster.
# `figures.py` writes the results of the first form to last.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$root/target/mutants
tree=$work/tree
# as in .cargo/mutants.toml
unmutated='impl (fmt::|core::fmt::)?(Debug|Display) for'
seconds=${HUBWARD_MUTANTS_SECONDS:-300}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target} CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never

# `reset` writes only what differs, so that cargo builds only that again, and undoes a mutant that an interruption left
clone() {
    mkdir -p "$work"
    [ -d "$tree" ] || git clone --quiet --shared --no-checkout "$root" "$tree"
    git -C "$tree" fetch --quiet "$root" HEAD
    git -C "$tree" reset --quiet --hard FETCH_HEAD
}

package_of() { cut -d/ -f2 <<<"$1"; }

# The crates whose tests try the mutants that survive the tests of their own crate
deciding_crates() {
    [ -z "$own_crate" ] || return 0
    case $1 in
        crates/hubward-core/*) echo hubward-sas hubward ;;
        crates/hubward-sas/* | crates/hubward-policy/* | crates/hubward-x509/* | crates/hubward-registry/*) echo hubward ;;
    esac
}

# The gateway's other tests start servers, and tell nothing about its guard
targets_of() {
    case $1 in
        hubward-gateway) echo --lib --test nested --test amqp_sweep ;;
        *) echo --lib --tests ;;
    esac
}

# The tests of a file's crate that catch most of its mutants. They go first: linking all tests takes most of a mutant's time.
quick_targets_of() {
    case $1 in
        crates/hubward-sas/*) echo --lib --test verify --test grammar --test gotchas --test batch --test resource_identity ;;
        crates/hubward-policy/src/roles/*) echo --test scopes --test roles --test roles_model --test roles_json ;;
        crates/hubward-policy/src/statements/*) echo --test serde --test statement_rules --test statements_model ;;
        crates/hubward-policy/*) echo --test rights --test rights_model --test operations --test endpoints --test shared_access ;;
        crates/hubward-registry/*) echo --lib --test lists --test find --test enrollments --test freshness --test restore ;;
        crates/hubward-x509/src/crl/*) echo --lib --test crl_model --test crl_scope --test crl_signers --test revocation ;;
        crates/hubward-x509/*) echo --test paths --test rfc5280_section6 --test differential --test budgets ;;
        crates/hubward/src/session/*) echo --test session --test certificate_sessions --test auth_chain_sessions ;;
        crates/hubward/*) echo --test guards --test names --test certificates --test mqtt ;;
    esac
}

# cargo-mutants keeps the lists of its latest run only
gather() {
    local list
    for list in caught unviable timeout; do
        cat "$1/mutants.out/$list.txt" "$1/$list.txt" 2>/dev/null | sort -u >"$1/$list.new" || true
        mv "$1/$list.new" "$1/$list.txt"
    done
}

# mutate OUTPUT FILE PACKAGE TARGETS ARG ..: the tests of a package try what survived before
mutate() {
    local output=$1 file=$2 package=$3 targets=$4 code=0
    shift 4
    gather "$output"
    # no baseline: `.ci/run` runs these tests before. No configuration: its files would be mutated besides this one.
    # Codes 2 and 3 are of survivors and of mutants that do not end.
    # shellcheck disable=SC2086
    "${limit[@]}" cargo mutants --dir "$tree" --in-place --no-config --file "$file" --exclude-re "$unmutated" --cap-lints true \
        --baseline skip --timeout 120 --build-timeout 300 --all-features --no-times --colors never --output "$output" \
        --iterate "$@" --test-package "$package" -- $targets || code=$?
    gather "$output"
    case $code in 0 | 2 | 3) ;; *) return "$code" ;; esac
}

with_each_crate() {
    local output=$1 file=$2 own crate quick
    shift 2
    own=$(package_of "$file") quick=$(quick_targets_of "$file")
    mkdir -p "$output"
    [ -z "$quick" ] || mutate "$output" "$file" "$own" "$quick" "$@"
    for crate in "$own" $(deciding_crates "$file"); do
        if [ -n "$quick" ] || [ "$crate" != "$own" ]; then
            [ -s "$output/mutants.out/missed.txt" ] || break
            echo "-- $(wc -l <"$output/mutants.out/missed.txt") survive so far: the tests of $crate"
        fi
        mutate "$output" "$file" "$crate" "$(targets_of "$crate")" "$@"
    done
}

# The lines that changed since a commit, until the time is over
changed() {
    local base=${1:-} file output code=0 left
    if [ -z "$base" ]; then
        base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || true)
        [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse --verify --quiet 'HEAD^' || true)
    fi
    if [ -z "$base" ]; then
        echo "no earlier commit: nothing is mutated"
        return
    fi
    clone
    rm -rf "$work/changed"
    mkdir -p "$work/changed"
    git diff "$base" HEAD >"$work/changed/diff"
    local end=$((SECONDS + seconds)) survivors=0
    for file in $(comm -12 <(cargo mutants --dir "$tree" --list-files | sort) <(git diff --name-only "$base" HEAD | sort)); do
        [ -f "$file" ] || continue
        left=$((end - SECONDS))
        if [ "$left" -lt 10 ]; then
            echo "left out, for the time: $file"
            continue
        fi
        output=$work/changed/${file//\//,}
        limit=(timeout --signal INT "$left") code=0
        echo "== $file"
        with_each_crate "$output" "$file" --in-diff "$work/changed/diff" || code=$?
        case $code in
            0) ;;
            124) echo "left out, for the time: the mutants of $file not named above" ;;
            *) return "$code" ;;
        esac
        testkit/mutants/figures.py --new "$output" || survivors=1
    done
    [ -n "${output:-}" ] || echo "no line of a file that decides has changed since $base"
    return "$survivors"
}

# recorded FILE VERSION: last.txt has the results of that content, and each survivor has a reason
recorded() {
    awk -v file="$1" -v of="${2:0:9}" '$1 == file && $8 == of && $5 == $6 { found = 1 } END { exit !found }' testkit/mutants/last.txt
}

limit=() own_crate=
if [ "${1:-}" = --changed ]; then
    changed "${2:-}"
    exit
fi
if [ "${1:-}" = --own ]; then
    own_crate=1
    shift
fi
shard=0 shards=1
if [ "${1:-}" = --shard ]; then
    shard=${2%/*} shards=${2#*/}
    shift 2
fi
clone
at=0
for file in $(cargo mutants --dir "$tree" --list-files); do
    [ $((at++ % shards)) -eq "$shard" ] || continue
    [ $# -eq 0 ] || grep -qF -f <(printf '%s\n' "$@") <<<"$file" || continue
    output=$work/results/${file//\//,}
    of=$(git -C "$tree" rev-parse "HEAD:$file")
    ! recorded "$file" "$of" || continue
    # what survived is tried again when the tests change
    tests=$(git -C "$tree" rev-parse "HEAD:crates/$(package_of "$file")/tests" HEAD:crates/hubward/tests)
    if [ "$(cat "$output/done" 2>/dev/null)" = "$of $tests" ]; then
        continue
    fi
    echo "== $file"
    if [ "$(cat "$output/of" 2>/dev/null)" != "$of" ]; then
        rm -rf "$output"
        mkdir -p "$output"
        echo "$of" >"$output/of"
    fi
    with_each_crate "$output" "$file"
    echo "$of $tests" >"$output/done"
done
testkit/mutants/figures.py

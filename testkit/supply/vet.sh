#!/usr/bin/env bash
# Checks that each crate of the workspace's graph, the gateway's included, is either audited or named as an exemption in supply-chain/.
# It needs no network. Imports of other projects' audits need one, and there are none.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.10.3
cargo vet --version 2>/dev/null | grep -qx "cargo-vet $version" || cargo install --locked cargo-vet --version "$version"
cargo vet check --locked --frozen || {
    echo "a new crate or version: read it and add an audit (cargo vet certify), or exempt it (cargo vet regenerate exemptions)" >&2
    exit 1
}

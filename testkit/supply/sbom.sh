#!/usr/bin/env bash
# Writes the bill of materials (CycloneDX 1.5, JSON) of the program and of the gateway, for every target, to target/sbom.
# The files have no date, no random number and no path of the machine, so the same commit gives the same files.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.5.9
cargo cyclonedx --version 2>/dev/null | grep -qx "cargo-cyclonedx-cyclonedx $version\|cargo-cyclonedx $version" ||
    cargo install --locked cargo-cyclonedx --version "$version"
folder=$PWD/target/sbom
rm -rf "$folder" && mkdir -p "$folder/tree"
# cargo-cyclonedx writes beside each manifest: in a copy
git ls-files -z Cargo.toml Cargo.lock crates benches | xargs -0 cp --parents -t "$folder/tree"
for name in hubward-cli hubward-gateway; do
    SOURCE_DATE_EPOCH=0 cargo cyclonedx --quiet --manifest-path "$folder/tree/crates/$name/Cargo.toml" --format json \
        --spec-version 1.5 --target all
    sed "s#$folder/tree#/hubward#g; /\"serialNumber\"/d; /\"timestamp\"/d" "$folder/tree/crates/$name/$name.cdx.json" >"$folder/$name.cdx.json"
    python3 -c '
import json, sys
bom = json.load(open(sys.argv[1]))
print(sys.argv[2] + ":", len(bom["components"]), "components,", bom["specVersion"])' "$folder/$name.cdx.json" "$name"
done
rm -rf "$folder/tree"
(cd "$folder" && sha256sum ./*.json)

#!/bin/sh
# Draws the diagrams of README.md and docs/*.md as pictures for the book. Needs chromium, node and npm.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/live-mermaid
mkdir -p "$work"
cd "$work"
test -x node_modules/.bin/mmdc ||
    PUPPETEER_SKIP_DOWNLOAD=1 npm install --silent --no-audit --no-fund @mermaid-js/mermaid-cli@11
printf '{"executablePath":"%s","args":["--no-sandbox"]}' "${CHROMIUM:-$(command -v chromium)}" >puppeteer.json
rm -f ./*.mmd "$root"/docs/pictures/*.svg
for file in "$root/README.md" "$root"/docs/*.md; do
    name=$(basename "$file" .md | tr '[:upper:]' '[:lower:]')
    awk -v name="$name" '/^```mermaid$/ { number += 1; inside = 1; next } /^```$/ { inside = 0 }
        inside { print > (name "-" number ".mmd") }' "$file"
done
for diagram in *.mmd; do
    picture=$root/docs/pictures/${diagram%.mmd}.svg
    node_modules/.bin/mmdc -q -p puppeteer.json -i "$diagram" -o picture.svg -b white
    # the digest tells whether the picture is that of the diagram
    printf '<!-- %s -->\n' "$(sha256sum "$diagram" | cut -d' ' -f1)" | cat - picture.svg >"$picture"
done

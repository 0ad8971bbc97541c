#!/bin/sh
# Makes the site target/book of README.md and docs/*.md with mdBook, and checks that each page and picture is in it. Needs mdbook;
# without it, `cargo install --locked mdbook` puts it below target. A diagram in a page is shown as its picture of docs/pictures.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
mdbook=$(command -v mdbook || echo "$target/mdbook/bin/mdbook")
test -x "$mdbook" || cargo install --locked --no-default-features --features search --root "$target/mdbook" mdbook --version 0.5.4
work=$target/book-sources
rm -rf "$work" "$target/book"
mkdir -p "$work/src/pictures"
cp "$root/docs/book/book.toml" "$work"
cp "$root"/docs/pictures/*.svg "$work/src/pictures"

# page NAME: prints a page with its pictures; a link to a file that is not in the book becomes its text
page() {
    name=$(basename "$1" .md | tr '[:upper:]' '[:lower:]')
    awk -v name="$name" '
        /^```mermaid$/ { number += 1; printf "![diagram](pictures/%s-%d.svg)\n", name, number; skipped = 1; next }
        skipped && /^```$/ { skipped = 0; next }
        !skipped' "$1" |
        sed -E -e 's/\]\((\.\.\/)?docs\//](/g' -e 's/\]\(\.\.\/README\.md/](README.md/g' \
            -e 's/\[([^][]*)\]\((\.\.\/)?(\.ci|book|CHANGELOG|CONTRIBUTING|LICENSE|RELEASING|SECURITY|benches|crates|examples|fuzz|testkit)[^)]*\)/\1/g'
}
for file in "$root/README.md" "$root"/docs/*.md; do
    page "$file" >"$work/src/$(basename "$file")"
done
sed -e 's/(\.\.\/\.\.\//(/' -e 's/(\.\.\//(/' "$root/docs/book/SUMMARY.md" >"$work/src/SUMMARY.md"
"$mdbook" build "$work" --dest-dir "$target/book"

# each relative link of the site has its file, and each anchor its place
find "$target/book" -name '*.html' | while read -r html; do
    grep -o '\(href\|src\)="[^"]*"' "$html" | sed -e 's/^[a-z]*="//' -e 's/"$//' -e 's/?.*//' | sort -u |
        grep -v '^\([a-z]*:\|$\)' | while read -r link; do
        case $link in /*) continue ;; esac
        file=$(dirname "$html")/${link%%#*}
        case $link in "#"*) file=$html ;; esac
        if test ! -e "$file"; then
            echo "$html: no file $link"
        elif test "$link" != "${link#*#}" && ! grep -q "id=\"${link#*#}\"" "$file"; then
            echo "$html: no anchor $link"
        fi
    done
done >"$work/broken"
test ! -s "$work/broken" || { cat "$work/broken"; exit 1; }
echo "target/book has $(find "$target/book" -name '*.html' | wc -l) pages"

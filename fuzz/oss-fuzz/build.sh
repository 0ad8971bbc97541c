#!/bin/bash -eu
# Builds all targets into $OUT, each with its seeds and the inputs that once crashed it.
cd "$SRC/hubward"
cargo fuzz build -O
release=fuzz/target/x86_64-unknown-linux-gnu/release
for source in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    cp "$release/$target" "$OUT/"
    for folder in "fuzz/seeds/$target" "fuzz/crashes/$target"; do
        if [ -d "$folder" ]; then zip -qj "$OUT/${target}_seed_corpus.zip" "$folder"/*; fi
    done
done

#!/bin/bash
# Builds all fuzz targets as OSS-Fuzz wants them: into $OUT, each with TARGET_seed_corpus.zip, TARGET.options and, where
# there is one, TARGET.dict. docs/fuzzing.md has the command for a run at home.
#
# $CC $CXX $CXXFLAGS   compilers and what the service adds: sanitizers, coverage
# $LIB_FUZZING_ENGINE  the library or flag with main()
# $OUT                 where everything goes
# $SRC                 the folder that holds drydock/; not needed if this file stands in its tree
# $WORK                for the build
set -euo pipefail

: "${OUT:?is where the targets go}" "${WORK:?is where the build goes}"
: "${LIB_FUZZING_ENGINE:=-fsanitize=fuzzer}"
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[[ -f $source_dir/fuzz/CMakeLists.txt ]] || source_dir=${SRC:?is where the sources are}/drydock
build=$WORK/drydock
seeds=$WORK/seeds

# -fsanitize=function does not know Asio's erased types: CMakeLists.txt.
export CC=${CC:-clang} CXX=${CXX:-clang++}
export CXXFLAGS="${CXXFLAGS:--O1 -g1 -fsanitize=fuzzer-no-link} -fno-sanitize=function"
cmake -S "$source_dir" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DDRYDOCK_GRPC=OFF -DDRYDOCK_TESTS=OFF \
  -DDRYDOCK_INSTALL=OFF -DDRYDOCK_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10  # as the presets: a third of the time
targets=()
for file in "$source_dir"/fuzz/*_fuzz.cc; do
  name=$(basename "$file" .cc)
  [[ $name == canary_fuzz ]] || targets+=("$name")  # its crash is no news
done
cmake --build "$build" --target fuzz_seeds "${targets[@]}"

# More traces than the tree has, if somebody put them beside it.
traces=("$source_dir/scenarios/traces")
[[ -d $source_dir/../shared/traces ]] && traces+=("$source_dir/../shared/traces")
rm -rf "$seeds"
"$build/fuzz/fuzz_seeds" "$seeds" "${traces[@]}"

mkdir -p "$OUT"
for name in "${targets[@]}"; do
  cp "$build/fuzz/$name" "$OUT/"
  mkdir -p "$seeds/$name"
  [[ -d $source_dir/fuzz/corpus/$name ]] && cp -r "$source_dir/fuzz/corpus/$name/." "$seeds/$name/"
  rm -f "$OUT/${name}_seed_corpus.zip"
  (cd "$seeds/$name" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
  dictionary=$(sed -n "s/^$name //p" "$build/fuzz/dictionaries.txt")
  {
    echo '[libfuzzer]'
    echo 'max_len = 32768'
    echo 'timeout = 60'
    echo 'entropic = 0'  # docs/fuzzing.md
    if [[ -n $dictionary ]]; then echo "dict = $name.dict"; fi
  } >"$OUT/$name.options"
  if [[ -n $dictionary ]]; then cp "$source_dir/fuzz/$dictionary" "$OUT/$name.dict"; fi
done
echo "${#targets[@]} targets in $OUT"

#!/usr/bin/env bash
# Compiles every kernel here to PTX, and records the digests of the sources it was made from.
#
# usage: compile.sh NVCC TARGET_FOLDER
#
# A file's name tells what it needs: x_sm90.cu runs on compute capability 9.0 alone, x_sm89.cu from
# 8.9 on, all others from 8.0 on. The PTX is marked as version 8.1, which drivers from 530 on take,
# and assembled once to prove that it needs no newer one.
set -euo pipefail

nvcc=$1
target=$2
cd "$(dirname "$0")"
mkdir -p "$target"

for source in *.cu; do
  name=${source%.cu}
  case $name in
    *_sm90) architecture=90a ;;
    *_sm89) architecture=89 ;;
    *) architecture=80 ;;
  esac
  "$nvcc" -std=c++17 -arch="compute_$architecture" -ptx -o "$target/$name.ptx" "$source"
  sed -i -e '/^\/\//d' -e 's/^\.version .*/.version 8.1/' "$target/$name.ptx"
  "$(dirname "$nvcc")/ptxas" -arch="sm_$architecture" -o /dev/null "$target/$name.ptx"
  gzip -9 -n -f "$target/$name.ptx" # a tenth of the size, without the time in it
done
sha256sum *.cu include/*.cuh compile.sh >"$target/sources.sha256"

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What unpacking an image costs: oci-image-tool, umoci and tar, one after the other in every round, on
# a loop-mounted ext4 with a journal (BENCH_FS=tmpfs: on tmpfs). Never on the machine's own file
# system, whose habits would be measured instead.
#   bench/unpack.sh [--check] [OCI-IMAGE-TOOL] [ROUNDS] [LAYOUT]
# Medians of processor time (user and system) and wall, ratios to ours, and the gates: --check exits
# with 1 when one does not hold. tar verifies nothing, umoci and ours two digests a layer.
set -eu
check=
[ "${1:-}" != --check ] || { check=1; shift; }
tool=$(realpath "${1:-./oci-image-tool}")
rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
layout=${3:-$("$here/../tests/images/make-image")}
tars=$(dirname "$layout")
for program in umoci skopeo jq zstd; do
	command -v $program >/dev/null || { echo "bench needs $program: apt-get install umoci skopeo jq zstd" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'cd /; umount -R "$work/fs" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
mkdir "$work/fs"
if [ "${BENCH_FS:-ext4}" = tmpfs ]; then
	mount -t tmpfs none "$work/fs"
else
	fallocate -l 6G "$work/image"
	mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "$work/image"
	mount -o loop "$work/image" "$work/fs"
fi
cd "$work/fs"

blobs() { # REF: the files of its layers, in $files
	local d
	d=$(jq -r --arg n "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $n) | .digest | split(":")[1]' "$layout/index.json")
	mapfile -t files < <(jq -r --arg b "$layout/blobs/sha256/" '.layers[].digest | $b + split(":")[1]' "$layout/blobs/sha256/$d")
}
untar() { # OPTION FILES...: whiteouts are files to it
	local option=$1 f
	shift
	mkdir out
	for f; do tar -C out "$option" -xf "$f"; done
}
times=$work/times
once() { # CASE CONTENDER COMMAND...
	local TIMEFORMAT='%R %U %S' name="$1 $2" t
	shift 2
	rm -rf out
	sync
	t=$({ time "$@" >"$work/log" 2>&1 </dev/null || { cat "$work/log" >&2; exit 1; }; } 2>&1)
	echo "$name $t" >>"$times"
}
one_round() {
	local case
	for case in big small; do
		once $case ours "$tool" -q unpack --devices --no-sync "$layout:$case-gzip" out
		once $case umoci umoci unpack --image "$layout:$case-gzip" out
		blobs $case-gzip
		once $case tar-gzip untar --gzip "${files[@]}"
		once $case tar-plain untar --no-recursion "$tars/$case".?.tar
		once $case-zstd ours "$tool" -q unpack --devices --no-sync "$layout:$case-zstd" out
		blobs $case-zstd
		once $case-zstd tar-zstd untar --zstd "${files[@]}"
	done
	rm -f saved
	once save ours "$tool" -q save -f docker-archive -o saved "$layout:big-gzip"
	rm -f saved
	once save skopeo skopeo --insecure-policy copy "oci:$layout:big-gzip" docker-archive:saved
	rm -f saved
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
cpu() { awk -v c="$1" -v n="$2" '$1 == c && $2 == n { print $4 + $5 }' "$times" | median; }
wall() { awk -v c="$1" -v n="$2" '$1 == c && $2 == n { print $3 }' "$times" | median; }

"$tool" -q unpack --no-sync "$layout:big-gzip" out # everything into the page cache
umoci unpack --image "$layout:small-gzip" out2 >/dev/null
rm -rf out out2
for ((i = 0; i < rounds; i++)); do one_round; done

"$tool" -q create --overlay --store store "$layout:big-gzip" b0 2>/dev/null
for i in 1 2 3 4 5; do
	TIMEFORMAT=%R
	{ time "$tool" -q create --overlay --store store "$layout:big-gzip" b$i 2>/dev/null; } 2>>"$work/overlay"
done
for i in 0 1 2 3 4 5; do "$tool" delete b$i; done
overlay=$(grep -E '^[0-9.]+$' "$work/overlay" | median)
peak=$(python3 - "$tool" "$layout:small-gzip" <<'P'
import os, resource, subprocess, sys
subprocess.run([sys.argv[1], "-q", "unpack", "--no-sync", sys.argv[2], "out"], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
P
)
echo "kernel $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[\t ]*: //p' /proc/cpuinfo | head -1), ${BENCH_FS:-ext4}, $rounds rounds"
echo "$("$tool" --version | head -2 | tr '\n' ' ') $(umoci --version | head -1), $(tar --version | head -1), $(skopeo --version)"
awk '{ print $1, $2 }' "$times" | sort -u | while read -r case name; do
	awk -v c="$case" -v n="$name" -v t="$(cpu "$case" "$name")" -v w="$(wall "$case" "$name")" -v o="$(cpu "$case" ours)" \
		'BEGIN { printf "%-12s %-10s cpu %7.2f s  wall %7.2f s  %6.2f x ours\n", c, n, t, w, t / o }'
done
echo "second overlay bundle: $overlay s; peak memory of ours: $peak KiB"

failed=0
gate() { # WHAT VALUE OP LIMIT
	awk -v v="$2" -v l="$4" -v op="$3" 'BEGIN { exit !(op == ">=" ? v + 0 >= l : v + 0 <= l) }' && word=holds || { word=FAILS; failed=1; }
	printf 'gate %-5s  %s: %.2f, wanted %s %s\n' "$word" "$1" "$2" "$3" "$4"
}
ratio() { awk -v a="$(cpu "$1" "$2")" -v b="$(cpu "$1" "$3")" 'BEGIN { print a / b }'; }
gate "big gzip, umoci unpack : ours" "$(ratio big umoci ours)" '>=' 5.5
gate "big gzip, tar -xzf : ours" "$(ratio big tar-gzip ours)" '>=' 2.2
gate "big gzip, ours : plain tar -xf" "$(ratio big ours tar-plain)" '<=' 2.0
gate "big zstd, ours : tar --zstd" "$(ratio big-zstd ours tar-zstd)" '<=' 1.0
gate "small gzip, umoci unpack : ours" "$(ratio small umoci ours)" '>=' 7
gate "small gzip, tar -xzf : ours" "$(ratio small tar-gzip ours)" '>=' 1.4
gate "small gzip, ours : plain tar -xf" "$(ratio small ours tar-plain)" '<=' 1.1
gate "save, skopeo : ours" "$(ratio save skopeo ours)" '>=' 3.5
gate "second overlay bundle, ms" "$(awk -v t="$overlay" 'BEGIN { print t * 1000 }')" '<=' 50
gate "peak memory, MiB" "$((peak / 1024))" '<=' 64
[ -z "$check" ] || exit $failed

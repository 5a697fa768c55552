#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a repack costs in processor time, ours and umoci's, in turns: of a bundle in which nothing
# changed, and of one with a single new file.
#   bench/repack.sh [OCI-IMAGE-TOOL] [ROUNDS] [LAYOUT:REF]
# Without an image it makes one of 13,000 files, 200 MB. Everything is on tmpfs (BENCH_DIR: elsewhere).
# Exit 1 when ours is not 20 times cheaper with nothing changed.
set -eu
tool=$(realpath "${1:-./oci-image-tool}")
rounds=${2:-5}
image=${3:-}
for program in umoci python3 jq; do
	command -v $program >/dev/null || { echo "bench needs $program: apt-get install umoci python3 jq" >&2; exit 1; }
done
work=$(mktemp -d "${BENCH_DIR:-/dev/shm}/ocirun-bench.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT

make_layer() { # 13,000 files in 700 folders; sizes as in a distribution: most small, a few big
	python3 - "$work/layer.tar" <<'P'
import io, random, sys, tarfile
r = random.Random(1)
noise = r.randbytes(1 << 20)
with tarfile.open(sys.argv[1], "w") as t:
    for i in range(13000):
        e = tarfile.TarInfo("usr/%d/%d/file-%d" % (i % 7, i % 100, i))
        e.size = min(int(r.lognormvariate(8, 1.8)), len(noise))
        e.mtime = 1000000000
        t.addfile(e, io.BytesIO(noise[:e.size]))
P
}
if [ -z "$image" ]; then
	make_layer
	umoci init --layout "$work/layout"
	umoci new --image "$work/layout:base"
	umoci raw add-layer --image "$work/layout:base" "$work/layer.tar"
	rm "$work/layer.tar"
else
	cp -a "${image%:*}" "$work/layout"
	[ "${image##*:}" = base ] || umoci tag --image "$work/layout:${image##*:}" base
fi

# CPU seconds of a command; its output goes to a log.
cpu() {
	local TIMEFORMAT='%U %S' t
	t=$({ time "$@" >"$work/log" 2>&1 </dev/null || { cat "$work/log" >&2; exit 1; }; } 2>&1)
	echo "$t" | awk '{ print $1 + $2 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

"$tool" create "$work/layout:base" "$work/ours"
umoci unpack --image "$work/layout:base" "$work/theirs" >/dev/null 2>&1
for what in nothing one; do
	if [ $what = one ]; then
		for b in ours theirs; do echo new >"$work/$b/rootfs/new"; done
	fi
	for ((i = 0; i < rounds; i++)); do
		cpu "$tool" repack "$work/ours" "$work/layout:ours" >>"$work/ours.$what"
		cpu umoci repack --image "$work/layout:theirs" "$work/theirs" >>"$work/theirs.$what"
		cpu "$tool" diff "$work/ours" >>"$work/diff.$what"
	done
done
echo "$(find "$work/ours/rootfs" | wc -l) files, $(du -sm "$work/ours/rootfs" | cut -f1) MB, $(umoci --version | head -1)"
bad=0
for what in nothing one; do
	ours=$(median <"$work/ours.$what") theirs=$(median <"$work/theirs.$what")
	ratio=$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.1f", a / (b > 0.001 ? b : 0.001) }')
	[ $what = nothing ] && name="nothing changed" || name="one new file"
	echo "$name: $ours s, umoci $theirs s, ratio $ratio; diff $(median <"$work/diff.$what") s"
	[ $what = one ] || awk -v r="$ratio" 'BEGIN { exit !(r >= 20) }' || bad=1
done
[ $bad = 0 ] || echo "the gate is 20"
exit $bad

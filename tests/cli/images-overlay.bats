#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bundles that share layers: `create --overlay`, mount, delete, gc.
load helpers
load images

make_bundle_of() { it_ok create --overlay --store "$T/store" "${@:2}" "$L:t" "$1"; }
gone() { it_ok delete "$1"; [ ! -e "$1" ]; }
layers() { ls -A "$T/store/layers"; }
mounted() { grep -qF " $1/rootfs overlay" /proc/mounts; }
teardown_bundles() { for b in "$T"/place/*/rootfs; do ! mountpoint -q "$b" || umount "$b"; done; }

@test "two bundles of an image share its layers and nothing else" {
	require root
	craft <<-'E'
	layer(folder("d", uid=3, mode=0o1777), file("d/a", "1"), file("gone", "1"), file("o/old", "1"), file("r/s/t", "1"))
	layer(file(".wh.gone"), file("o/.wh..wh..opq"), file("o/new", "2"), file("d/b", "2"), file("r", "now a file"))
	layer(file("top", "3"), file("r/again", "3"))
	E
	make_bundle_of "$D"
	equal "$(layers | wc -l)" 3
	ino=$(stat -c %i "$T/store/layers"/*/top)
	make_bundle_of "$D.2"
	equal "$(stat -c %i "$T/store/layers"/*/top)" "$ino"
	equal "$(layers | wc -l)" 3
	it_ok unpack "$L:t" "$T/place/plain"
	tree "$T/place/plain" >"$T/want"
	for b in "$D" "$D.2"; do
		mounted "$b"
		diff <(tree "$b/rootfs") "$T/want"
	done
	equal "$(stat -c '%u %a' "$D/rootfs/d")" "3 1777"
	echo changed >"$D/rootfs/top"
	rm "$D/rootfs/d/a"
	equal "$(cat "$D.2/rootfs/top" "$D.2/rootfs/d/a")" 31
	equal "$(cat "$D/upper/top")" changed
	gone "$D"
	it_ok gc --store "$T/store"
	equal "$output" "removed 0 layers and 0 references of bundles that are gone"
	gone "$D.2"
	it_ok gc --dry-run --store "$T/store"
	equal "$output" "would remove 3 layers and 0 references of bundles that are gone"
	it_ok gc --store "$T/store"
	equal "$(layers)" ""
	equal "$(ls -A "$T/store/bundles")" ""
}

@test "a folder that no layer lists is as the layers show it, not as a hidden one was" {
	require root
	craft <<-'E'
	layer(*[e for n in ("shown", "opaque", "white", "link") for e in (folder(n), folder(n + "/d", uid=7, mode=0o700), file(n + "/d/old", "1"))], folder("far"), folder("far/d"), folder("far/d/e", uid=8, mode=0o711))
	layer(file("opaque/.wh..wh..opq"), file(".wh.white"), sym("link", "shown"), file("far/.wh..wh..opq"), file("far/d/x", "2"))
	layer(file("shown/d/new", "3"), file("opaque/d/new", "3"), file("white/d/new", "3"), file("far/d/e/new", "3"))
	E
	make_bundle_of "$D"
	it_ok unpack "$L:t" "$T/place/plain"
	diff <(tree "$D/rootfs") <(tree "$T/place/plain")
	equal "$(cd "$D/rootfs" && stat -c '%u %a' shown/d opaque/d white/d far/d/e | tr '\n' ,)" "7 700,0 755,0 755,0 755,"
	gone "$D"
}

@test "an overlay bundle runs" {
	require root
	{
		echo "layer(folder('bin'), file('bin/busybox', open('$(command -v busybox)', 'rb').read(), mode=0o755), sym('bin/sh', 'busybox'))"
		echo 'layer(file("etc/passwd", "bob:x:5:6::/:/bin/sh\n")); config["config"] = {"Cmd": ["/bin/sh", "-c", "echo ran >/out; echo $((6*7))"]}'
	} | craft
	make_bundle_of "$D"
	run --separate-stderr ocirun run -b "$D" "$ID" </dev/null
	succeeded
	equal "$output" 42
	equal "$(cat "$D/upper/out")" ran
	gone "$D"
}

@test "after a reboot the mount is made again" {
	require root
	craft <<<'layer(file("f", "x"))'
	make_bundle_of "$D"
	umount "$D/rootfs"
	[ ! -e "$D/rootfs/f" ]
	it_ok mount "$D"
	it_ok mount "$D"
	equal "$(cat "$D/rootfs/f")" x
	gone "$D"
	it_ok create "$L:t" "$D"
	it mount "$D"
	failed_with "there is nothing to mount"
	it_ok delete "$D"
	mkdir "$D"
	it delete "$D"
	failed_with "is not a bundle made by oci-image-tool create"
}

@test "a bundle removed by hand, or a killed create, is found by gc" {
	require root
	craft <<<'layer(*[file("f%d" % i, "x" * 1000) for i in range(3000)])'
	make_bundle_of "$D"
	umount "$D/rootfs"
	rm -rf "$D"
	it_ok gc --store "$T/store"
	equal "$output" "removed 1 layers and 1 references of bundles that are gone"
	for delay in 0.01 0.03 0.06 0.1; do
		tool create --overlay --store "$T/store" "$L:t" "$D" 2>/dev/null &
		sleep "$delay"
		pkill -9 -f "create --overlay --store $T/store" || true
		wait || true
		teardown_bundles
		rm -rf "$D"
	done
	make_bundle_of "$D"
	equal "$(ls "$D/rootfs" | wc -l)" 3000
	gone "$D"
	it_ok gc --store "$T/store"
	equal "$(layers)$(ls -A "$T/store/bundles")" ""
	nothing_left
}

@test "what does not fit a shared layer is refused" {
	craft <<<'layer(file("f")); layer(hard("h", "f"))'
	it_fails "for bundles of their own" create --overlay --rootless --store "$T/store" "$L:t" "$D"
	require root
	it_fails "is a hard link to" create --overlay --store "$T/store" "$L:t" "$D"
	chmod 777 "$T/store"
	it_fails "can be written by, others" create --overlay --store "$T/store" "$L:t" "$D"
}

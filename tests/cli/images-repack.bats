#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# diff and repack: whatever is done to a bundle, the new image unpacked elsewhere is the same tree,
# entry by entry, by us and by umoci; and what was not done does not show.
load helpers

prepare() {
	require root
	unset SOURCE_DATE_EPOCH
	TOOL=${OCIRUN%/*}/oci-image-tool
	L=$T/layout B=$T/b
	mkdir "$T/base"
	rm -rf "$T/bundle"
}
tool() { timeout --foreground -k 5 $((120 * ${SLOW:-1})) "$TOOL" "$@"; }
it() { run --separate-stderr tool "$@"; }
it_ok() { it "$@"; succeeded; }

# ---- images from folders, by tar, gzip and jq alone
blob() { # FILE: prints the digest
	local d
	d=$(sha256sum <"$1" | cut -d' ' -f1)
	cp "$1" "$L/blobs/sha256/$d"
	echo "sha256:$d"
}
descriptor() { jq -nc --arg t "$1" --arg d "$2" --argjson s "$(stat -c %s "$L/blobs/sha256/${2#sha256:}")" '{mediaType: $t, digest: $d, size: $s}'; }
# A layout $L with one image "base" of these folders, a layer each.
image_of() { # CONFIG-JSON FOLDER...
	local exec=$1 dir layer config manifest ids=() layers=()
	shift
	mkdir -p "$L/blobs/sha256"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$L/oci-layout"
	for dir; do
		tar --xattrs --xattrs-include='*' --numeric-owner -C "$dir" -cf "$T/layer.tar" .
		ids+=("sha256:$(sha256sum <"$T/layer.tar" | cut -d' ' -f1)")
		gzip -nf "$T/layer.tar"
		layer=$(blob "$T/layer.tar.gz")
		layers+=("$(descriptor application/vnd.oci.image.layer.v1.tar+gzip "$layer")")
	done
	jq -nc --argjson e "$exec" '{architecture: "amd64", os: "linux", config: $e, "com.example.kept": [1],
		rootfs: {type: "layers", diff_ids: $ARGS.positional}, history: [$ARGS.positional[] | {created_by: "test"}]}' \
		--args "${ids[@]}" >"$T/config"
	config=$(blob "$T/config")
	jq -nc --argjson c "$(descriptor application/vnd.oci.image.config.v1+json "$config")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $c, layers: ($ARGS.positional | map(fromjson))}' \
		--args "${layers[@]}" >"$T/manifest"
	manifest=$(blob "$T/manifest")
	descriptor application/vnd.oci.image.manifest.v1+json "$manifest" |
		jq -c '{schemaVersion: 2, manifests: [. + {annotations: {"org.opencontainers.image.ref.name": "base"}}]}' >"$L/index.json"
}
simple() { # [CONFIG-JSON]
	local b=$T/base
	mkdir -p "$b"/{etc,bin,gone/deep/er,data}
	echo one >"$b/etc/one"
	echo two >"$b/etc/two"
	echo sh >"$b/bin/sh"
	ln "$b/bin/sh" "$b/bin/ash"
	ln -s one "$b/etc/link"
	echo x >"$b/gone/deep/er/file"
	echo y >"$b/gone/y"
	echo d >"$b/data/d"
	chown 5:6 "$b/etc/two"
	chmod 4755 "$b/bin/sh"
	find "$b" -exec touch -h -d @1000000000 {} +
	image_of "${1:-{\}}" "$b"
}
manifest() { cat "$L/blobs/sha256/$(jq -r --arg r "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $r) | .digest[7:]' "$L/index.json")"; }
config_of() { cat "$L/blobs/sha256/$(manifest "$1" | jq -r '.config.digest[7:]')"; }
layers_of() { manifest "$1" | jq '.layers | length'; }
last_layer() { cat "$L/blobs/sha256/$(manifest "$1" | jq -r '.layers[-1].digest[7:]')"; }

# Everything that can be seen of a tree: type, mode, owner, time, size or target, device, which names
# are one file, attributes, contents.
listing() {
	(
		cd "$1"
		find . -type d -printf '%p|%y|%m|%U:%G|%T@\0' -o -type l -printf '%p|%y|%U:%G|%T@|%l|%i\0' -o -printf '%p|%y|%m|%U:%G|%T@|%s|%i\0' |
			LC_ALL=C sort -z | gawk_inodes
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | tr '\0' '\n'
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + | LC_ALL=C sort
		find . \( -type f -o -type d \) -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m '^(user|security.capability|system.posix)' -e hex 2>/dev/null
	)
}
# inode numbers become the number of the name that had them first
gawk_inodes() {
	python3 -c '
import sys
seen = {}
for i, e in enumerate(sys.stdin.buffer.read().split(b"\0")):
    f = e.split(b"|")
    if len(f) > 5:
        f[-1] = b"%d" % seen.setdefault(f[-1], i)
    sys.stdout.buffer.write(b"|".join(f).replace(b"\n", b"\\n") + b"\n")'
}
same_trees() { diff <(listing "$1") <(listing "$2"); }

change_everything() { # ROOTFS
	local r=$1 long
	printf 'changed' >>"$r/etc/one"
	chmod 600 "$r/etc/two"
	chown 7:8 "$r/etc/two"
	rm -rf "$r/gone"
	ln "$r/bin/sh" "$r/aaa"          # a new name of an old file, before and
	ln "$r/bin/sh" "$r/zzz"          # behind it
	rm "$r/etc/link" && ln -s two "$r/etc/link"
	rm -rf "$r/data" && echo file >"$r/data"
	mkdir "$r/etc/three.d" && mv "$r/etc/three.d" "$r/etc/three"
	mkdir -m 2770 "$r/new" && chown 0:50 "$r/new"
	echo hidden >"$r/new/mode0" && chmod 0 "$r/new/mode0"
	touch -d @-86400.25 "$r/new/old"
	truncate -s 5M "$r/new/sparse" && printf middle | dd of="$r/new/sparse" bs=1 seek=2500000 conv=notrunc status=none
	mkfifo -m 640 "$r/new/fifo"
	mknod "$r/new/null" c 1 3
	ln "$r/new/sparse" "$r/new/sparse2"
	printf 'odd' >"$r/new/"$'line\nbreak' && printf 'latin' >"$r/new/"$'\xe9\xff'
	long=$(printf 'n%.0s' {1..200})
	mkdir -p "$r/new/$long/$long" && echo deep >"$r/new/$long/$long/file"
	ln -s "/$long/$long" "$r/new/longlink"
	setfattr -n user.note -v "with = and
newline" "$r/new/sparse"
	setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$r/bin/sh"
	setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000400e803000004000400ffffffff10000400ffffffff20000000ffffffff "$r/etc/two" 2>/dev/null || true
}

@test "what was done to a bundle is what the new image has" {
	simple
	it_ok create "$L:base" "$B"
	change_everything "$B/rootfs"
	it_ok repack "$B" "$L:new"
	equal "$(layers_of new)" 2
	equal "$(config_of new | jq -c '[.rootfs.diff_ids, .history | length]')" '[2,2]'
	equal "$(config_of new | jq -c '."com.example.kept"')" '[1]'
	equal "$(config_of new | jq -r '.history[1].created_by')" "oci-image-tool repack"
	it_ok create --devices "$L:new" "$T/again"
	same_trees "$B/rootfs" "$T/again/rootfs"
	it_ok validate "$L:new"
	# a repack of that has nothing to say
	it_ok diff "$T/again"
	equal "$output" ""
}

@test "umoci and skopeo take the new image, and make the same tree" {
	require command umoci
	require command skopeo
	simple
	it_ok create "$L:base" "$B"
	change_everything "$B/rootfs"
	it_ok repack "$B" "$L:new"
	skopeo --insecure-policy copy -q "oci:$L:new" "oci:$T/copied:new"
	umoci unpack --image "$T/copied:new" "$T/theirs" 2>"$T/umoci.err" || { cat "$T/umoci.err"; false; }
	same_trees "$B/rootfs" "$T/theirs/rootfs"
}

@test "diff says what was done, in both formats" {
	simple
	it_ok create "$L:base" "$B"
	it_ok diff "$B"
	equal "$output" ""
	echo new >"$B/rootfs/etc/new"
	rm -r "$B/rootfs/gone"
	echo more >>"$B/rootfs/etc/one"
	printf x >"$B/rootfs/"$'a\n\xff'
	it_ok diff "$B"
	equal "$output" 'C /
A /a\x0a\xff
C /etc
A /etc/new
C /etc/one
D /gone'
	it_ok diff --format json "$B"
	equal "$(jq -c '[.[] | .change[0:1] + " " + .path]' <<<"$output")" '["c /","a /a\n�","c /etc","a /etc/new","c /etc/one","d /gone"]'
	equal "$(jq -r '.[1].pathHex' <<<"$output")" 2f610aff
	it_ok diff --mask-path /etc "$B"
	equal "$output" 'C /
A /a\x0a\xff
D /gone'
	rm -rf "$L" # without the image too
	it_ok diff "$B"
	[[ $output == *"D /gone" && $stderr == *"count as changed"* ]] || say
}

@test "nothing changed: a new image, no new layer" {
	export SOURCE_DATE_EPOCH=1700000000
	simple
	it_ok create "$L:base" "$B"
	it_ok repack --if-changed "$B" "$L:none"
	equal "$stderr" "no changes"
	equal "$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | join(" ")' "$L/index.json")" base
	it_ok repack --history-comment why "$B" "$L:new"
	equal "$(layers_of new)" 1
	equal "$(config_of new | jq -c '.history[1] | [.empty_layer, .comment, .created]')" '[true,"why","2023-11-14T22:13:20Z"]'
	it_ok validate "$L:new"
	it_ok repack --no-history "$B" "$L:new2"
	equal "$(config_of new2 | jq '.history | length')" 1
}

@test "a copy of a bundle has no changes, and its changes are found" {
	simple
	it_ok create "$L:base" "$B"
	cp -a "$B" "$T/copy"
	it_ok diff "$T/copy"
	equal "$output" ""
	# the old size and time, another content
	was=$(stat -c @%.9Y "$T/copy/rootfs/etc/one")
	printf 'uno\n' >"$T/copy/rootfs/etc/one"
	touch -d "$was" "$T/copy/rootfs/etc/one"
	setfattr -n user.mark -v x "$T/copy/rootfs/etc/two"
	it_ok diff "$T/copy"
	equal "$output" 'C /etc/one
C /etc/two'
}

@test "the same tree gives the same bytes, however compressed" {
	export SOURCE_DATE_EPOCH=1700000000
	simple
	it_ok create "$L:base" "$B"
	it_ok create "$L:base" "$T/other"
	for b in "$B" "$T/other"; do
		mkdir "$b/rootfs/new"
		seq 300000 >"$b/rootfs/new/numbers"
		rm "$b/rootfs/etc/one"
		find "$b/rootfs" -exec touch -h -d @1600000000 {} +
	done
	for c in gzip zstd none; do
		it_ok repack --compress $c "$B" "$L:a"
		first=$output
		it_ok repack --compress $c "$T/other" "$L:b"
		equal "$output" "$first"
		it_ok unpack "$L:a" "$T/$c"
		same_trees "$B/rootfs" "$T/$c"
	done
	it_ok repack "$B" "$L:a" # as the last layer is
	last_layer a | gzip -t
	it_ok repack --compress zstd "$B" "$L:a"
	last_layer a | zstd -tq
	it repack --compress lzma "$B" "$L:a"
	failed_with '--compress: expected gzip, zstd or none, found "lzma"'
}

@test "deletions stand in front, folders above come along" {
	simple
	it_ok create "$L:base" "$B"
	was=$(stat -c @%.9Y "$B/rootfs/etc")
	rm "$B/rootfs/etc/two"
	echo 1 >"$B/rootfs/etc/-first"
	printf 'eno\n' >"$B/rootfs/etc/one"
	touch -d "$was" "$B/rootfs/etc" "$B/rootfs"
	it_ok repack "$B" "$L:new"
	equal "$(last_layer new | tar -tzf -)" './
etc/
etc/.wh.two
etc/-first
etc/one'
}

@test "times are not later than SOURCE_DATE_EPOCH" {
	export SOURCE_DATE_EPOCH=1700000000
	simple
	it_ok create "$L:base" "$B"
	echo now >"$B/rootfs/now"
	touch -d @1600000000.5 "$B/rootfs/before"
	it_ok repack "$B" "$L:new"
	it_ok unpack "$L:new" "$T/x"
	equal "$(stat -c %.1Y "$T/x/now" "$T/x/before" | tr '\n' ' ')" "1700000000.0 1600000000.5 "
	SOURCE_DATE_EPOCH=soon it repack "$B" "$L:new"
	failed_with SOURCE_DATE_EPOCH
}

@test "volumes are left out unless asked for" {
	simple '{"Volumes": {"/data": {}}}'
	it_ok create "$L:base" "$B"
	echo more >"$B/rootfs/data/more"
	it_ok diff "$B"
	equal "$output" ""
	it_ok diff --no-mask-volumes "$B"
	equal "$output" 'C /data
A /data/more'
	it_ok repack --no-mask-volumes "$B" "$L:new"
	equal "$(layers_of new)" 2
}

@test "a refreshed bundle goes on from the new image" {
	simple
	it_ok create "$L:base" "$B"
	echo 1 >"$B/rootfs/first"
	it_ok repack --refresh-bundle "$B" "$L:base" # takes the old name away
	it_ok diff "$B"
	equal "$output" ""
	echo 2 >"$B/rootfs/second"
	it_ok repack --refresh-bundle "$B" "$L:base"
	equal "$(layers_of base)" 3
	[[ $(last_layer base | tar -tzf -) != *first* ]]
	it_ok create "$L:base" "$T/again"
	same_trees "$B/rootfs" "$T/again/rootfs"
	# without a refresh, from the image it was made of, though that has no name any more
	it_ok create "$L:base" "$T/third"
	echo 3 >"$T/third/rootfs/third"
	it_ok repack "$T/third" "$L:base"
	it_ok repack "$T/third" "$L:base"
	equal "$(layers_of base)" 4
}

@test "into another layout, which is made" {
	simple
	it_ok create "$L:base" "$B"
	echo 1 >"$B/rootfs/first"
	it_ok repack "$B" "$T/other:new"
	it_ok validate "$T/other:new"
	it_ok unpack "$T/other:new" "$T/x"
	same_trees "$B/rootfs" "$T/x"
	rm -rf "$L"
	it repack "$B" "$T/third:new"
	failed_with "the image of the bundle"
	[ ! -e "$T/third" ] || [ -z "$(ls -A "$T/third/blobs/sha256")" ]
}

@test "id maps are undone" {
	simple
	it_ok create --uid-map 0:100000:1000 --gid-map 0:200000:1000 "$L:base" "$B"
	equal "$(stat -c %u:%g "$B/rootfs/etc/two")" 100005:200006
	echo 1 >"$B/rootfs/etc/new"
	chown 100007:200008 "$B/rootfs/etc/new" "$B/rootfs/etc"
	it_ok repack "$B" "$L:new"
	it_ok unpack "$L:new" "$T/x"
	equal "$(stat -c %u:%g "$T/x/etc/new" "$T/x/etc" "$T/x/etc/two" | tr '\n' ' ')" "7:8 7:8 5:6 "
	chown 5:200008 "$B/rootfs/etc/new"
	it repack "$B" "$L:bad"
	failed_with "its uid 5 is not in the bundle's id map"
}

@test "an unprivileged user's bundle keeps the owners of the image" {
	simple
	chmod 755 "$T" "$L"
	mkdir -m 777 "$T/user"
	cp -a "$L" "$T/user/layout"
	chown -R 1000:1000 "$T/user"
	as() { it_as "$@"; succeeded; }
	it_as() { run --separate-stderr setpriv --reuid=1000 --regid=1000 --clear-groups "$TOOL" "$@"; }
	as create --rootless "$T/user/layout:base" "$T/user/b"
	r=$T/user/b/rootfs
	echo 1 >>"$r/etc/two"
	mkdir "$r/etc/closed" && echo secret >"$r/etc/closed/file" && chmod 0 "$r/etc/closed/file" "$r/etc/closed"
	chown -R 1000:1000 "$r/etc"
	as diff "$T/user/b"
	equal "$output" 'C /etc
A /etc/closed
A /etc/closed/file
C /etc/two'
	as repack "$T/user/b" "$T/user/layout:new"
	equal "$(stat -c %a "$r/etc/closed")" 0
	it_ok unpack "$T/user/layout:new" "$T/x"
	equal "$(stat -c '%u:%g %a' "$T/x/etc/two" "$T/x/etc/closed" "$T/x/etc/closed/file" "$T/x/etc" | tr '\n' ' ')" "5:6 644 0:0 0 0:0 0 0:0 755 "
	equal "$(cat "$T/x/etc/closed/file")" secret
}

@test "what is mounted or a socket is left as it was" {
	simple
	it_ok create "$L:base" "$B"
	mount -t tmpfs none "$B/rootfs/gone"
	echo lost >"$B/rootfs/gone/lost"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$B/rootfs/sock"
	touch -d @1000000000 "$B/rootfs"
	it_ok diff "$B"
	umount "$B/rootfs/gone"
	equal "$output" ""
	[[ $stderr == *'\"gone\" is a mount point'* && $stderr == *'\"sock\" is a socket'* ]] || say
}

@test "a name that means a deletion is refused" {
	simple
	it_ok create "$L:base" "$B"
	echo 1 >"$B/rootfs/etc/.wh.one"
	it repack "$B" "$L:new"
	failed_with '"etc/.wh.one": a name that begins with ".wh." means a deletion'
	equal "$(jq '.manifests | length' "$L/index.json")" 1
	it_ok repack --mask-path /etc/.wh.one "$B" "$L:new"
}

@test "a file that changes meanwhile is an error" {
	simple
	it_ok create "$L:base" "$B"
	truncate -s 300M "$B/rootfs/busy"
	(while :; do echo x >>"$B/rootfs/busy"; done) </dev/null >/dev/null 2>&1 3>&- 4>&- &
	writer=$!
	sleep 0.1
	it repack "$B" "$L:new"
	kill "$writer"
	wait "$writer" 2>/dev/null || true
	failed_with '"busy" changed while the tree was being read'
	equal "$(jq '.manifests | length' "$L/index.json")" 1
	it_ok repack "$B" "$L:new"
}

@test "killed at any time, the layout is as it was or has the new image" {
	simple
	it_ok create "$L:base" "$B"
	head -c 30M /dev/urandom >"$B/rootfs/noise"
	for ms in 001 010 050 100 200 400; do
		timeout -s KILL "0.$ms" "$TOOL" repack --refresh-bundle "$B" "$L:new" </dev/null >/dev/null 2>&1 || true
		it_ok validate "$L"
		equal "$(find "$L" -name '*.tmp*' -o -name '.*.tmp' | wc -l)" 0
	done
	it_ok repack --refresh-bundle "$B" "$L:new"
	it_ok unpack "$L:new" "$T/x"
	same_trees "$B/rootfs" "$T/x"
}

@test "stopped by a signal, it says so and leaves nothing" {
	simple
	it_ok create "$L:base" "$B"
	head -c 250M /dev/urandom >"$B/rootfs/noise"
	"$TOOL" repack "$B" "$L:new" </dev/null >"$T/out" 2>&1 3>&- 4>&- &
	p=$!
	packs() { find "/proc/$p/fd" -lname "$L/blobs/*(deleted)" | grep -q .; }
	wait_for 20 packs
	sleep 0.05
	kill "$p"
	! wait "$p" || say
	grep -q "stopped by SIGTERM" "$T/out" || { cat "$T/out"; false; }
	equal "$(jq '.manifests | length' "$L/index.json")" 1
	equal "$(find "$L/blobs" -type f | wc -l)" 3
}

@test "a full disk is one error and leaves nothing" {
	simple
	it_ok create "$L:base" "$B"
	head -c 8M /dev/urandom >"$B/rootfs/noise"
	mkdir "$T/small"
	mount -t tmpfs -o size=3M none "$T/small"
	cp -a "$L" "$T/small/layout"
	before=$(cd "$T/small/layout" && find . -type f -exec sha256sum {} + | sort)
	it repack "$B" "$T/small/layout:new"
	failed_with "no space left on device"
	equal "$(grep -c level=error <<<"$stderr")" 1
	equal "$(cd "$T/small/layout" && find . -type f -exec sha256sum {} + | sort)" "$before"
	umount "$T/small"
}

@test "what is no bundle, or has lost its snapshot" {
	simple
	mkdir "$T/none"
	it diff "$T/none"
	failed_with "is not a bundle made by oci-image-tool create"
	it_ok create "$L:base" "$B"
	truncate -s -1 "$B/oci-image-tool.snapshot"
	it diff "$B"
	failed_with "oci-image-tool.snapshot is damaged"
	rm "$B/oci-image-tool.snapshot"
	it repack "$B" "$L:new"
	failed_with "has no oci-image-tool.snapshot"
	it repack "$B" "oci-archive:$T/x.tar:new"
	failed_with "images are made in OCI layouts"
}

@test "an overlay bundle: the upper folder is the change" {
	simple
	it_ok create --overlay --store "$T/store" "$L:base" "$B"
	it_ok diff "$B"
	equal "$output" ""
	r=$B/rootfs
	echo more >>"$r/etc/one"
	rm -r "$r/gone" "$r/etc/link"
	rm -r "$r/data" && mkdir "$r/data" && echo other >"$r/data/other"
	mv "$r/bin" "$r/sbin" 2>/dev/null
	mkdir "$r/new" && echo x >"$r/new/x" && ln "$r/new/x" "$r/new/y"
	chmod 600 "$r/etc/two" && chmod 644 "$r/etc/two" # copied up, and as it was
	it_ok diff "$B"
	equal "$output" 'C /
D /bin
C /data
D /data/d
A /data/other
C /etc
D /etc/link
C /etc/one
D /gone
A /new
A /new/x
A /new/y
A /sbin
A /sbin/ash
A /sbin/sh'
	it_ok repack "$B" "$L:new"
	it_ok create "$L:new" "$T/again"
	diff <(listing "$r") <(listing "$T/again/rootfs")
	it repack --refresh-bundle "$B" "$L:new"
	failed_with "--refresh-bundle"
	umount "$r"
	it_ok diff "$B" # needs no mount
	[ "$(wc -l <<<"$output")" = 15 ]
	it_ok delete "$B"
}

@test "the image is found from another working directory" {
	simple
	cd "$T"
	it_ok create layout:base "$B"
	cd /
	echo 1 >"$B/rootfs/new"
	it_ok repack "$B" "$T/elsewhere:new"
	it_ok validate "$T/elsewhere:new"
}

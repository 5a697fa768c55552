#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From a name to one image: digests, media types, indexes, platforms, names, what is in the way of
# the result; the number in front is the row of docs/design/image-threats.md.
load helpers
load images

@test "40: a blob of another size is refused before it is read" {
	craft <<<'layer(file("x")); layer_change.append(lambda d: d.update(size=d["size"] + 1))'
	refuses "its descriptor says"
	craft <<<'layer(file("x")); layer_change.append(lambda d: d.update(size=-1))'
	refuses "/layers/0/size"
}

@test "41: digests are exact, and of an algorithm we can check" {
	for digest in 'sha256:' 'sha256:ABC' 'md5:d41d8cd98f00b204e9800998ecf8427e' 'sha256:../../../../etc/passwd' 'x'; do
		craft <<<"layer(file('x')); layer_change.append(lambda d: d.update(digest='$digest'))"
		refuses "digest \"$digest\""
	done
}

@test "41: a blob that is a symlink, or is behind one, is not read" {
	craft <<<'layer(file("x"))'
	blob=$(jq -r '.manifests[0].digest | split(":")[1]' "$L/index.json")
	mv "$L/blobs/sha256/$blob" "$T/elsewhere"
	ln -s "$T/elsewhere" "$L/blobs/sha256/$blob"
	refuses "is, or is behind, a symlink"
	mv -T "$T/elsewhere" "$L/blobs/sha256/$blob"
	mv "$L/blobs" "$T/blobs"
	ln -s "$T/blobs" "$L/blobs"
	refuses "is, or is behind, a symlink"
}

@test "42: content that is not what its digests say is refused, and nothing is made of it" {
	craft <<<'layer(file("x", "y"), diff_id="sha256:" + "0" * 64)'
	refuses "but the config's diff_id is sha256:0000"
	rm -r "$L"
	craft <<<'layer(file("x", "y"))'
	for blob in "$L"/blobs/sha256/*; do
		cp "$blob" "$T/kept"
		printf 'X' | dd of="$blob" bs=1 seek=10 conv=notrunc status=none
		it unpack "$L:t" "$D"
		exited 1
		[[ "$stderr" == *"the content has digest"* ]]
		nothing_left
		cp "$T/kept" "$blob"
	done
	unpack
}

@test "42: as many diff_ids as layers" {
	craft <<<'layer(file("x")); diff_ids = []'
	refuses "1 layers, but 0 diff_ids in the config"
}

@test "42: a copy in a descriptor's data is the blob, byte for byte" {
	data='d.update(data=base64.b64encode(layers[0][0]).decode())'
	craft <<<"layer(file('x', 'y')); layer_change.append(lambda d: $data)"
	unpack
	holds x y
	rm -rf "$D"
	craft <<<"layer(file('x', 'y')); layer_change.append(lambda d: ($data, d.update(data='QUJD' + d['data'][4:])))"
	refuses "/layers/0/data has digest sha256:"
	craft <<<"layer(file('x', 'y')); layer_change.append(lambda d: ($data, d.update(data='QUJD' + d['data'])))"
	refuses "/layers/0/data has"
	for bad in 'QUJD?' 'QU=D' 'QUJDQ' 'QUJD\nQUJD' 'Q==='; do
		craft <<<"layer(file('x', 'y')); layer_change.append(lambda d: d.update(data='$bad'))"
		refuses "/layers/0/data is not base64"
	done
	craft <<<'layer(file("x")); manifest["config"] = {**descriptor(b"{}", OCI + "config.v1+json"), "data": "e30K"}'
	refuses "/config/data has 3 bytes, its size says 2"
	craft <<<'layer(file("x")); extra.append({**descriptor(b"{}", OCI + "manifest.v1+json"), "data": "W10="})'
	refuses "index.json: /manifests/1/data has digest"
}

@test "46: media type and content agree" {
	craft <<<'layer(file("x"), codec="plain", kind=OCI + "layer.v1.tar+gzip")'
	refuses "its media type says gzip, its content is uncompressed"
	craft <<<'layer(file("x"), codec="gzip", kind=OCI + "layer.v1.tar")'
	refuses "its media type says uncompressed, its content is gzip"
	craft <<<'layer(file("x"), kind=OCI + "layer.v1.tar+lz4")'
	refuses "is no layer we know"
	craft <<<'layer(file("x", "y"), kind=OCI + "layer.nondistributable.v1.tar+gzip")'
	unpack
	[[ "$stderr" == *"may not be distributed"* ]]
}

@test "47: a manifest that is an index too, or says another type, is refused" {
	craft <<<'layer(file("x")); manifest["manifests"] = []'
	refuses "it is a manifest and has the key manifests, which only an index has"
	craft <<<'layer(file("x")); index["layers"] = []; index["config"] = {}'
	refuses "index.json: it is an index and has the key layers, which only a manifest has"
	craft <<<'layer(file("x")); manifest["mediaType"] = OCI + "manifest.v1+json"; extra.append(descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "layers": [], "manifests": []}).encode(), OCI + "index.v1+json", annotations={"org.opencontainers.image.ref.name": "i"}))'
	it_fails "it is an index and has the key layers" unpack "$L:i" "$D"
	craft <<<'layer(file("x")); m = descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "config": {"mediaType": "x", "digest": "x", "size": 1}, "layers": []}).encode(), OCI + "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": "m"}); extra.append(m)'
	it_fails "its descriptor says application/vnd.oci.image.manifest.v1+json" unpack "$L:m" "$D"
}

@test "48: duplicate keys, too deep and too big documents" {
	craft <<<'layer(file("x"))'
	sed -i 's/"schemaVersion": 2/"schemaVersion": 2, "schemaVersion": 2/' "$L/index.json"
	refuses "schemaVersion"
	craft <<<'layer(file("x")); manifest["annotations"] = {"a": "x" * (5 << 20)}'
	refuses "are more than the 4194304 this may have"
	craft <<<'layer(file("x")); d = "x"
for i in range(100): d = [d]
config["deep"] = d'
	refuses "deep"
}

@test "49: indexes nest four deep at most, and each is read once" {
	craft <<-'E'
	layer(file("x", "y"))
	d = image()
	for i in range(3):
	    d = descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [d, d, d]}).encode(), OCI + "index.v1+json")
	extra.append({**d, "annotations": {"org.opencontainers.image.ref.name": "ok"}})
	for i in range(3):
	    d = descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [d]}).encode(), OCI + "index.v1+json")
	extra.append({**d, "annotations": {"org.opencontainers.image.ref.name": "deep"}})
	E
	it_ok unpack "$L:ok" "$D"
	rm -rf "$D"
	it_fails "more than 4 indexes one in the other" unpack "$L:deep" "$D"
}

@test "50: several images of one name and platform are refused with a list" {
	craft <<<'layer(file("x")); a = image(); config["author"] = "b"; extra.append({**image(), "platform": platform, "annotations": {"org.opencontainers.image.ref.name": "t"}}); config["author"] = "c"'
	refuses "means several images: t sha256:"
	it_fails "has several images, say which" unpack "$L" "$D"
	it_fails 'has no image "none"; it has t' unpack "$L:none" "$D"
}

@test "50: a digest names one of several" {
	craft <<<'layer(file("x", "1")); config["author"] = "a"; extra.append({**image(), "platform": platform}); config["author"] = "b"'
	digest=$(jq -r '.manifests[1].digest' "$L/index.json")
	it_ok unpack "$L@$digest" "$D"
	holds x 1
}

@test "51: the layout's version, and files that are no files" {
	craft <<<'layer(file("x")); oci_layout = {"imageLayoutVersion": "2.0.0"}'
	refuses "oci-layout: version 2.0.0, expected 1.0.x"
	craft <<<'layer(file("x"))'
	rm "$L/index.json"
	mkfifo "$L/index.json"
	refuses '"index.json" is not a regular file'
	rm -r "$L"
	mkdir "$L"
	refuses '"oci-layout"'
}

@test "55: an existing destination is not touched" {
	craft <<<'layer(file("x", "y"))'
	mkdir -p "$D"
	unpack
	holds x y
	it unpack "$L:t" "$D"
	exited 1
	[[ "$stderr" == *"exists and is not an empty directory"* ]]
	holds x y
	equal "$(ls -A "$T/place" | tr '\n' ' ')" "dest outside "
	rm -rf "$D"
	ln -s outside "$D"
	it unpack "$L:t" "$D"
	exited 1
	equal "$(ls -A "$T/place/outside")" file
}

@test "61: what a killed run left is swept by the next, what lives is not" {
	craft <<<'layer(file("x", "y"))'
	mkdir -p "$T/place/.oci-image-tool.0123456789abcdef/deep/er"
	mkdir "$T/place/.oci-image-tool.live"
	exec 7<"$T/place/.oci-image-tool.live"
	flock 7
	unpack
	exec 7<&-
	equal "$(ls -A "$T/place" | tr '\n' ' ')" ".oci-image-tool.live dest outside "
}

@test "61: killed at any moment, the destination is whole or absent, and the next run works" {
	craft <<<'layer(*[file("d%d/f%d" % (i % 50, i), "x" * 2000) for i in range(5000)])'
	for delay in 0.005 0.01 0.02 0.03 0.05 0.08 0.12; do
		tool unpack "$L:t" "$D" 2>/dev/null &
		sleep "$delay"
		kill -9 $! 2>/dev/null || true
		wait $! || true
		pkill -9 -f "unpack $L:t" || true
		[ ! -e "$D" ] || equal "$(find "$D" -type f | wc -l)" 5000
		rm -rf "$D"
	done
	unpack
	equal "$(ls -A "$T/place" | tr '\n' ' ')" "dest outside "
}

@test "61: a full disk, a read-only one, no descriptors: one error and nothing left" {
	require root
	craft <<<'import random; layer(*[file("f%d" % i, random.Random(i).randbytes(100000)) for i in range(40)])'
	mount -t tmpfs -o size=1m none "$T/place"
	it unpack "$L:t" "$D"
	exited 1
	[[ "$stderr" == *"no space left on device"* ]]
	equal "$(ls -A "$T/place")" ""
	mount -o remount,ro "$T/place"
	it unpack "$L:t" "$D"
	exited 1
	[[ "$stderr" == *"read-only file system"* ]]
	umount "$T/place"
	run --separate-stderr bash -c "ulimit -n 14; exec '$IMAGETOOL' unpack '$L:t' '$D'"
	if [ "$status" -ne 0 ]; then
		[[ "$stderr" == *"too many open files"* ]]
		nothing_left
	else
		equal "$(find "$D" -type f | wc -l)" 40
	fi
}

@test "SIGTERM ends an unpack in good order" {
	craft <<<'layer(*[file("d%d/f%d" % (i % 50, i), "x" * 2000) for i in range(20000)])'
	"$IMAGETOOL" unpack "$L:t" "$D" 2>"$T/err" &
	sleep 0.1
	kill -TERM $! 2>/dev/null || true
	wait $! && status=0 || status=$?
	[ "$status" -eq 0 ] || { grep -q "stopped by SIGTERM" "$T/err" && nothing_left; }
}

@test "platforms: the host's by default, asked for, and none" {
	craft <<-'E'
	layer(file("arch", "amd64")); amd = {**image(), "platform": {"os": "linux", "architecture": "amd64"}}
	layers.clear(); layer(file("arch", "arm64")); config["architecture"] = "arm64"
	arm = {**image(), "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}}
	att = {**arm, "platform": {"os": "unknown", "architecture": "unknown"}}
	i = json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [att, arm, amd]}).encode()
	extra.append({**descriptor(i, OCI + "index.v1+json"), "annotations": {"org.opencontainers.image.ref.name": "multi"}})
	E
	it_ok unpack "$L:multi" --platform linux/arm64 "$D"
	holds arch arm64
	rm -rf "$D"
	it_ok unpack "$L:multi" --platform linux:amd64 "$D"
	holds arch amd64
	rm -rf "$D"
	it_fails "nothing for linux/s390x; there is multi sha256:" unpack "$L:multi" --platform linux/s390x "$D"
	it_fails "expected OS/ARCH" unpack "$L:multi" --platform linux "$D"
	it_ok ls --format json "$L"
	jq -e '[.[] | select(.name == "multi") | .platform] == ["linux/arm64/v8", "linux/amd64"]' <<<"$output"
}

@test "an artifact is no image" {
	craft <<<'layer(file("x")); manifest.update(artifactType="application/vnd.example.thing", config=descriptor(b"{}", OCI.replace("image.", "") + "empty.v1+json"), layers=[])'
	refuses "artifact of type application/vnd.example.thing, not an image"
}

@test "docker schema 2 is read like OCI" {
	craft <<-'E'
	docker = "application/vnd.docker."
	layer(file("x", "y"), kind=docker + "image.rootfs.diff.tar.gzip")
	manifest["mediaType"] = docker + "distribution.manifest.v2+json"
	E
	unpack
	holds x y
}

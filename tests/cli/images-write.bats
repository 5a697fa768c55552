#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Changing layouts, and archives in and out: init, tag, rm, gc, config, load, save, convert, import,
# export.
load helpers
load images

two_layers() {
	craft <<-'E'
	layer(folder("d", mode=0o2750, uid=3), file("d/a", "one"), hard("d/h", "d/a"), file("gone", "x"), sym("s", "d/a"))
	layer(file(".wh.gone"), file("b", "two"))
	config["config"] = {"Env": ["A=b", "PATH=/bin"], "Cmd": ["/bin/sh"], "Labels": {"l": "1"}}
	config["history"] = [{"created_by": "one"}, {"created_by": "two"}]
	config["x.unknown"] = {"kept": [1, 2.5, "3"]}
	manifest["annotations"] = {"m": "1"}
	manifest["x-unknown"] = True
	E
}
sums() { (cd "$1/blobs/sha256" && ls | LC_ALL=C sort); }
# The image unpacks to the same tree as $L:t.
same_tree() { # IMAGE
	rm -rf "$T/place/one" "$T/place/two"
	it_ok unpack "$L:t" "$T/place/one"
	it_ok unpack "$1" "$T/place/two"
	diff <(tree "$T/place/one") <(tree "$T/place/two")
	rm -rf "$T/place/one" "$T/place/two"
}
honest() { it_ok validate "$1"; for f in "$1"/blobs/sha256/*; do equal "$(sha256sum <"$f" | cut -d' ' -f1)" "${f##*/}"; done; }

@test "init makes an empty layout, once" {
	it_ok init "$D"
	it_ok ls "$D"
	equal "$output" ""
	it_ok validate "$D"
	it init "$D"
	failed_with "is not empty"
}

@test "tag and rm change names alone, gc takes what nothing names" {
	two_layers
	it_ok tag "$L:t" other
	equal "$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | join(" ")' "$L/index.json")" "t other"
	it_ok rm "$L:t"
	it_ok gc "$L"
	equal "$output" "removed 0 blobs, 0 bytes"
	same_tree_of_other=$(tool inspect --format json "$L:other" | jq -r .digest)
	it_ok rm "$L@$same_tree_of_other"
	it_ok gc --dry-run "$L"
	[[ "$output" == "would remove 4 blobs, "* ]]
	equal "$(sums "$L" | wc -l)" 4
	echo junk >"$L/blobs/sha256/junk"
	it_ok gc "$L"
	equal "$(sums "$L")" ""
	it rm "$L:t"
	failed_with 'has no image "t"'
	it rm "$L"
	failed_with "say which image"
	it tag "$L:none" x
	failed_with 'has no image "none"'
}

@test "gc keeps what nested indexes and subjects lead to, and stops at what it cannot read" {
	craft <<-'E'
	layer(file("a", "1")); base = image()
	layers.clear(); layer(file("b", "2")); manifest["subject"] = base; signed = image(); del manifest["subject"]
	layers.clear(); layer(file("c", "3")); c = image()
	inner = descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [c]}).encode(), OCI + "index.v1+json")
	extra += [signed, descriptor(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [inner]}).encode(), OCI + "index.v1+json")]
	layers.clear(); layer(file("d", "4"))
	E
	before=$(sums "$L")
	it_ok gc "$L"
	equal "$(sums "$L")" "$before"
	blob=$(jq -r '.manifests[0].digest | split(":")[1]' "$L/index.json")
	echo x >>"$L/blobs/sha256/$blob"
	it gc "$L"
	failed_with "nothing was removed"
	equal "$(sums "$L")" "$before"
}

@test "config changes what is said and keeps what it does not know" {
	two_layers
	export SOURCE_DATE_EPOCH=1700000000
	it_ok config --env A=c --env N=1 --unset-env PATH --cmd /bin/x --cmd y --entrypoint /e --user 5 --workdir /w --label k=v --unset-label l \
		--expose 80/tcp --volume /v --stop-signal SIGINT --author me --annotation n=2 --unset-annotation m --tag new "$L:t"
	digest=$output
	config=$(tool inspect --format json "$L:new" | jq .config)
	jq -e '.config == {"User":"5","ExposedPorts":{"80/tcp":{}},"Env":["A=c","N=1"],"Entrypoint":["/e"],"Cmd":["/bin/x","y"],
		"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"k":"v"},"StopSignal":"SIGINT"} and .author == "me" and
		.created == "2023-11-14T22:13:20Z" and .["x.unknown"] == {"kept":[1,2.5,"3"]}' <<<"$config"
	tool inspect --format json "$L:new" | jq -e '.manifest.annotations == {"n": "2"} and .manifest["x-unknown"]'
	same_tree "$L:new"
	it_ok config --env A=c --env N=1 --unset-env PATH --cmd /bin/x --cmd y --entrypoint /e --user 5 --workdir /w --label k=v --unset-label l \
		--expose 80/tcp --volume /v --stop-signal SIGINT --author me --annotation n=2 --unset-annotation m --tag again "$L:t"
	equal "$output" "$digest"
	it_ok config --clear env --clear labels --user "" "$L:new"
	tool inspect --format json "$L:new" | jq -e '.config.config | has("Env") or has("Labels") or has("User") | not'
	it config --env nothing "$L:t"
	failed_with "--env: expected NAME=VALUE"
	it config --clear what "$L:t"
	failed_with "--clear: expected env"
	honest "$L"
}

@test "save and load: blobs come back as they were, from both forms at once" {
	two_layers
	it_ok tag "$L:t" docker.io/ex/two:2
	it_ok save -o "$T/a.tar" "$L:t"
	it_ok save -o "$T/b.tar" "$L:t"
	cmp "$T/a.tar" "$T/b.tar"
	it_ok load "$T/a.tar" "$T/l2"
	equal "$(sums "$T/l2")" "$(sums "$L")"
	same_tree "$T/l2:t"
	it_ok load "docker-archive:$T/a.tar" "$T/l3:mine"
	same_tree "$T/l3:mine"
	honest "$T/l3"
	it_ok save -f docker-archive -o "$T/d.tar" "$L:t" "$L:ex/two:2"
	equal "$(tar -xOf "$T/d.tar" manifest.json | jq -c '[.[].RepoTags[]]')" '["t:latest","docker.io/ex/two:2"]'
	equal "$(tar -tf "$T/d.tar" | sort | uniq -d)" ""
	it_ok load "$T/d.tar" "$T/l4"
	same_tree "$T/l4:ex/two:2"
	tool save -f docker-archive -o - "$L:t" "$L:ex/two:2" >"$T/pipe.tar"
	cmp "$T/d.tar" "$T/pipe.tar"
	tool save -o - "$L:t" | gzip >"$T/a.tar.gz"
	it_ok load "$T/a.tar.gz" "$T/l5"
	equal "$(sums "$T/l5")" "$(sums "$L")"
	it load "$T/d.tar" "$T/l6:one"
	failed_with "they cannot all be"
}

@test "save --platform all keeps an index with all its platforms" {
	craft <<-'E'
	layer(file("arch", "amd64")); amd = {**image(), "platform": {"os": "linux", "architecture": "amd64"}}
	layers.clear(); layer(file("arch", "arm64")); config["architecture"] = "arm64"
	arm = {**image(), "platform": {"os": "linux", "architecture": "arm64"}}
	extra.append({**descriptor(json.dumps({"schemaVersion": 2, "manifests": [amd, arm]}).encode(), OCI + "index.v1+json"), "annotations": {"org.opencontainers.image.ref.name": "multi"}})
	layers.clear(); layer(file("arch", "other")); config["architecture"] = "amd64"
	E
	it_ok save --platform all -o "$T/a.tar" "$L:multi"
	it_ok load "$T/a.tar" "$T/l2"
	honest "$T/l2"
	equal "$(jq -c '[.manifests[].annotations["org.opencontainers.image.ref.name"]]' "$T/l2/index.json")" '["multi"]'
	for arch in amd64 arm64; do
		it_ok unpack --platform linux/$arch "$T/l2:multi" "$D"
		holds arch $arch
		rm -r "$D"
	done
	equal "$(sums "$T/l2" | wc -l)" 7
	skopeo --insecure-policy copy -q --all "oci-archive:$T/a.tar:multi" "oci:$T/sl:x"
	equal "$(sums "$T/sl")" "$(sums "$T/l2")"
	it_ok save --platform all -o "$T/b.tar" "$L" "$L:multi"
	it_ok load "$T/b.tar" "$T/l3"
	equal "$(sums "$T/l3")" "$(sums "$L")"
	it_ok save -o "$T/c.tar" "$L:multi"
	it_ok load "$T/c.tar" "$T/l4"
	equal "$(sums "$T/l4" | wc -l)" 3
	it save --platform all -f docker-archive -o "$T/d.tar" "$L:multi"
	failed_with "--platform all needs --format oci-archive"
	it save --platform all -o "$T/d.tar" "$L:none"
	failed_with "has no entry none"
	[ ! -e "$T/d.tar" ]
	rm "$L/blobs/sha256/$(jq -r '.layers[0].digest | split(":")[1]' "$L/blobs/sha256/$(jq -r '.manifests[1].digest | split(":")[1]' "$T/l2/blobs/sha256/$(jq -r '.manifests[0].digest | split(":")[1]' "$T/l2/index.json")")")"
	it save --platform all -o "$T/d.tar" "$L:multi"
	exited 1
	[ ! -e "$T/d.tar" ]
}

@test "what others write is read, what we write is read by others" {
	two_layers
	it_ok save -o "$T/a.tar" "$L:t"
	it_ok save -f docker-archive -o "$T/d.tar" "$L:t"
	for ref in "oci-archive:$T/a.tar:t" "docker-archive:$T/a.tar" "docker-archive:$T/d.tar" "oci:$L:t"; do
		skopeo --insecure-policy inspect --config "$ref" | jq -e '.rootfs.diff_ids | length == 2'
	done
	skopeo --insecure-policy copy -q "oci:$L:t" "docker-archive:$T/sd.tar:ex/t:1"
	skopeo --insecure-policy copy -q "oci:$L:t" "oci-archive:$T/so.tar:ex/t:1"
	skopeo --insecure-policy copy -q "oci:$L:t" "oci:$T/sl:x"
	for image in "$T/sd.tar" "$T/so.tar" "$T/sl:x"; do same_tree "$image"; done
	[ "$(id -u)" = 0 ] || return 0
	umoci unpack --image "$L:t" "$T/umoci"
	it_ok unpack "$L:t" "$D"
	diff <(tree "$T/umoci/rootfs") <(tree)
	echo new >"$T/umoci/rootfs/new"
	umoci repack --image "$L:umoci" "$T/umoci"
	it_ok unpack "$L:umoci" "$T/place/two"
	diff <(tree "$T/umoci/rootfs") <(tree "$T/place/two")
	honest "$L"
}

@test "convert: other bytes, the same image" {
	two_layers
	it_ok convert --tag z "$L:t"
	same_tree "$L:z"
	tool inspect --format json "$L:z" | jq -e '[.layers[].mediaType] | unique == ["application/vnd.oci.image.layer.v1.tar+zstd"]'
	equal "$(tool inspect --format json "$L:z" | jq -r .manifest.config.digest)" "$(tool inspect --format json "$L:t" | jq -r .manifest.config.digest)"
	it_ok convert --compress none --tag p "$L:z"
	it_ok convert --compress gzip --level 9 --tag g "$L:p"
	same_tree "$L:g"
	honest "$L"
	it convert --compress lz4 "$L:t"
	failed_with "--compress: expected gzip, zstd or none"
}

@test "import and export: a tar and back" {
	require root
	two_layers
	it_ok export -o "$T/e.tar" "$L:t"
	mkdir "$T/gnu"
	tar -C "$T/gnu" -xpf "$T/e.tar"
	it_ok unpack "$L:t" "$D"
	diff <(tree "$T/gnu") <(tree)
	equal "$(stat -c %h "$T/gnu/d/a")" 2
	it_ok import --cmd /bin/x --env A=1 "$T/e.tar" "$T/new:i"
	same_tree "$T/new:i"
	tool inspect --format json "$T/new:i" | jq -e '.config.config == {"Env":["A=1"],"Cmd":["/bin/x"]} and .config.os == "linux" and (.config.history | length) == 1'
	honest "$T/new"
	it_ok import --compress zstd "$T/e.tar" "$T/new:z"
	same_tree "$T/new:z"
	echo "this is no tar, but it is long enough to be looked at" >"$T/no.tar"
	it import "$T/no.tar" "$T/new:bad"
	exited 1
	it_ok ls --format json "$T/new"
	jq -e 'length == 2' <<<"$output"
	it export -o "$T/none/e.tar" "$L:t"
	failed_with "no such file or directory"
}

@test "what the highest level of zstd makes can be unpacked" {
	craft <<<'layer(file("x", "y" * 3000000), codec="plain")'
	it_ok convert --compress zstd --level 22 --tag z "$L:t"
	same_tree "$L:z"
}

@test "gzip has a thread per processor, whose number does not change the result" {
	craft <<<'import random; layer(file("x", random.Random(1).randbytes(7000) * 1000), codec="plain")'
	cp -r "$L" "$T/one"
	it_ok convert --compress gzip --tag z "$L:t"
	same_tree "$L:z"
	honest "$L"
	run --separate-stderr taskset -c "$(taskset -pc $$ | sed 's/.*[ ,-]//')" "$IMAGETOOL" convert --compress gzip --tag z "$T/one:t"
	succeeded
	equal "$(sums "$T/one")" "$(sums "$L")"
	threads() { strace -f -qq -e trace=clone3,clone -o "$T/trace" "$IMAGETOOL" convert --compress gzip --tag z "$L:t" >"$T/log" && grep -c '^[0-9]* *clone' "$T/trace" || true; }
	want=$(nproc)
	[ "$want" -gt 1 ] || want=0
	equal "$(threads)" "$((want > 8 ? 8 : want))"
	rm -r "$L"
	craft <<<'layer(file("x", "small"), codec="plain")'
	equal "$(threads)" 0
}

@test "a full disk leaves the layout as it was" {
	require root
	two_layers
	mkdir "$T/small"
	mount -t tmpfs -o size=300k none "$T/small"
	tool init "$T/small/l"
	tool load "$L" "$T/small/l"
	head -c 400000 /dev/urandom >"$T/big"
	tar -C "$T" -cf "$T/big.tar" big
	before=$(sums "$T/small/l")
	it import "$T/big.tar" "$T/small/l:big"
	failed_with "no space left on device"
	equal "$(sums "$T/small/l")" "$before"
	equal "$(ls -A "$T/small/l" | tr '\n' ' ')" "blobs index.json oci-layout "
	it save -o "$T/small/a.tar" "$T/small/l:t" "$L:t"
	it_ok validate "$T/small/l"
	umount "$T/small"
}

@test "writers wait for each other, and nothing is lost" {
	two_layers
	for i in 1 2 3 4 5 6 7 8; do tool tag "$L:t" "n$i" & done
	wait
	equal "$(jq '.manifests | length' "$L/index.json")" 9
}

@test "blobs of sha512 are copied, saved and loaded under their names" {
	craft <<-'E'
	layer(file("x", "y"))
	layer_change.append(lambda d: d.update(digest=blob(layers[0][0], "sha512")))
	platform = None
	E
	sha512() { (cd "$1/blobs/sha512" && for f in *; do equal "$(sha512sum <"$f" | cut -d' ' -f1)" "$f"; echo "$f"; done); }
	it_ok load "$L" "$T/l2"
	equal "$(sha512 "$T/l2")" "$(sha512 "$L")"
	same_tree "$T/l2:t"
	honest "$T/l2"
	it_ok save -o "$T/a.tar" "$L:t"
	it_ok load "$T/a.tar" "$T/l3"
	equal "$(sha512 "$T/l3")" "$(sha512 "$L")"
	same_tree "$T/l3:t"
	it_ok rm "$T/l3:t"
	it_ok gc "$T/l3"
	equal "$(ls "$T/l3/blobs/sha512")" ""
	truncate -s -1 "$L"/blobs/sha512/*
	echo >>"$(echo "$L"/blobs/sha512/*)"
	it load "$L" "$T/l4"
	failed_with "is not what its digest says: it is sha512:"
	equal "$(ls -A "$T/l4/blobs/sha512")" ""
	# the manifest itself
	craft <<-'E'
	layer(file("x", "y"))
	i = image()
	d = "sha512:" + hashlib.sha512(made[i["digest"]]).hexdigest()
	blob(made[i["digest"]], "sha512")
	extra.append({**i, "digest": d, "annotations": {"org.opencontainers.image.ref.name": "m"}})
	E
	it_ok load "$L:m" "$T/l5"
	same_tree "$T/l5:m"
}

@test "where files cannot be without a name they have one for a while" {
	two_layers
	shim() { run --separate-stderr "$TOOLS/enosys" tmpfile "$IMAGETOOL" "$@"; }
	shim load "$L" "$T/l2"
	succeeded
	equal "$(sums "$T/l2")" "$(sums "$L")"
	honest "$T/l2"
	shim save -o "$T/a.tar" "$L:t"
	succeeded
	it_ok save -o "$T/b.tar" "$L:t"
	cmp "$T/a.tar" "$T/b.tar"
	shim save -o "$T/a.tar" "$L:t"
	succeeded
	gzip -k "$T/a.tar"
	TMPDIR=$T shim load "$T/a.tar.gz" "$T/l3"
	succeeded
	same_tree "$T/l3:t"
	for blob in "$L"/blobs/sha256/*; do [ "$(stat -c %s "$blob")" -lt 200 ] || echo x | dd of="$blob" bs=1 seek=9 conv=notrunc status=none; done
	shim load "$L" "$T/l4"
	exited 1
	shim save -f docker-archive -o "$T/c.tar" "$L:t"
	exited 1
	equal "$(find "$T" -name '.new-*')" ""
	absent ../../c.tar
	# who is killed leaves it to gc
	echo >"$T/l2/blobs/sha256/.new-0123456789abcdef"
	it_ok gc "$T/l2"
	equal "$output" "removed 1 blobs, 1 bytes"
}

@test "a layout is copied as reflinks where the file system has them" {
	require root
	require command mkfs.btrfs
	two_layers
	fallocate -l 128M "$T/disk"
	mkfs.btrfs -q "$T/disk"
	mkdir "$T/mnt"
	mount -o loop "$T/disk" "$T/mnt"
	head -c 3000000 /dev/urandom >"$T/big"
	tar -C "$T" -cf "$T/big.tar" big
	it_ok import "$T/big.tar" "$T/mnt/l:t"
	sync
	it_ok load "$T/mnt/l" "$T/mnt/l2"
	big=$(cd "$T/mnt/l2/blobs/sha256" && ls -S | head -1)
	filefrag -v "$T/mnt/l2/blobs/sha256/$big" | grep shared
	honest "$T/mnt/l2"
	umount "$T/mnt"
}

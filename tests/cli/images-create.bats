#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bundles made of images, and run; what the config says and what the options change.
load helpers
load images

# A layer with a shell in it, and what else the lines say. BASE is its entries.
craft_shell() {
	{
		echo "BASE = [folder('bin'), file('bin/busybox', open('$(command -v busybox)', 'rb').read(), mode=0o755)]"
		echo "BASE += [sym('bin/' + a, 'busybox') for a in 'sh ls cat id echo env hostname pwd true stat mount'.split()]"
		echo "BASE += [folder('etc'), file('etc/passwd', 'root:x:0:0::/root:/bin/sh\nbob:x:1000:1001::/home/bob:/bin/sh\n'), file('etc/group', 'root:x:0:\nbob:x:1001:\nextra:x:7:alice,bob\nstaff:x:50:\n')]"
		cat
	} | craft
}
conf() { jq -e "$@" "$D/config.json" >/dev/null || { echo "not so: $*"; jq . "$D/config.json"; return 1; }; }
runs() { run --separate-stderr ocirun run -b "$D" "$ID" </dev/null; succeeded; }

@test "an image becomes a bundle that runs as it is" {
	craft_shell <<-'E'
	layer(*BASE)
	layer(file("etc/motd", "hello"), file("bin/.wh.stat"))
	config["config"] = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["cat /etc/motd; pwd; echo $A; id -u"], "Env": ["A=b"], "WorkingDir": "/etc"}
	E
	it_ok create "$L:t" "$D"
	equal "$(stat -c %a "$D")" 700
	conf '.process.args == ["/bin/sh", "-c", "cat /etc/motd; pwd; echo $A; id -u"]'
	runs
	equal "$output" $'hello/etc\nb\n0'
	absent rootfs/bin/stat
}

@test "options override what the image says" {
	craft_shell <<-'E'
	layer(*BASE)
	config["config"] = {"Entrypoint": ["/bin/echo"], "Cmd": ["image"], "Env": ["A=b", "PATH=/bin"], "User": "bob"}
	E
	it_ok create --env A=c --env N=1 --hostname box --read-only --terminal --cwd /etc "$L:t" "$D" one two
	conf '.process.args == ["/bin/echo", "one", "two"] and .hostname == "box" and .root.readonly and .process.terminal and .process.cwd == "/etc"'
	conf '.process.env == ["A=c", "PATH=/bin", "N=1", "HOME=/home/bob", "TERM=xterm"]'
	rm -rf "$D"
	it_ok create --args /bin/id --args -u --user 5:staff "$L:t" "$D"
	conf '.process.args == ["/bin/id", "-u"] and .process.user == {uid: 5, gid: 50}'
	runs
	equal "$output" 5
}

@test "users: names, numbers, groups, and who is not there" {
	craft_shell <<-'E'
	layer(*BASE)
	config["config"] = {"Cmd": ["/bin/id"]}
	E
	while read -r user want; do
		it_ok create --user "$user" "$L:t" "$D"
		conf --argjson w "$want" '.process.user == $w'
		rm -rf "$D"
	done <<-'E'
	bob {"uid":1000,"gid":1001,"additionalGids":[7]}
	1000 {"uid":1000,"gid":1001}
	77 {"uid":77,"gid":0}
	bob:staff {"uid":1000,"gid":50}
	bob:9 {"uid":1000,"gid":9}
	77:staff {"uid":77,"gid":50}
	0:0 {"uid":0,"gid":0}
	E
	it_fails 'user "eve" is not in the image' create --user eve "$L:t" "$D"
	it_fails 'group "eve" is not in the image' create --user bob:eve "$L:t" "$D"
	it_fails 'expected USER or USER:GROUP' create --user bob: "$L:t" "$D"
}

@test "only root of the container has capabilities at once" {
	craft_shell <<<'layer(*BASE); config["config"] = {"Cmd": ["/bin/sh", "-c", "cat /proc/self/status"], "User": "bob"}'
	it_ok create "$L:t" "$D"
	conf '.process.capabilities.bounding | length == 14'
	conf '.process.capabilities | has("effective") | not'
	runs
	[[ "$output" == *"CapEff:"*"0000000000000000"* ]]
}

@test "59: passwd of the image cannot lead to the host's, nor hang us" {
	craft_shell <<-E
	layer(*BASE[:-2], sym("etc/passwd", "$T/place/outside/passwd"), sym("etc/group", "../../../../../../etc/group"))
	config["config"] = {"Cmd": ["/bin/id"], "User": "canary"}
	E
	echo 'canary:x:66:66::/:/bin/sh' >"$T/place/outside/passwd"
	it create "$L:t" "$D"
	exited 1
	[[ "$stderr" == *'user \"canary\" is not in the image'* ]]
	rm "$T/place/outside/passwd"
	nothing_left
	craft_shell <<<'layer(*BASE[:-2], node("etc/passwd", "6", 0, 0)); config["config"] = {"Cmd": ["/bin/id"], "User": "x"}'
	it_fails "etc/passwd is not a regular file" create "$L:t" "$D"
	craft_shell <<<'layer(*BASE[:-2], file("etc/passwd", "x" * (5 << 20))); config["config"] = {"Cmd": ["/bin/id"], "User": "x"}'
	it_fails "etc/passwd" create "$L:t" "$D"
}

@test "labels, ports, author and the rest are annotations; labels win" {
	craft_shell <<-'E'
	layer(*BASE)
	config.update(author="me", created="2025-01-01T00:00:00Z")
	config["config"] = {"Cmd": ["/bin/true"], "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "StopSignal": "SIGQUIT",
	                    "Labels": {"a": "b", "org.opencontainers.image.author": "label"}}
	E
	it_ok create "$L:t" "$D"
	conf '.annotations == {"org.opencontainers.image.os": "linux", "org.opencontainers.image.architecture": "amd64", "org.opencontainers.image.author": "label",
		"org.opencontainers.image.created": "2025-01-01T00:00:00Z", "org.opencontainers.image.stopSignal": "SIGQUIT",
		"org.opencontainers.image.exposedPorts": "53/udp,80/tcp", "a": "b"}'
}

@test "volumes are places to write to, with the image's content" {
	craft_shell <<-'E'
	layer(*BASE, file("data/seed", "from the image"))
	config["config"] = {"Cmd": ["/bin/sh", "-c", "cat /data/seed; echo x >/data/new && stat -f -c %T /data"], "Volumes": {"/data": {}}}
	E
	it_ok create "$L:t" "$D"
	runs
	equal "$output" "from the imagetmpfs"
	absent rootfs/data/new
	rm -rf "$D"
	it_ok create --volumes ignore "$L:t" "$D"
	conf '[.mounts[] | select(.destination == "/data")] == []'
	rm -rf "$D"
	it_fails "--volumes: expected tmpfs or ignore" create --volumes what "$L:t" "$D"
}

@test "an image without a command runs a shell, and says so" {
	craft_shell <<<'layer(*BASE)'
	it_ok create "$L:t" "$D"
	conf '.process.args == ["/bin/sh"] and .process.cwd == "/" and .process.env == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]'
	[[ "$stderr" == *"neither Entrypoint nor Cmd"* ]]
}

@test "id maps move owners, and ids outside are refused" {
	require root
	craft <<<'layer(file("a", uid=0, gid=0), file("b", uid=5, gid=6), folder("d", uid=5), sym("s", "a", uid=5), file("i/x"))'
	it_ok unpack --uid-map 0:100000:10 --gid-map 0:200000:10 "$L:t" "$D"
	equal "$(cd "$D" && stat -c '%n %u:%g' a b d i i/x s | tr '\n' ' ')" \
		"a 100000:200000 b 100005:200006 d 100005:200000 i 100000:200000 i/x 100000:200000 s 100005:200000 "
	rm -rf "$D"
	it_fails "its uid 5 is not in the id map" unpack --uid-map 0:100000:5 "$L:t" "$D"
	it_fails "expected CONTAINER:HOST:COUNT" unpack --uid-map 0:1 "$L:t" "$D"
	it_fails "exclude each other" unpack --rootless --uid-map 0:1:1 "$L:t" "$D"
}

@test "58: rootless: everything is ours and what needs privileges is left out" {
	craft <<-'E'
	import struct
	layer(file("a", "x", uid=5, gid=6), folder("closed", mode=0o500, uid=7), file("closed/f", "x", mode=0), node("null"),
	      xattr(file("cap", "x"), ("security.capability", struct.pack("<5I", 0x02000001, 0x400, 0, 0, 0))))
	layer(file("closed/g", "y"), file("closed/.wh.f"))
	E
	if [ "$(id -u)" = 0 ]; then
		chmod -R a+rX "$T"
		chown 1234 "$T/place"
		run --separate-stderr setpriv --reuid 1234 --regid 1234 --clear-groups "$IMAGETOOL" unpack --rootless "$L:t" "$D"
		succeeded
		equal "$(cd "$D" && stat -c '%n %u %a' a closed closed/g | tr '\n' ' ')" "a 1234 644 closed 1234 500 closed/g 1234 644 "
		run --separate-stderr setpriv --reuid 1234 --regid 1234 --clear-groups "$IMAGETOOL" unpack "$L:t" "$D.2"
		exited 1
		[[ "$stderr" == *"set the owner to 5:6: operation not permitted"* ]]
		rm -rf "$D"
		nothing_left
	else
		it_ok unpack --rootless "$L:t" "$D"
		equal "$(stat -c %u "$D/a")" "$(id -u)"
	fi
}

@test "rootless: the owners of the image are noted in user.rootlesscontainers" {
	require root
	craft <<-'E'
	forged = ("user.rootlesscontainers", b"\x08\x07")
	layer(xattr(file("a", "x", uid=5, gid=600, mode=0o444), ("user.kept", "v")), file("g", "x", gid=6), folder("d", uid=70000, mode=0o555),
	      folder("twice", uid=9), xattr(file("root", "x"), forged), sym("s", "a", uid=5), xattr(folder("forged"), forged))
	layer(folder("twice"), file("d/f", "y", uid=2**32 - 2))
	E
	chmod -R a+rX "$T"
	chown 1234 "$T/place"
	run --separate-stderr setpriv --reuid 1234 --regid 1234 --clear-groups "$IMAGETOOL" create --rootless "$L:t" "$D"
	succeeded
	noted() { getfattr -h --only-values -n user.rootlesscontainers "$D/rootfs/$1" 2>/dev/null | od -An -tx1 | tr -d ' \n'; }
	equal "$(for f in a g d twice root s forged d/f; do echo "$f:$(noted $f)"; done | tr '\n' ' ')" \
		"a:080510d804 g:1006 d:08f0a204 twice: root: s: forged: d/f:08feffffff0f "
	equal "$(getfattr --only-values -n user.kept "$D/rootfs/a")" v
	equal "$(stat -c %a "$D/rootfs/a" "$D/rootfs/d" | tr '\n' ' ')" "444 555 "
	run --separate-stderr setpriv --reuid 1234 --regid 1234 --clear-groups "$IMAGETOOL" diff "$D"
	succeeded
	equal "$output" ""
	# none of it goes into a layer; the real owners do
	echo more >>"$D/rootfs/g"
	run --separate-stderr setpriv --reuid 1234 --regid 1234 --clear-groups "$IMAGETOOL" repack "$D" "$T/place/new:t"
	succeeded
	it_ok unpack "$T/place/new:t" "$T/place/x"
	equal "$(getfattr -R -d -m rootlesscontainers "$T/place/x" 2>/dev/null)" ""
	equal "$(stat -c %u:%g "$T/place/x/g" "$T/place/x/a" | tr '\n' ' ')" "0:6 5:600 "
}

@test "inspect and ls, for people and for programs" {
	craft <<-'E'
	layer(file("x"))
	config.update(author="a\x1b[31m", history=[{"created_by": "make it"}, {"created_by": "nothing", "empty_layer": True}])
	config["config"] = {"Env": ["A=b"], "Cmd": ["x y"]}
	E
	it_ok inspect "$L:t"
	[[ "$output" == *'a\x1b[31m'* && "$output" == *'"x y"'* && "$output" == *"make it"* ]]
	it_ok inspect --format json "$L:t"
	jq -e '.config.config.Env == ["A=b"] and .manifest.schemaVersion == 2 and (.layers | length) == 1 and .layers[0].compression == "gzip"' <<<"$output"
	it_ok ls "$L"
	[[ "$output" == *"linux/amd64"* ]]
	it_fails "--format: expected table or json" ls --format xml "$L"
	it ls "$T/none"
	exited 1
}

@test "validate names every fault" {
	craft <<-'E'
	layer(file("x", "y"))
	layer(file("x", "y"), file("bad", checksum=1))
	config["created"] = "yesterday"
	config["config"] = {"Env": ["nothing"], "Volumes": {"relative": {}}}
	config["history"] = [{"created_by": "one"}]
	E
	it_ok ls "$L"
	it validate "$L"
	exited 1
	[[ "$output" == *"5 errors detected"* ]]
	for text in "/created: " "/config/Env/0" "/config/Volumes" "/history tells of 1 layers, the manifest has 2" "entry 2: the checksum of the header is wrong"; do
		[[ "$output" == *"$text"* ]] || { echo "missing: $text in $output"; return 1; }
	done
	it validate --format json "$L:t"
	exited 1
	jq -e '.errors | length == 5' <<<"$output"
	craft <<<'layer(file("x", "y"))'
	it_ok validate "$L"
	[[ "$output" == *": OK (4 documents and blobs)" ]]
	blob=$(jq -r '.manifests[0].digest | split(":")[1]' "$L/index.json")
	it_ok validate --type manifest "$L/blobs/sha256/$blob"
	it validate --type config "$L/blobs/sha256/$blob"
	exited 1
	rm "$L/blobs/sha256/$blob"
	it validate "$L"
	exited 1
	[[ "$output" == *"1 error detected"* && "$output" == *"no such file or directory"* ]]
}

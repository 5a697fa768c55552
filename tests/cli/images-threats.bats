#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a hostile layer may try when it is unpacked; the number in front is the row of
# docs/design/image-threats.md.
load helpers
load images

@test "1: an absolute name stays below the destination" {
	craft <<<'layer(file("/etc/x", "in"), file("//y", "in"))'
	unpack
	equal "$(paths)" "etc etc/x y "
}

@test "2: .. in a name is refused" {
	for name in ../x a/../../x a/.. /../x; do
		craft <<<"layer(file('$name', 'x'))"
		refuses 'entry 1 "'"$name"'": its name has ".."'
	done
}

@test "3: the text of a symlink is kept and not followed" {
	craft <<<'layer(sym("l", "../../../../../../../../etc/passwd"), sym("a", "/etc"))'
	unpack
	equal "$(readlink "$D/l")" ../../../../../../../../etc/passwd
	equal "$(readlink "$D/a")" /etc
}

@test "4: a symlink on the way leads inside the destination only" {
	mkdir -p "$T/place/outside/d"
	craft <<-E
	layer(folder("usr/lib"), sym("lib", "usr/lib"), sym("out", "$T/place/outside"), sym("up", "../outside"))
	layer(file("lib/x", "1"), file("out/y", "2"), file("up/z", "3"))
	E
	unpack
	holds usr/lib/x 1
	holds "$T/place/outside/y" 2
	holds outside/z 3
	rmdir "$T/place/outside/d"
	rm -rf "$D"
	nothing_left
}

@test "6: an entry for the root sets it, if it is a folder" {
	craft <<<'layer(folder("./", mode=0o1777, mtime=77), file("x"))'
	unpack
	equal "$(stat -c '%a %Y' "$D")" "1777 77"
	for entry in 'file("./", "x", kind="0", size=1)' 'sym(".", "/etc")' 'sym("/", "/etc")'; do
		rm -rf "$D" "$L"
		[[ $entry == file* ]] && continue
		craft <<<"layer($entry)"
		refuses "the root of the tree is not a folder"
	done
}

@test "7: hard links reach what is in the image and is no folder" {
	craft <<-'E'
	layer(folder("d"), sym("d/out", "/etc/passwd"), file("f", "x"))
	layer(hard("a", "/f"), hard("b", "d/out"))
	E
	unpack
	equal "$(stat -c %i "$D/a")" "$(stat -c %i "$D/f")"
	equal "$(readlink "$D/b")" /etc/passwd
	for target in ../outside/file missing d /etc/passwd d/out/x; do
		rm -rf "$D" "$L"
		craft <<<"layer(folder('d'), sym('d/out', '/etc'), hard('h', '$target'))"
		it unpack "$L:t" "$D"
		exited 1
		nothing_left
	done
	[[ "$stderr" == *"which is not in the image"* ]]
}

@test "8: new content never goes into a linked file" {
	craft <<-'E'
	layer(file("a", "old"), hard("b", "a"))
	layer(file("a", "new"))
	E
	unpack
	holds a new
	holds b old
}

@test "9, 10: files and folders replace symlinks instead of going through them" {
	craft <<-E
	layer(sym("f", "$T/place/outside/file"), sym("d", "$T/place/outside"))
	layer(file("f", "mine"), folder("d"), file("d/file", "mine"))
	E
	unpack
	[ ! -L "$D/f" ] && [ ! -L "$D/d" ]
	holds f mine
	holds d/file mine
	rm -rf "$D"
	nothing_left
}

@test "11, 60: what is in the way of a folder goes, also a tree in the way of a file" {
	craft <<-'E'
	layer(file("p", "x"), file("t/u/v/w", "x"))
	layer(file("p/q", "y"), file("t", "y"))
	E
	unpack
	equal "$(paths)" "p p/q t "
}

@test "12, 13: a whiteout of nothing there, and one behind a symlink" {
	craft <<-E
	layer(file("usr/f", "x"), sym("l", "usr"), sym("out", "$T/place/outside"))
	layer(file(".wh.missing"), file("l/.wh.f"), file("out/.wh.file"), file("no/.wh.x"))
	E
	unpack
	equal "$(paths)" "l out usr "
	rm -rf "$D"
	nothing_left
}

@test "14: whiteouts without a name are refused" {
	for name in .wh. .wh.. .wh... d/.wh.; do
		craft <<<"layer(file('$name'))"
		refuses "it is a whiteout of nothing"
	done
	craft <<<'layer(file(".wh.f/x"))'
	refuses "it is inside a whiteout"
}

@test "15: a whiteout takes from below, wherever it stands" {
	craft <<-'E'
	layer(file("f", "old"), file("d/old", "x"), file("d/sub/old", "x"))
	layer(file("f", "new"), file(".wh.f"), file("d/new", "y"), file(".wh.d"))
	layer(file("g", "y"))
	E
	unpack
	holds f new
	equal "$(paths)" "d d/new f g "
}

@test "16: opaque folders, before, after, twice and one in the other" {
	craft <<-'E'
	layer(file("a/old"), file("b/old"), file("b/s/old"), file("c/x/y/old"))
	layer(file("a/.wh..wh..opq"), file("a/new"), file("b/s/new"), file("b/.wh..wh..opq"), file("b/.wh..wh..opq"),
	      file("c/x/.wh..wh..opq"), file("c/.wh..wh..opq"), file("c/x/y/new"), file("none/.wh..wh..opq"))
	E
	unpack
	equal "$(find "$D" -type f -printf '%P\n' | sort | tr '\n' ' ')" "a/new b/s/new c/x/y/new "
}

@test "17, 18: other names of aufs are nothing; of a whiteout only the name counts" {
	craft <<-'E'
	layer(file("f"), file("g"), file("h"))
	layer(folder(".wh..wh.plnk"), file(".wh..wh.plnk/1.2", "x"), file(".wh..wh.aufs", "x"),
	      folder(".wh.f"), sym(".wh.g", "/etc"), file(".wh.h", "has data"))
	E
	unpack
	equal "$(paths)" ""
}

@test "19: devices are left out, or made when asked for, but never 0:0" {
	craft <<<'layer(node("null"), node("loop", "4", 7, 0), file("f"))'
	unpack
	equal "$(paths)" "f "
	[[ "$stderr" == *"2 devices of the image were left out"* ]]
	rm -rf "$D"
	[ "$(id -u)" = 0 ] || return 0
	unpack --devices
	equal "$(stat -c '%F %t:%T' "$D/null")" "character special file 1:3"
	rm -rf "$D" "$L"
	craft <<<'layer(node("wh", "3", 0, 0))'
	refuses "character device 0:0 is a whiteout of overlayfs" --devices
	craft <<<'layer(node("big", "3", 0x1000, 0))'
	refuses "the major of the header is 4096, more than 4095" --devices
}

@test "20, 34: a FIFO is made, types nobody knows are refused" {
	craft <<<'layer(node("p", "6", 0, 0))'
	unpack
	[ -p "$D/p" ]
	rm -rf "$D"
	for kind in 8 A M N V 9 Z; do
		craft <<<"layer(header('x', '$kind'))"
		refuses "entry 1: unknown type '$kind'"
	done
}

@test "21: setuid, setgid and sticky bits are kept" {
	craft <<<'layer(file("u", "x", mode=0o4755), file("g", "x", mode=0o2755, uid=0), folder("s", mode=0o1777), folder("d", mode=0o2775))'
	unpack
	equal "$(cd "$D" && stat -c %a u g s d | tr '\n' ' ')" "4755 2755 1777 2775 "
}

@test "22: file capabilities are kept, and must be valid" {
	require root
	craft <<<'import struct; layer(xattr(file("f", "x"), ("security.capability", struct.pack("<5I", 0x02000001, 0x400, 0, 0, 0))))'
	unpack
	[[ "$(getcap "$D/f" 2>/dev/null || /usr/sbin/getcap "$D/f")" == *cap_net_bind_service* ]]
	rm -rf "$D" "$L"
	craft <<<'layer(xattr(file("f", "x"), ("security.capability", b"short")))'
	refuses "its security.capability is not valid"
}

@test "23, 24, 25: labels and overlayfs's own attributes are left out" {
	craft <<-'E'
	layer(xattr(folder("d"), ("trusted.overlay.opaque", "y"), ("trusted.x", "y"), ("user.overlay.redirect", "/etc"),
	            ("security.selinux", "x"), ("security.ima", "x"), ("system.nfs4_acl", "x"), ("user.kept", "v")))
	E
	unpack
	equal "$(getfattr -d -m - "$D/d" 2>/dev/null | grep -v '^#' | grep .)" 'user.kept="v"'
	[[ "$stderr" == *"6 extended attributes of the image were left out"* ]]
}

@test "26: attributes have limits" {
	craft <<<'layer(xattr(file("f"), *[("user.a%d" % i, "x") for i in range(101)]))'
	refuses "more than 100 extended attributes"
	craft <<<'layer(xattr(file("f"), ("user.a", "x" * 65537)))'
	refuses "has 65537 bytes, more than 65536"
	craft <<<'layer(xattr(file("f"), ("user." + "n" * 251, "x")))'
	refuses "has a name of 256 bytes"
}

@test "27: an ACL must be valid" {
	craft <<<'layer(xattr(file("f"), ("system.posix_acl_access", b"\2\0\0\0xyz")))'
	refuses "its system.posix_acl_access is not valid"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Tars that are not what they should be, and streams around them; the number in front is the row of
# docs/design/image-threats.md.
load helpers
load images

@test "28: global headers are passed over, up to a size" {
	craft <<<'layer(pax(b"", "g", comment="x"), file("f", "x"))'
	unpack
	equal "$(paths)" "f "
	rm -rf "$D" "$L"
	craft <<<'layer(pax(file("f"), "g", raw=b"x" * (2 << 20)))'
	refuses "global headers of 2097152 bytes"
}

@test "29: the last of a pax record wins, a broken one is refused" {
	craft <<<'layer(pax(file("x"), raw=record("path", "a") + record("path", "b")))'
	unpack
	equal "$(paths)" "b "
	rm -rf "$D" "$L"
	for raw in 'b"junk\n"' 'b"99 path=x\n"' 'b"7 path\n"' 'b"12 path=a\0b\n\n"' 'record("path", b"a\0b")' 'b"0 =x\n"'; do
		craft <<<"layer(pax(file('x'), raw=$raw))"
		refuses "entry 1: "
	done
}

@test "30: the size of a pax record is the size" {
	craft <<<'layer(pax(file("a", "abc", size=999), size="3"), file("b", "x"))'
	unpack
	holds a abc
	equal "$(paths)" "a b "
}

@test "31: GNU long names end with their NUL and come once" {
	craft <<<'layer(long_name(file("x", "1"), "d/" + "n" * 200))'
	unpack
	[ -f "$D/d/$(printf 'n%.0s' $(seq 200))" ]
	rm -rf "$D" "$L"
	craft <<<'layer(long_name(file("x"), "abc", nul=False))'
	refuses "does not end with its NUL"
	craft <<<'layer(long_name(long_name(file("x"), "b"), "a"))'
	refuses "two extended headers of one kind in a row"
	craft <<<'layer(long_name(file("x"), "n" * 5000))'
	refuses "an extended header of 5001 bytes"
}

@test "32: sparse files are expanded, within limits" {
	craft <<<'layer(pax(file("x", "ab"), GNU__sparse__map="0,1,1000000,1", GNU__sparse__size="2000000"))'
	unpack
	equal "$(stat -c %s "$D/x")" 2000000
	[ "$(stat -c %b "$D/x")" -lt 100 ]
	equal "$(head -c 1 "$D/x")$(tail -c +1000001 "$D/x" | head -c 1)" ab
	rm -rf "$D"
	refuses "the files are bigger than 1000000 bytes together" --max-size 1000000
	craft <<<'layer(pax(file("x", "ab"), GNU__sparse__map="0,1,0,1", GNU__sparse__size="20"))'
	refuses "overlaps or is outside"
	craft <<<'layer(pax(file("x", "ab"), GNU__sparse__map="0,1,30,1", GNU__sparse__size="20"))'
	refuses "overlaps or is outside"
}

@test "33: numbers that are negative or too big are refused" {
	for k in uid=-1 gid=-1 size=-1 uid=2**32-1 gid=2**40 'uid=b"9999999\0"'; do
		craft <<<"layer(header('x', $k))"
		refuses "entry 1: the ${k%%=*} of the header is"
	done
}

@test "35: checksums, short archives, missing ends" {
	craft <<<'layer(file("x", checksum=1))'
	refuses "the checksum of the header is wrong"
	craft <<<'layer(file("x", "y")[:-100], end=b"")'
	refuses "the archive ends in the middle of entry"
	craft <<<'layer(file("x", "y"), end=b"")'
	unpack
	holds x y
	rm -rf "$D" "$L"
	craft <<<'layer(file("x", "y"), end=b"\0" * 512)'
	unpack
	holds x y
}

@test "36: data behind the end of the archive is refused, zeros are not" {
	craft <<<'layer(file("x", "y"), end=b"\0" * 20000)'
	unpack
	rm -rf "$D" "$L"
	craft <<<'layer(file("x", "y"), end=b"\0" * 1024 + file("z", "hidden"))'
	refuses "there is data behind the end of the archive"
}

@test "37: of two entries of one name the last wins" {
	craft <<<'layer(file("x", "1"), file("x", "2"), folder("d"), file("d", "3"))'
	unpack
	holds x 2
	holds d 3
}

@test "38: bombs are refused by size and by ratio" {
	craft <<<'layer(file("x", "y" * 3000000))'
	refuses "than 2000000 bytes" --max-size 2000000
	craft <<-'E'
	import zlib
	def bomb(plain):
	    c = zlib.compressobj(9, zlib.DEFLATED, 31)
	    out = c.compress(plain)
	    zero = b"\0" * (1 << 20)
	    for i in range(1100):
	        out += c.compress(zero)
	    return out + c.flush()
	layer(header("x", size=1100 << 20), end=b"", squeeze=bomb)
	E
	refuses "it unpacks to more than 1000 times its size"
}

@test "39: entries and depth have limits" {
	craft <<<'layer(*[file("f%d" % i) for i in range(20)])'
	refuses "there are more than 19 entries" --max-entries 19
	craft <<<'layer(pax(file("x"), path="/".join(["d"] * 513)))'
	refuses "its name has more than 512 parts"
	craft <<<'layer(pax(file("x"), path="/".join(["d"] * 512)))'
	unpack
}

@test "43: gzip members and padding are read, garbage behind them is refused" {
	craft <<<'layer(file("x", "y"), squeeze=lambda d: gzip.compress(d[:700]) + gzip.compress(d[700:]) + b"\0" * 600)'
	unpack
	holds x y
	rm -rf "$D" "$L"
	craft <<<'layer(file("x", "y"), squeeze=lambda d: gzip.compress(d) + b"\0\0garbage")'
	refuses "there is data behind the last gzip member"
	craft <<<'layer(file("x", "y"), squeeze=lambda d: gzip.compress(d)[:-1])'
	refuses "the gzip data ends too early"
}

@test "44: zstd frames, skippable ones among them; no huge window" {
	craft <<<'layer(file("x", "y"), codec="zstd", squeeze=lambda d: zstd(d[:700]) + struct.pack("<II", 0x184d2a50, 3) + b"abc" + zstd(d[700:]))'
	unpack
	holds x y
	rm -rf "$D" "$L"
	# the window of level 20, with all of our memory; that of level 21
	craft <<<'import random; layer(file("x", random.Random(1).randbytes(1000) * 100000), codec="zstd", squeeze=lambda d: zstd(d, "--long=25"))'
	peak=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$IMAGETOOL" -q unpack "$L:t" "$D")
	[ "$peak" -lt 65536 ] || [ -n "${ASAN_OPTIONS:-}" ] || { echo "peak of $peak KiB"; return 1; }
	equal "$(stat -c %s "$D/x")" 100000000
	rm -rf "$D"
	for long in 26 27 31; do
		craft <<<'import random; layer(file("x", random.Random(1).randbytes(1000) * 100000), codec="zstd", squeeze=lambda d: zstd(d, "--long='$long'"))'
		refuses "the zstd data needs a window of more than 32 MiB"
	done
}

@test "45: a wrong checksum of gzip is refused" {
	craft <<<'layer(file("x", "y"), squeeze=lambda d: gzip.compress(d)[:-8] + b"\0" * 8)'
	refuses "the gzip checksum is wrong"
}

@test "52, 54: names are bytes, and have a length" {
	craft <<<'layer(file(b"\xff\x01\n:", "x"), file("n" * 99), pax(file("x"), path="m" * 255))'
	unpack
	equal "$(cd "$D" && ls -b | head -1)" 'mmm'"$(printf 'm%.0s' $(seq 252))"
	[ -e "$D/"$'\xff\x01\n:' ]
	rm -rf "$D" "$L"
	craft <<<'layer(pax(file("x"), path="m" * 256))'
	refuses "a part of its name has 256 bytes, more than 255"
	craft <<<'layer(hard(b"evil\x1b[31m\n", "missing"))'
	refuses 'evil\\x1b[31m\\x0a'
	craft <<<'layer(pax(file("x", "deep"), path="/".join(["c" * 100] * 60)))'
	unpack
	equal "$(find "$D" -type f | wc -l)" 1
}

@test "56, 57: times that cannot be kept are 0; folders have theirs in the end" {
	craft <<-'E'
	layer(folder("d", mtime=5000), file("d/a", mtime=2**35), pax(file("d/b"), mtime="1.123456789"), file("d/c", mtime=-5), file("implied/x"))
	layer(file("d/e"))
	E
	unpack
	equal "$(cd "$D" && stat -c '%n %.9Y' d d/a d/b d/c implied | tr '\n' ' ')" \
		"d 5000.000000000 d/a 0.000000000 d/b 1.123456789 d/c -5.000000000 implied 0.000000000 "
}

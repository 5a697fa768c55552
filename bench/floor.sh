#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compiles bench/floor.c: bench/floor.sh PROGRAM. The borders in the lists of system call numbers, where
# docker's profile changes its mind, are made here of the kernel's headers (linux-libc-dev).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ "$(uname -m)" = x86_64 ] || { echo "the floor is written for x86-64" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# "NUMBER" lines of the names that the profile allows, of a header; BASE is added.
numbers() { # HEADER BASE
	awk -v base="$2" 'FILENAME == ARGV[1] { gsub(/[][", \t]+/, " "); n = split($0, w, " "); for (i = 1; i <= n; i++) allowed[w[i]]; next }
		match($0, /^#define __NR_[a-z0-9_]+/) {
			name = substr($2, 6); number = $NF; gsub(/[()]/, "", number)
			if (name in allowed) printf "%d\n", number + base
		}' "$here/../tests/cli/docker-syscalls.json" <(printf '#include <asm/%s>\n' "$1" | cc -E -dM -x c -)
}
borders() { # NAME: an array of where the answer changes, of the numbers on stdin
	sort -nu | awk -v name="$1" 'NR == 1 || $1 != last + 1 { if (NR > 1) list = list sprintf(" %uu,", last + 1); list = list sprintf(" %uu,", $1) }
		{ last = $1 }
		END { printf "static const unsigned %s[] = {%s %uu };\n", name, list, last + 1 }'
}
{
	{ numbers unistd_64.h 0; numbers unistd_x32.h 1073741824; } | borders native
	numbers unistd_32.h 0 | borders i386
} >"$dir/floor_calls.h"
cc -D_GNU_SOURCE -std=gnu11 -O2 -Wall -Wextra -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pie -no-pie \
	-Wl,-z,noseparate-code -Wl,--build-id=none -s -I"$dir" -o "$1" "$here/floor.c"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
cd "$(dirname "$0")" && mkdir -p build-aux && exec autoreconf -fi

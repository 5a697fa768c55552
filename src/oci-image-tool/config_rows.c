/* SPDX-License-Identifier: Apache-2.0 */
/* The options of config, which import has too. */
#include "image/image.h"
#include "oci-image-tool/shared_rows.h"

const struct opt config_rows[] = {
	OPT_STRING(0, "user", struct config_wishes, user, "USER[:GROUP]", "User"),
	OPT_STRING(0, "workdir", struct config_wishes, workdir, "PATH", "WorkingDir"),
	OPT_STRING(0, "stop-signal", struct config_wishes, stop_signal, "SIGNAL", "StopSignal"),
	OPT_STRINGS(0, "env", struct config_wishes, env, "NAME=VALUE", "add to Env, or replace"),
	OPT_STRINGS(0, "unset-env", struct config_wishes, unset_env, "NAME", "take out of Env"),
	OPT_STRINGS(0, "entrypoint", struct config_wishes, entrypoint, "WORD",
		    "a word of Entrypoint, instead of the old ones"),
	OPT_STRINGS(0, "cmd", struct config_wishes, cmd, "WORD",
		    "a word of Cmd, instead of the old ones"),
	OPT_STRINGS(0, "label", struct config_wishes, labels, "NAME=VALUE", "a label"),
	OPT_STRINGS(0, "unset-label", struct config_wishes, unset_labels, "NAME",
		    "take a label away"),
	OPT_STRINGS(0, "expose", struct config_wishes, ports, "PORT[/PROTO]",
		    "add to ExposedPorts"),
	OPT_STRINGS(0, "volume", struct config_wishes, volumes, "PATH", "add to Volumes"),
	OPT_STRING(0, "author", struct config_wishes, author, "TEXT", "author"),
	OPT_STRING(0, "created", struct config_wishes, created, "TIME",
		   "created (default: now, or SOURCE_DATE_EPOCH)"),
	OPT_STRING(0, "os", struct config_wishes, os, "OS", "os"),
	OPT_STRING(0, "architecture", struct config_wishes, architecture, "ARCH", "architecture"),
	OPT_STRING(0, "variant", struct config_wishes, variant, "VARIANT", "variant"),
	OPT_STRINGS(0, "clear", struct config_wishes, clear, "FIELD",
		    "empty env, cmd, entrypoint, labels, exposed-ports, volumes or history first"),
	OPT_END
};

#!/usr/bin/env bash
# Starts the command line of an unpacked package, with the runtime that lies beside it. See kprobe --help.
set -euo pipefail

home=$(readlink -f "${BASH_SOURCE[0]}")
home=${home%/bin/*}
# shellcheck disable=SC2034 # launch.sh uses both
java_home=$home/runtime libraries=$home/lib
# shellcheck source=cli/src/main/bash/launch.sh
. "$libraries/launch.sh"

open_standard_streams
start_kprobe "$@"

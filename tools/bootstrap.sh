#!/usr/bin/env bash
# Puts uv into .tools/ with nothing but Python >= 3.11; uv then makes everything else.
set -euo pipefail
cd "$(dirname "$0")/.."
uv_version=0.13.9

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=""
for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
  if fits "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3" >&2
  exit 1
fi

# Debian keeps venv in a package of its own.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    echo "Python's venv is missing; run: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

"$python" -m venv .tools
.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"

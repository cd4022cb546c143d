#!/bin/sh
# Asks for the known vulnerabilities of every package in the locks, whatever Python and system it
# is for. It needs the internet.
#
#   scripts/audit.sh SECURITY.md LOCK... -- COMMAND...
#
# COMMAND starts pip-audit. Advisories that SECURITY.md names are passed over, for they are judged
# there; any other advisory is an error, and so is a package that could not be asked about.
set -eu

SECURITY=$1
shift
LOCKS=
while [ "$1" != -- ]; do
  LOCKS="$LOCKS $1"
  shift
done
shift

JUDGED=$(grep -oE '(CVE|PYSEC)-[0-9]{4}-[0-9]+|GHSA(-[0-9a-z]{4}){3}' "$SECURITY" | sort -u)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
WRONG=
for lock in $LOCKS; do
  name=$(basename "$lock" .txt)
  # pip-audit takes one version of a package: a second one goes into a list of its own.
  sed -E -e '/^ *(#|$)/d' -e 's/ *;.*//' "$lock" |
    awk -F== -v base="$WORK/$name" '{ print > (base "-" ++seen[$1] ".txt") }'
  for list in "$WORK/$name"-*.txt; do
    echo "$lock: $(wc -l < "$list") packages"
    # --strict, for without it pip-audit passes over the packages that it gets no answer about.
    # shellcheck disable=SC2046,SC2086
    "$@" --strict --no-deps --disable-pip --progress-spinner=off --requirement="$list" \
      ${JUDGED:+$(printf -- '--ignore-vuln=%s ' $JUDGED)} || WRONG="$WRONG $lock"
  done
done
if [ -n "$WRONG" ]; then
  echo "error: Found advisories that $SECURITY does not judge, or no answer, for$WRONG: see above," \
    "then judge them in $SECURITY or raise the versions." >&2
  exit 1
fi
echo "Found no advisory that $SECURITY does not judge."

#!/bin/sh
# Starts Valkey with a password (requirepass) that is no argument: arguments are on the process list for everybody to read.
set -eu
umask 077
config="${VALKEY_CONFIG:-/run/valkey/valkey.conf}"
password_file="${VALKEY_PASSWORD_FILE:-/run/secrets/valkey_password}"
password="$(cat "$password_file")"
case "$password" in
  *[!0-9A-Za-z_.~-]*) echo 'The password of Valkey may hold letters, digits and _ . ~ - only' >&2; exit 2 ;;
esac
if [ "${#password}" -lt 32 ]; then
  echo 'The password of Valkey must have 32 characters at least' >&2
  exit 2
fi
cat > "$config" <<CONFIG
requirepass $password
maxmemory ${VALKEY_MAXMEMORY:-512mb}
maxmemory-policy ${VALKEY_MAXMEMORY_POLICY:-allkeys-lru}
appendonly ${VALKEY_APPENDONLY:-no}
save ""
dir ${VALKEY_DIR:-/data}
port ${VALKEY_PORT:-6379}
bind * -::*
protected-mode yes
tcp-keepalive 60
CONFIG
unset password
exec valkey-server "$config"

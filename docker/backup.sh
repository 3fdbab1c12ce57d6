#!/bin/sh
# One backup of PostgreSQL into BACKUP_DIR, for a cron job each night; those older than BACKUP_RETENTION_DAYS go, but never the
# new one. Of the server of compose.yaml; with PGHOST, of that one, by this machine's pg_dump (PGUSER, PGDATABASE, PGPASSFILE).
set -eu
umask 077
folder="${BACKUP_DIR:?says where backups lie}"
days="${BACKUP_RETENTION_DAYS:-30}"
case "$days" in
  '' | *[!0-9]*) echo 'BACKUP_RETENTION_DAYS must be a number of days' >&2; exit 2 ;;
esac

dump() {
  if [ -n "${PGHOST:-}" ]; then
    pg_dump --format=custom
  else
    docker compose -f "$(dirname "$0")/compose.yaml" exec -T postgres pg_dump --username=postgres --format=custom gatehouse
  fi
}

mkdir -p "$folder"
made="$folder/gatehouse-$(date -u +%Y%m%dT%H%M%SZ).dump"
# Half a dump is none: it has another name until it is whole, and the old ones stay.
trap 'rm -f "$made.new"' EXIT
dump > "$made.new"
mv "$made.new" "$made"
echo "Backed up: $made"
find "$folder" -maxdepth 1 -type f -name 'gatehouse-*.dump' ! -path "$made" -mmin "+$((days * 24 * 60))" \
  -exec rm -- {} \; -exec echo 'Removed:' {} \;

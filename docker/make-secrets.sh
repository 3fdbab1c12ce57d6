#!/bin/sh
# Makes the secrets of compose.yaml in docker/secrets, each once: what is there stays as it is.
#
# Compose mounts them with the rights that they have here, and each service has a user of its own. So the files can be read by
# whoever reaches them, and the folder by its owner alone.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

# A name, and its value on standard input.
keep() {
  [ -e "$1" ] && return
  cat > "$1.new"
  chmod 0444 "$1.new"
  mv "$1.new" "$1"
  echo "made $1"
}
# Letters of both cases and digits, by more than 256 bits of chance. `A1a` at its end: some checks want all three classes.
random() {
  [ -e "$1" ] || printf '%sA1a' "$(openssl rand -base64 96 | tr -d '+/=\n' | cut -c "1-$2")" | keep "$1"
}

for name in postgres_password database_password valkey_password admin_key admin_secret_key api_key_pepper \
  request_state_secret ws_auth_token tcp_auth_token mcp_sig_secret agent_sig_secret grafana_password; do
  random "$name" 48
done
random jwt_secret 80
[ -e encryption_key ] || openssl rand -base64 32 | tr -d '\n' | keep encryption_key
[ -e audit_signing_key ] || openssl genpkey -algorithm ed25519 | keep audit_signing_key
[ -e database_url ] || printf 'postgres://gatehouse:%s@postgres:5432/gatehouse' "$(cat database_password)" | keep database_url
# Where alerts go; until it is changed, nowhere.
[ -e alert_webhook_url ] || printf 'http://127.0.0.1:9/' | keep alert_webhook_url
# For a first try of the profile full. Put a certificate that browsers trust in its place.
if [ ! -e tls_key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout tls_key.new -out tls_certificate.new 2> /dev/null
  chmod 0444 tls_key.new tls_certificate.new
  mv tls_certificate.new tls_certificate
  mv tls_key.new tls_key
  echo 'made tls_certificate and tls_key, signed by itself'
fi

#!/bin/sh -e
# Makes the certificates the TLS tests need in the folder given: of an authority
# that is trusted (ca.pem) and one that is not, for this machine and for another
# name, valid and expired. Keys are in the same files.
cd "$1"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
authority() {
  key "$1.key"
  openssl req -x509 -key "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}
# server NAME AUTHORITY HOST DAYS
server() {
  key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$3" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s' "$3" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial \
    -days "$4" -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  cat "$1.key" "$1.crt" > "$1.pem"
}
authority ca
authority stranger
server valid ca localhost 2
server unknown stranger localhost 2
server othername ca elsewhere.example 2
server expired ca localhost -1
# Of the hub itself, by the service's authority and by a stranger.
server client ca hub 2
server alien stranger hub 2
# The pin of a key (RFC 7469, section 2.4).
openssl pkey -in valid.key -pubout -outform der | openssl dgst -sha256 -binary \
  | openssl base64 | sed 's|^|sha256//|' > valid.pin

#!/bin/sh
# Verifies by `hubward cloud verify` what the SDKs of PyPI sign, each with three altered ones, and gives azurite of npm
# what `hubward cloud sign` signs. Needs python3 with venv, npm, openssl and curl. HUBWARD names the program; VENV and
# NPM name folders that have the packages already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
azurite=
trap 'test -z "$azurite" || kill "$azurite"; rm -rf "$work"' EXIT
if test -z "${HUBWARD:-}"; then
    (cd "$root" && cargo build --locked --release -p hubward-cli)
    HUBWARD=$root/target/release/hubward
fi
if test -z "${VENV:-}"; then
    VENV=$work/venv
    python3 -m venv "$VENV"
    "$VENV/bin/pip" -q install azure-storage-blob azure-eventhub azure-servicebus azure-cosmos azure-eventgrid
fi

# status WANTED ARGUMENTS..: runs `hubward cloud` and compares its exit status
status() {
    wanted=$1
    shift
    found=0
    output=$("$HUBWARD" cloud "$@" 2>&1) || found=$?
    test "$found" = "$wanted" || { echo "hubward cloud $*: status $found, not $wanted: $output"; exit 1; }
}

mkdir "$work/sdk"
"$VENV/bin/python" "$here/sign.py" "$work/sdk"
count=0
for token in "$work"/sdk/*.token; do
    name=${token%.token}
    # words of the arguments
    args=$(cat "$name.args")
    status 0 verify "$token" --key-file "$work/sdk/key" $args
    status 1 verify "$token" --key-file "$work/sdk/other" $args
    status 1 verify "$name.altered1" --key-file "$work/sdk/key" $args
    status 1 verify "$name.altered2" --key-file "$work/sdk/key" $args
    status 1 verify "$name.altered3" --key-file "$work/sdk/key" $args
    count=$((count + 1))
    echo "verified: $(basename "$name"), and three altered ones refused"
done
test "$count" -ge 8

if test -z "${NPM:-}"; then
    NPM=$work/npm
    mkdir "$NPM"
    (cd "$NPM" && npm install --silent --no-audit --no-fund azurite)
fi
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 \
    -keyout "$work/tls.key" -out "$work/tls.pem" 2>"$work/openssl.log"
mkdir "$work/data"
"$NPM/node_modules/.bin/azurite" --silent --skipApiVersionCheck --location "$work/data" \
    --cert "$work/tls.pem" --key "$work/tls.key" \
    --blobPort 42100 --queuePort 42101 --tablePort 42102 >"$work/azurite.log" 2>&1 &
azurite=$!

# wait_for PORT: until it answers. Under load azurite takes long to start
deadline=$(($(date +%s) + 300))
wait_for() {
    until curl -sk --max-time 10 -o /dev/null "https://127.0.0.1:$1/"; do
        kill -0 "$azurite" || { echo "azurite ended"; cat "$work/azurite.log"; exit 1; }
        test "$(date +%s)" -lt "$deadline" || { echo "azurite does not answer at port $1"; exit 1; }
        sleep 1
    done
}
for port in 42100 42101 42102; do wait_for "$port"; done

account=devstoreaccount1
# the key that azurite documents for this account
printf %s 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==' >"$work/key"

# http WANTED CURL-ARGUMENTS..: compares the status of the response
http() {
    wanted=$1
    shift
    found=$(curl -sk --max-time 60 -o "$work/body" -w '%{http_code}' "$@")
    test "$found" = "$wanted" || { echo "curl $*: $found, not $wanted"; cat "$work/body"; exit 1; }
}

# altered MARK TEXT: changes the first character of the signature, which is after MARK
altered() {
    rest=${2#*"$1"}
    new=A
    case $rest in A*) new=B ;; esac
    case $rest in %*) rest=${rest#???} ;; *) rest=${rest#?} ;; esac
    printf '%s%s%s%s' "${2%%"$1"*}" "$1" "$new" "$rest"
}

# shared PORT SERVICE METHOD TARGET WANTED CURL-ARGUMENTS..: sends a request that Shared Key signs,
# and before it the same with an altered signature
shared() {
    port=$1 service=$2 method=$3 target=$4 wanted=$5
    shift 5
    date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
    printf '%s %s\nx-ms-date: %s\nx-ms-version: 2021-12-02\n%s' "$method" "$target" "$date" "${HEADERS:-}" >"$work/request"
    header=$("$HUBWARD" cloud sign --scheme shared-key --resource "https://$account.$service.core.windows.net/" \
        --request "$work/request" --key-file "$work/key")
    for try in "403 $(altered "$account:" "$header")" "$wanted $header"; do
        http "${try%% *}" -X "$method" "https://127.0.0.1:$port$target" -H "x-ms-date: $date" \
            -H 'x-ms-version: 2021-12-02' -H "Authorization: ${try#* }" "$@"
    done
}

sas() {
    "$HUBWARD" cloud sign --scheme storage --resource "https://$account.$1" --permissions "$2" --key-file "$work/key"
}

shared 42100 blob PUT "/$account/plant?restype=container" 201 -H 'Content-Length: 0'
token=$(sas blob.core.windows.net/plant/log.txt rcw)
http 201 -X PUT "https://127.0.0.1:42100/$account/plant/log.txt?$token" -H 'x-ms-blob-type: BlockBlob' -d hello
http 200 "https://127.0.0.1:42100/$account/plant/log.txt?$token"
http 403 "https://127.0.0.1:42100/$account/plant/other.txt?$token"
http 403 "https://127.0.0.1:42100/$account/plant/log.txt?$(altered sig= "$token")"
echo "azurite took Blob, and refused an altered SAS and an altered Shared Key"
shared 42101 queue PUT "/$account/jobs" 201 -H 'Content-Length: 0'
token=$(sas queue.core.windows.net/jobs ra)
message='<QueueMessage><MessageText>aGVsbG8=</MessageText></QueueMessage>'
http 201 -X POST "https://127.0.0.1:42101/$account/jobs/messages?$token" -d "$message"
http 403 -X DELETE "https://127.0.0.1:42101/$account/jobs/messages?$token"
http 403 -X POST "https://127.0.0.1:42101/$account/jobs/messages?$(altered sig= "$token")" -d "$message"
echo "azurite took Queue, and refused an altered SAS and an altered Shared Key"
HEADERS='content-type: application/json
' shared 42102 table POST "/$account/Tables" 201 -H 'Content-Type: application/json' \
    -H 'Accept: application/json;odata=nometadata' -d '{"TableName":"rows"}'
token=$(sas table.core.windows.net/rows r)
http 200 "https://127.0.0.1:42102/$account/rows()?$token" -H 'Accept: application/json;odata=nometadata'
http 403 -X POST "https://127.0.0.1:42102/$account/rows?$token" -H 'Content-Type: application/json' \
    -d '{"PartitionKey":"a","RowKey":"b"}'
http 403 "https://127.0.0.1:42102/$account/rows()?$(altered sig= "$token")" -H 'Accept: application/json;odata=nometadata'
echo "azurite took Table, and refused an altered SAS and an altered Shared Key"

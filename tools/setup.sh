#!/bin/sh
# Installs what building, running or testing upscard needs and this machine lacks.
#
#   setup.sh run|test
#
# Debian 12 and 13 and Ubuntu, through apt-get. Where that cannot be done it lists what is missing and stops.
set -eu

# when | what must be there (a command, or a file) | package | why
table='
run  | cc                                             | gcc                     | cgo, for the USB driver
run  | aarch64-linux-gnu-gcc                          | gcc-aarch64-linux-gnu   | the USB driver, for the card
run  | /usr/aarch64-linux-gnu/lib/libc.a              | libc6-dev-arm64-cross   | the USB driver is linked static
run  | pkg-config                                     | pkg-config              | cgo finds libusb with it
run  | bzip2                                          | bzip2                   | unpacks the source of libusb
run  | /etc/ssl/certs/ca-certificates.crt             | ca-certificates         | Go fetches modules over TLS
run  | qemu-system-aarch64                            | qemu-system-arm         | boots the card
run  | /usr/sbin/mke2fs                               | e2fsprogs               | the file system of the state partition
run  | upsc                                           | nut-client              | asks the card what it knows
test | /lib/nut/dummy-ups                             | nut-server              | the reference that the tests compare with
test | fdtoverlay                                     | device-tree-compiler    | the device tree of a Pi 3 in QEMU
test | /usr/sbin/fsck.fat                             | dosfstools              | checks the file systems of the image
test | cpio                                           | cpio                    | the guest with the reference inside
test | /usr/include/stdlib.h                           | libc6-dev               | the race detector is linked with C
test | openssl                                        | openssl                 | TLS as clients speak it
test | python3                                        | python3                 | TLS as UPSmon.py speaks it
test | pgrep                                          | procps                  | sees that no process is left behind
test | ip                                             | iproute2                | network namespaces
test | node                                           | nodejs                  | runs node-nut, a client
test | npm                                            | npm                     | fetches it
'

missing='' packages=''
while IFS='|' read -r when what package why; do
	when=$(echo $when) what=$(echo $what) package=$(echo $package)
	[ -n "$when" ] || continue
	[ "$when" = run ] || [ "$1" = test ] || continue
	case $what in
	/*) [ -e "$what" ] && continue ;;
	*) command -v "$what" >/dev/null 2>&1 && continue ;;
	esac
	packages="$packages $package"
	missing="$missing
  $package:$why"
done <<EOF
$table
EOF

if ! command -v go >/dev/null 2>&1; then
	echo "setup: Go is missing. Install Go 1.21 or later (go.dev/dl); it fetches the version that go.mod names by itself." >&2
	exit 1
fi
[ -n "$packages" ] || exit 0

as_root=''
[ "$(id -u)" = 0 ] || as_root='sudo -n'
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
	echo "setup: these packages are needed and apt-get cannot be used here (it is missing, or you are not root and sudo asks for a password):$missing" >&2
	[ -z "$(command -v apt-get || true)" ] || echo "setup: run: sudo apt-get install$packages" >&2
	exit 1
fi
echo "setup: installing with apt-get:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
$as_root apt-get -q update >"$log" 2>&1 || { tail -n 5 "$log" >&2; echo "setup: apt-get update failed; going on with the lists at hand" >&2; }
# The reference's services must not start: they are run by the tests, with configurations of their own.
$as_root sh -c '[ -e /usr/sbin/policy-rc.d ] || { printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && echo made; }' >"$log.policy"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $packages >"$log" 2>&1 && status=0 || status=$?
[ ! -s "$log.policy" ] || $as_root rm -f /usr/sbin/policy-rc.d
rm -f "$log.policy"
[ "$status" = 0 ] || { tail -n 15 "$log" >&2; echo "setup: apt-get could not install:$packages" >&2; exit 1; }

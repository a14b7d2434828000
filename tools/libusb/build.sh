#!/bin/sh
# Builds libusb as a static library without udev, from Debian's (or Ubuntu's) own source package.
#
#   build.sh HOST PREFIX     e.g. build.sh aarch64-linux-gnu images/out/libusb-arm64
#
# Debian's ready-made libusb-1.0.a needs udev and cannot be linked into a static program. The source comes through
# apt-get, which checks its signature, with a private list of sources and a private state: nothing of the system is changed.
set -eu

host=$1
prefix=$(mkdir -p "$2" && cd "$2" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
say() { echo "libusb: $*" >&2; }

# The system's own entries for its own archive, with "deb" turned into "deb-src". One-line lists and deb822 files both.
sources=$work/sources.list.d
mkdir -p "$sources" "$work/lists/partial" "$work/cache/archives/partial"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
	case $file in
	*.list) sed -nE 's/^deb(-src)?[[:blank:]]/deb-src /p' "$file" | grep -E '/(debian|ubuntu)[^ ]*[[:blank:]]' | sort -u >"$sources/$(basename "$file")" || true ;;
	*.sources) grep -Eq '^URIs:.*/(debian|ubuntu)' "$file" && sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$sources/$(basename "$file")" ;;
	esac
done 2>/dev/null

apt() {
	apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$sources" -o Dir::State::lists="$work/lists" \
		-o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}
say "fetching the source package"
(cd "$work" && apt update && apt source --download-only libusb-1.0) || {
	say "the source package cannot be fetched: apt-get needs the archive that this system was installed from"
	exit 1
}

mkdir "$work/src"
tar -xf "$work"/libusb-1.0_*.orig.tar.* -C "$work/src" --strip-components=1
say "building $(basename "$work"/libusb-1.0_*.dsc .dsc) for $host, static, without udev"
(
	cd "$work/src"
	./configure --quiet --host="$host" --prefix="$prefix" --disable-udev --enable-static --disable-shared
	make --silent -j"$(nproc)" install
) >"$prefix/build.log" 2>&1 || {
	say "failed; the end of $prefix/build.log:"
	tail -n 15 "$prefix/build.log" >&2
	exit 1
}

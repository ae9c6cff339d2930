#!/bin/sh
# Installs acpctl from an archive of a release, after comparing it with the release's checksums.
#
#   install.sh --from PLACE [--version VERSION] [--prefix FOLDER]
#   install.sh --remove [--prefix FOLDER]
#
# PLACE is the address (https://…) or the folder in which the archives and SHA256SUMS lie. FOLDER is ~/.local without
# --prefix. Nothing is changed before the checksum was found right, and nothing runs with other rights than yours.
# The files of the last install are listed in FOLDER/share/acpctl/files, which --remove reads.
set -eu

fail() { printf 'Error: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '/^#   install/s/^#   //p' "$0" >&2; exit 2; }

from='' version='' prefix=${HOME:-}/.local remove=no
while [ $# -gt 0 ]; do
    case $1 in
        --from | --version | --prefix) [ $# -ge 2 ] || usage ;;
    esac
    case $1 in
        --from) from=$2; shift ;;
        --version) version=$2; shift ;;
        --prefix) prefix=$2; shift ;;
        --remove) remove=yes ;;
        *) usage ;;
    esac
    shift
done
case $prefix in /?*) ;; *) fail "--prefix must be an absolute path, not '$prefix'" ;; esac
list=$prefix/share/acpctl/files

# Removes what the list names. A line can only name a file below the prefix.
remove_files() {
    [ -f "$list" ] || return 0
    while IFS= read -r file; do
        case $file in /* | *..* | '') fail "$list names '$file', which no install wrote; remove the files by hand" ;; esac
        rm -f -- "$prefix/$file"
    done <"$list"
    rm -f -- "$list"
    rmdir -- "$prefix/share/acpctl" "$prefix/share/doc/acpctl" 2>/dev/null || true
}

if [ "$remove" = yes ]; then
    [ -f "$list" ] || fail "no install is recorded below $prefix; name its folder with --prefix"
    remove_files
    printf 'Removed acpctl from %s\n' "$prefix"
    exit 0
fi
[ -n "$from" ] || usage

case $(uname -s) in
    Linux) ;;
    *) fail "there are archives for Linux only; build from source: cargo install --locked --path ." ;;
esac
case $(uname -m) in
    x86_64 | amd64) target=x86_64-unknown-linux-musl ;;
    aarch64 | arm64) target=aarch64-unknown-linux-musl ;;
    *) fail "there is no archive for $(uname -m); build from source: cargo install --locked --path ." ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# fetch NAME: copies a file of the release into the work folder. Limits keep a bad server from filling the disk.
fetch() {
    case $from in
        https://* | http://127.0.0.1:* | http://localhost:*)
            if command -v curl >/dev/null; then
                curl --fail --silent --show-error --location --proto '=https,http' --proto-redir '=https' --max-time 300 \
                    --max-filesize 100000000 --output "$work/$1" "$from/$1"
            elif command -v wget >/dev/null; then
                wget --quiet --timeout=60 --tries=2 --output-document="$work/$1" "$from/$1"
            else
                fail 'neither curl nor wget is installed'
            fi ;;
        http://*) fail "'$from' is not encrypted; use an https address" ;;
        *) cp -- "$from/$1" "$work/$1" ;;
    esac || fail "$1 could not be read from $from"
}

fetch SHA256SUMS
if [ -z "$version" ]; then
    version=$(sed -n "s/^[0-9a-f]\{64\}  acpctl-\([0-9][0-9A-Za-z.+-]*\)-$target\.tar\.gz\$/\1/p" "$work/SHA256SUMS" | tail -n 1)
    [ -n "$version" ] || fail "$from has no archive for $target"
fi
name=acpctl-$version-$target
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS of $from has no line for $name.tar.gz"
fetch "$name.tar.gz"
found=$(sha256sum "$work/$name.tar.gz" | cut -d ' ' -f 1)
[ "$found" = "$wanted" ] || fail "$name.tar.gz has the checksum $found, but SHA256SUMS says $wanted; nothing was installed"

tar -xzf "$work/$name.tar.gz" -C "$work"
"$work/$name/bin/acpctl" --version >/dev/null || fail 'the program does not run on this machine; nothing was installed'

remove_files
mkdir -p "$prefix/share/acpctl"
(cd "$work/$name" && find . -type f | sed 's,^\./,,' | sort) >"$work/files"
while IFS= read -r file; do
    mkdir -p "$prefix/$(dirname "$file")"
    # A new name first, so that a running acpctl keeps its own file.
    cp -- "$work/$name/$file" "$prefix/$file.new"
    mv -f -- "$prefix/$file.new" "$prefix/$file"
done <"$work/files"
cp "$work/files" "$list"
printf 'Installed acpctl %s in %s\n' "$version" "$prefix"
case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) printf 'Add it to your PATH: export PATH="%s/bin:$PATH"\n' "$prefix" ;;
esac
printf 'Next: acpctl doctor\n'

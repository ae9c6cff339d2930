#!/bin/sh
# Installs acpctl from an archive of a release, after comparing it with the release's checksums.
#
#   install.sh --from PLACE [--version VERSION] [--prefix FOLDER]
#   install.sh --remove [--prefix FOLDER]
#
# PLACE is the address (https://…) or the folder in which the archives and SHA256SUMS lie. FOLDER is ~/.local without
# --prefix. Everything is checked before the first change, and nothing runs with other rights than yours. The files of
# the last install are listed in FOLDER/share/acpctl/files, which --remove reads.
set -eu
LC_ALL=C
export LC_ALL
unset CDPATH
umask 022

# The largest list of checksums, archive and unpacked archive, in bytes, and the largest number of files. A release has
# a tenth of it or less.
most_sums=100000 most_packed=100000000 most_unpacked=200000000 most_files=2000

fail() { printf 'Error: %s\n' "$*" >&2; exit 1; }
print_help() {
    cat <<'END'
install.sh --from PLACE [--version VERSION] [--prefix FOLDER]
install.sh --remove [--prefix FOLDER]

PLACE    the address (https://...) or the folder with the archives and SHA256SUMS of a release
VERSION  the version to install; without it, the highest one in PLACE
FOLDER   the folder below which the files go; without it, ~/.local
END
}
usage() {
    print_help >&2
    exit 2
}
# Text from elsewhere on one short line: no sign of it reaches the terminal as a command.
shown() { printf '%s' "$1" | head -c 120 | tr -c ' -~' '?'; }

from='' version='' prefix=${HOME:+$HOME/.local} remove=no
while [ $# -gt 0 ]; do
    case $1 in
        --from | --version | --prefix) [ $# -ge 2 ] || usage ;;
    esac
    case $1 in
        --from) from=$2; shift ;;
        --version) version=$2; shift ;;
        --prefix) prefix=$2; shift ;;
        --remove) remove=yes ;;
        -h | --help) print_help; exit 0 ;;
        *) usage ;;
    esac
    shift
done
[ -n "$prefix" ] || fail 'HOME is not set; name a folder with --prefix'
case $prefix in /?*) ;; *) fail "--prefix must be an absolute path, not '$(shown "$prefix")'" ;; esac

# need TOOL...: every step below relies on them; some images lack one.
need() {
    for tool; do command -v "$tool" >/dev/null || fail "$tool is not installed, which this script needs"; done
}
need awk cat chmod cut dirname head id ls mkdir mktemp mv rm rmdir sed sort tail tr uname wc
[ "$remove" = yes ] || need find grep gzip sha256sum tar

# The folder itself, not a link to it, which somebody could point elsewhere.
above=${prefix%/} below=''
while [ -n "$above" ] && [ ! -d "$above" ]; do below=/${above##*/}$below above=${above%/*}; done
above=$(cd -- "$above/" && pwd -P) || fail "$(shown "$above") cannot be entered"
prefix=${above%/}$below list=${above%/}$below/share/acpctl/files
# It is printed within a line to paste.
case $prefix in
    *[[:cntrl:]\"\$\`\\]*) fail '--prefix must not contain quotation marks, $, `, \ or control characters' ;;
esac
[ -n "$prefix" ] || fail '--prefix must name a folder below /'
case $below/ in */../* | */./*) fail "--prefix must not contain . or .. in a folder that does not exist" ;; esac

work=$(mktemp -d) changing=no
# It exists while files are changed.
lock=$prefix/.acpctl-install locked=no
finish() {
    rm -rf -- "$work"
    [ "$locked" = no ] || rmdir -- "$lock" 2>/dev/null || :
    [ "$changing" = no ] || printf 'Error: this was not finished; run it again, or run: install.sh --remove --prefix "%s"\n' "$prefix" >&2
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# check_names LIST WHERE: only such files are ever written or removed.
check_names() {
    [ "$(wc -l <"$1")" -le "$most_files" ] || fail "$2 names more than $most_files files"
    while IFS= read -r file; do
        case $file in
            *[!A-Za-z0-9._+/-]* | */.* | *..* | *//* | */ | *.new | share/acpctl | share/acpctl/*) ;;
            bin/acpctl | share/*acpctl*) continue ;;
        esac
        fail "$2 names '$(shown "$file")', which no install wrote; nothing was changed"
    done <"$1"
}

# Every folder on the way to the files of a list, the outermost first.
folders_of() {
    { cat -- "$1"; echo share/acpctl/files; } |
        awk -F/ '{ path = $1; print path; for (i = 2; i < NF; i++) { path = path "/" $i; print path } }' | sort -u
}

# A group of one's own has one's name, and nobody else is in it.
is_own_group() { [ "$1" = "$(id -g)" ] && [ "$(id -gn)" = "$(id -un)" ]; }

# check_folder FOLDER: if it is there, nobody else can change what is written through it.
check_folder() {
    set -f
    # shellcheck disable=SC2046
    set -- "$1" $(ls -ldn -- "$1" 2>/dev/null || true)
    set +f
    case ${2:-} in
        '') return 0 ;;
        l*) fail "$1 is a link; choose a folder with --prefix" ;;
        d???????w*) fail "everybody can write in $1; choose another folder with --prefix" ;;
        d*) ;;
        *) fail "$1 is not a folder" ;;
    esac
    case $4 in
        # The group of a folder of the system, such as staff, is the system's choice.
        0) return 0 ;;
        "$(id -u)") ;;
        *) fail "$1 belongs to another user; choose another folder with --prefix" ;;
    esac
    case $2 in
        d????w*) is_own_group "$5" ||
            fail "a group can write in $1: chmod g-w it, or choose another folder with --prefix" ;;
    esac
}

# check_parents FOLDER: nobody else can put another folder in the place of this one.
check_parents() {
    parent=$1
    while [ "$parent" != / ]; do
        parent=$(dirname -- "$parent")
        set -f
        # shellcheck disable=SC2046
        set -- $(ls -ldn -- "$parent" 2>/dev/null || true)
        set +f
        case ${1:-} in
            d???????w[!tT]*) fail "everybody can replace what is in $parent; choose another folder with --prefix" ;;
        esac
        case ${3:-0} in
            0) continue ;;
            "$(id -u)") ;;
            *) fail "$parent belongs to another user; choose another folder with --prefix" ;;
        esac
        case $1 in
            d????w???[!tT]*) is_own_group "$4" ||
                fail "a group can replace what is in $parent: chmod g-w it, or choose another folder with --prefix" ;;
        esac
    done
}

# check_targets LIST: what is replaced or removed is a plain file, in folders of ours.
check_targets() {
    check_folder "$prefix"
    check_parents "$prefix"
    folders_of "$1" >"$work/folders"
    while IFS= read -r folder; do check_folder "$prefix/$folder"; done <"$work/folders"
    while IFS= read -r file; do
        for path in "$prefix/$file" "$prefix/$file.new"; do
            [ ! -L "$path" ] || fail "$path is a link, which no install made; remove it first"
            [ ! -e "$path" ] || [ -f "$path" ] || fail "$path is not a plain file"
        done
    done <"$1"
}

# enter: from here on, no other run of this script changes files below the prefix, and none has since they were listed.
enter() {
    mkdir -p -- "$prefix" 2>/dev/null && [ -w "$prefix" ] || fail "you may not write in $prefix; nothing was changed"
    mkdir -- "$lock" 2>/dev/null ||
        fail "another run changes files in $prefix; if none does, remove what a killed one left: rmdir \"$lock\""
    locked=yes
    [ "$(sort -u -- "$list" 2>/dev/null)" = "$(cat -- "$work/old")" ] ||
        fail "another run changed files in $prefix meanwhile; run this again"
    changing=yes
}

# The files of the last install, in the work folder.
: >"$work/old"
if [ -L "$prefix/share" ] || [ -L "$prefix/share/acpctl" ] || [ -L "$list" ]; then
    fail "$list is reached through a link, which no install made"
fi
if [ -e "$list" ]; then
    [ -f "$list" ] || fail "$list is not a plain file"
    [ "$(wc -c <"$list")" -le "$most_sums" ] || fail "$list is too long; no install wrote it"
    sort -u -- "$list" >"$work/old"
    check_names "$work/old" "$list"
fi

# remove_files LIST: with what an interrupted install left beside them.
remove_files() {
    while IFS= read -r file; do rm -f -- "$prefix/$file" "$prefix/$file.new"; done <"$1"
}

if [ "$remove" = yes ]; then
    [ -f "$list" ] || fail "no install is recorded below $prefix; name its folder with --prefix"
    check_targets "$work/old"
    enter
    remove_files "$work/old"
    rm -f -- "$list" "$list.new"
    changing=no
    rmdir -- "$lock"
    locked=no
    # Folders that are empty now, the innermost first. One that something else uses is not empty.
    sort -r <"$work/folders" | while IFS= read -r folder; do
        rmdir -- "$prefix/$folder" 2>/dev/null || true
    done
    printf 'Removed acpctl from %s\n' "$prefix"
    exit 0
fi

[ -n "$from" ] || usage
# An address is shown in errors and in the list of processes: nothing secret may be in it.
case $from in
    *://*@* | *://*\?* | *://*\#*) fail '--from must be an address without user name, password, ? and #' ;;
    *://*[!A-Za-z0-9._~:/%+-]*) fail '--from contains a sign that no address has' ;;
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    http://*) fail "'$from' is not encrypted; use an https address" ;;
    *) [ -d "$from" ] || fail '--from is neither an https address nor a folder' ;;
esac
case $version in
    '') ;;
    *[!0-9A-Za-z.+-]* | *..* | [!0-9]*) fail "--version must be a version such as 1.2.3, not '$(shown "$version")'" ;;
esac
case $(uname -s) in
    Linux) ;;
    *) fail "there are archives for Linux only; build from source: cargo install --locked --path ." ;;
esac
case $(uname -m) in
    x86_64 | amd64) target=x86_64-unknown-linux-musl ;;
    aarch64 | arm64) target=aarch64-unknown-linux-musl ;;
    *) fail "there is no archive for $(shown "$(uname -m)"); build from source: cargo install --locked --path ." ;;
esac

# read_file NAME: a file of the release, to standard output. Only curl follows redirections, since wget cannot be kept
# from following one to an address that is not encrypted; and BusyBox's wget does not look at certificates.
read_file() {
    case $from in
        *://*)
            if command -v curl >/dev/null; then
                curl --fail --silent --show-error --location --max-redirs 5 --proto '=https,http' --proto-redir '=https' \
                    --connect-timeout 30 --max-time 300 -- "$from/$1"
            elif wget --version 2>/dev/null | grep -q '^GNU Wget'; then
                wget --no-verbose --max-redirect=0 --timeout=60 --tries=2 --output-document=- -- "$from/$1"
            else
                echo 'neither curl nor GNU wget is installed' >&2
                return 1
            fi ;;
        *) [ -f "$from/$1" ] && cat -- "$from/$1" ;;
    esac
}

# fetch NAME BYTES: copies it into the work folder, and no more bytes than these.
fetch() {
    { read_file "$1" 2>"$work/words" || : >"$work/failed"; } | head -c "$(($2 + 1))" >"$work/$1"
    [ "$(wc -c <"$work/$1")" -le "$2" ] || fail "$1 of $from is larger than $2 bytes; nothing was changed"
    if [ -e "$work/failed" ]; then
        [ ! -s "$work/words" ] || printf '%s\n' "$(shown "$(cat "$work/words")")" >&2
        fail "$1 could not be read from $from"
    fi
}

fetch SHA256SUMS "$most_sums"
# Without --version the highest one that is no preview.
[ -n "$version" ] || version=$(sed -n "s/^[0-9a-f]\{64\}  acpctl-\([0-9][0-9.]*\)-$target\.tar\.gz\$/\1/p" "$work/SHA256SUMS" |
    grep -v '\.\.' | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
[ -n "$version" ] || fail "$from has no archive for $target"
name=acpctl-$version-$target
wanted=$(awk -v "name=$name.tar.gz" '$0 == $1 "  " name { print $1; exit }' "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS of $from has no line for $name.tar.gz"
fetch "$name.tar.gz" "$most_packed"
found=$(sha256sum <"$work/$name.tar.gz" | cut -d ' ' -f 1)
[ "$found" = "$wanted" ] ||
    fail "$name.tar.gz has the checksum $found, but SHA256SUMS says '$(shown "$wanted")'; nothing was changed"

# The archive holds plain files and folders of acpctl, or nothing of it is used. tar's own words could contain anything.
refuse() { fail "$name.tar.gz $1; nothing was changed"; }
gzip -dc <"$work/$name.tar.gz" 2>/dev/null | head -c "$((most_unpacked + 1))" >"$work/tar"
[ "$(wc -c <"$work/tar")" -le "$most_unpacked" ] || refuse "unpacks to more than $most_unpacked bytes"
# tar would unpack what is packed once more, however long that gets.
[ "$(tail -c +258 "$work/tar" | head -c 5)" = ustar ] || refuse 'is not an archive of tar'
tar -tf "$work/tar" >"$work/names" 2>/dev/null || refuse 'is not an archive of tar'
[ "$(wc -l <"$work/names")" -le "$most_files" ] || refuse "holds more than $most_files files"
while IFS= read -r file; do
    case $file in
        *[!A-Za-z0-9._+/-]* | *..*) ;;
        "$name" | "$name"/*) continue ;;
    esac
    refuse "holds '$(shown "$file")', which no release has"
done <"$work/names"
! tar -tvf "$work/tar" 2>/dev/null | grep -qv '^[d-]' || refuse 'holds something else than files and folders'
mkdir "$work/out"
# A file with holes is short in the archive and may be long on the disk. The limit counts blocks of 512 bytes.
(ulimit -f "$((most_unpacked / 512))" && tar -xof "$work/tar" -C "$work/out" || exit 1) >/dev/null 2>&1 ||
    refuse "cannot be unpacked in $(dirname "$work"), which may be full: set TMPDIR"
new=$work/out/$name
[ -z "$(find "$work/out" ! -type d ! -type f -o -type f -links +1)" ] || refuse 'holds something else than files and folders'
[ -f "$new/bin/acpctl" ] || refuse 'does not hold bin/acpctl'
(cd -- "$new" && find . -type f | sed 's,^\./,,' | sort) >"$work/new"
grep -qxF bin/acpctl "$work/new" || fail "the files of $name.tar.gz could not be listed; nothing was changed"
check_names "$work/new" "$name.tar.gz"
says=$("$new/bin/acpctl" --version 2>/dev/null | head -c 200) || says=''
[ -n "$says" ] ||
    fail "the program does not run on this machine; nothing was changed. If $(dirname "$work") forbids programs, set TMPDIR"
case $says in *" $version") ;; *) refuse "holds another program: '$(shown "$says")'" ;; esac
sort -u -- "$work/old" "$work/new" >"$work/both"
grep -vxF -f "$work/new" "$work/old" >"$work/gone" || true
check_targets "$work/both"
grep -vxF -f "$work/old" "$work/new" >"$work/added" || true
[ -s "$work/old" ] || cat -- "$work/new" >"$work/added"
while IFS= read -r file; do
    [ ! -e "$prefix/$file" ] ||
        fail "this script did not install $prefix/$file; keep it under another name: mv \"$prefix/$file\" \"$prefix/$file.before\""
done <"$work/added"

# put FILE NAME MODE: under another name first, so that a running acpctl keeps its own file.
put() {
    rm -f -- "$prefix/$2.new"
    (set -C && cat -- "$1" >"$prefix/$2.new")
    chmod "$3" "$prefix/$2.new"
    mv -f -- "$prefix/$2.new" "$prefix/$2"
}

# From here on the list names the files of both installs, so that --remove finds all of them at any moment.
enter
while IFS= read -r folder; do
    [ -d "$prefix/$folder" ] || mkdir -- "$prefix/$folder"
done <"$work/folders"
check_targets "$work/both"
put "$work/both" share/acpctl/files 644
while IFS= read -r file; do
    case $file in bin/*) mode=755 ;; *) mode=644 ;; esac
    put "$new/$file" "$file" "$mode"
done <"$work/new"
remove_files "$work/gone"
put "$work/new" share/acpctl/files 644
changing=no

printf 'Installed acpctl %s in %s\n' "$version" "$prefix"
case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) printf 'Add it to your PATH: export PATH="%s/bin:$PATH"\n' "$prefix" ;;
esac
first=$(command -v acpctl || true)
case $first in
    '' | "$prefix/bin/acpctl") ;;
    *) printf 'Another acpctl comes first in your PATH: %s\n' "$first" ;;
esac
printf 'Next: acpctl doctor\n'

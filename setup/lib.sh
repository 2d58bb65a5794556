# Shared by ./run, ./test and ./bench: installs what is missing, builds the program and the guests. Sourced, not run.
# Each part looks first and does nothing when there is nothing to do, so that a second run is quick.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
assume_yes=${assume_yes:-no}

say() { printf '%s\n' "$*" >&2; }
fail() { printf 'hyperspace: %s\n' "$*" >&2; exit 1; }

# Runs something that takes long: a line that counts the seconds on a terminal, one line before and one after elsewhere. Its output is shown when it fails.
with_progress() { # WHAT COMMAND...
    local what=$1 log began seconds=0 pid status=0
    shift
    log=$(mktemp)
    began=$SECONDS
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill $pid 2>/dev/null; rm -f "$log"; exit 130' INT TERM
    if [ -t 2 ]; then
        while kill -0 $pid 2>/dev/null; do
            seconds=$((SECONDS - began))
            printf '\r%s ... %d s  %.60s\033[K' "$what" "$seconds" "$(tail -n 1 "$log" | tr -d '\r\033' | cut -c1-60)" >&2
            sleep 0.5
        done
        printf '\r\033[K' >&2
    else
        say "$what ..."
    fi
    wait $pid || status=$?
    trap - INT TERM
    if [ $status != 0 ]; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        fail "$what failed; its last lines are above."
    fi
    say "$what: done in $((SECONDS - began)) s"
    rm -f "$log"
}

# True when the user agrees. Without a terminal nobody can be asked: that is a yes, because ./run without a terminal is meant to be unattended.
agree() { # QUESTION
    local answer
    if [ "$assume_yes" = yes ] || [ ! -t 0 ] || [ ! -t 2 ]; then return 0; fi
    read -r -p "$1 [Y/n] " answer
    case $answer in "" | y | Y | yes | j | J) return 0 ;; *) return 1 ;; esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "packages have to be installed, but this user is not root and there is no sudo; as root: apt-get install $missing"
    fi
}

check_machine() {
    [ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -s) on $(uname -m); Hyperspace needs Linux on x86_64."
    command -v apt-get >/dev/null || fail "there is no apt-get here; Hyperspace's set-up needs Debian 12 or 13 (or what descends from them)."
}

# A package and a file of it: looking for a file is quicker than asking dpkg, and it takes what came from elsewhere.
package_files='
bubblewrap              /usr/bin/bwrap
mmdebstrap              /usr/bin/mmdebstrap
genext2fs               /usr/bin/genext2fs
e2fsprogs               /sbin/resize2fs
kmod                    /sbin/depmod
cpio                    /usr/bin/cpio
zstd                    /usr/bin/zstd
xz-utils                /usr/bin/xz
console-setup-linux     /usr/share/consolefonts/Uni2-Terminus16.psf.gz
libxkbcommon0           /usr/lib/x86_64-linux-gnu/libxkbcommon.so.0
xkb-data                /usr/share/X11/xkb/rules/evdev
libinput10              /usr/lib/x86_64-linux-gnu/libinput.so.10
libudev1                /usr/lib/x86_64-linux-gnu/libudev.so.1
libsystemd0             /usr/lib/x86_64-linux-gnu/libsystemd.so.0
dbus-daemon             /usr/bin/dbus-daemon
libasound2              /usr/lib/x86_64-linux-gnu/libasound.so.2
libasound2-data         /usr/share/alsa/alsa.conf
libdrm2                 /usr/lib/x86_64-linux-gnu/libdrm.so.2
libseat1                /usr/lib/x86_64-linux-gnu/libseat.so.1
libsdl2-2.0-0           /usr/lib/x86_64-linux-gnu/libSDL2-2.0.so.0
ca-certificates         /etc/ssl/certs/ca-certificates.crt
ovmf                    /usr/share/OVMF/OVMF_CODE_4M.fd
uidmap                  /usr/bin/newuidmap
acpica-tools            /usr/bin/iasl
xvfb                    /usr/bin/Xvfb
xclip                   /usr/bin/xclip
spice-vdagent           /usr/sbin/spice-vdagentd
'
# On a Wayland desktop that leaves title bars to its programs (GNOME) the seat's window has one only with this.
if [ -n "${WAYLAND_DISPLAY:-}" ]; then
    package_files+='libdecor-0-plugin-1-cairo /usr/lib/x86_64-linux-gnu/libdecor/plugins-1/libdecor-cairo.so
'
fi
qemu_packages="qemu-system-x86 qemu-utils"
qemu_display=/usr/lib/x86_64-linux-gnu/qemu/ui-dbus.so
qemu_sound=/usr/lib/x86_64-linux-gnu/qemu/audio-dbus.so # in qemu-system-modules-opengl too

qemu_major() { qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p' | head -n 1; }

qemu_is_good() { [ "$(qemu_major)" -ge 10 ] 2>/dev/null && [ -e $qemu_display ] && [ -e $qemu_sound ] && command -v qemu-img >/dev/null; }

install_packages() {
    local package file suite codename backports=""
    missing=""
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    while read -r package file; do
        # Debian 13 has it under another name, and apt will not choose among those who provide the old one.
        if [ "$package" = libasound2 ] && [ "$codename" != bookworm ]; then package=libasound2t64; fi
        if [ -n "$package" ] && [ ! -e "$file" ] && [ ! -e "/usr$file" ]; then missing="$missing $package"; fi
    done <<<"$package_files"
    if ! qemu_is_good; then
        missing="$missing $qemu_packages qemu-system-modules-opengl"
    fi
    [ -n "$missing" ] || return 0
    case "$codename $missing" in "bookworm "*qemu-*) backports=bookworm-backports ;; esac
    say "These Debian packages are missing:$missing"
    if [ -n "$backports" ]; then
        say "Debian 12's own QEMU is too old (7.2); version 10 comes from bookworm-backports, an official suite of Debian,"
        say "which is added as /etc/apt/sources.list.d/hyperspace-backports.list if it is not there yet."
    fi
    agree "Install them?" || fail "nothing was installed. You can do it yourself: apt-get install ${backports:+-t $backports }$missing"
    if [ -n "$backports" ] && ! grep -rqs "^[^#]*$backports" /etc/apt/sources.list /etc/apt/sources.list.d; then
        echo "deb ${HYPERSPACE_DEBIAN_MIRROR:-http://deb.debian.org/debian} $backports main" |
            as_root tee /etc/apt/sources.list.d/hyperspace-backports.list >/dev/null
    fi
    as_root true # asks for the password here, where it can be seen
    with_progress "Reading package lists" as_root apt-get update -q
    with_progress "Installing$missing" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends ${backports:+-t $backports} $missing
    qemu_is_good || fail "QEMU is still $(qemu_major || true); version 10 or newer with its D-Bus display ($qemu_display) is needed, and apt found none."
}

find_dotnet() {
    local candidate
    for candidate in dotnet "$HOME/.dotnet/dotnet" /usr/lib/dotnet/dotnet /usr/share/dotnet/dotnet; do
        if "$candidate" --list-sdks 2>/dev/null | grep -q '^10\.'; then
            dotnet=$(command -v "$candidate")
            # For what starts it by its name: tests that run the program in a process of its own.
            PATH=$(dirname "$(readlink -f "$dotnet")"):$PATH
            return 0
        fi
    done
    return 1
}

install_dotnet() {
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
    find_dotnet && return
    say "The .NET 10 SDK is missing. Microsoft's install script (https://dot.net/v1/dotnet-install.sh) puts it into $HOME/.dotnet, about 250 MB, and changes nothing else."
    agree "Install it?" || fail "the .NET 10 SDK is needed to build; see https://dotnet.microsoft.com/download."
    if ! command -v curl >/dev/null; then
        missing=curl
        with_progress "Installing curl" as_root apt-get install -y -q --no-install-recommends curl
    fi
    local script
    script=$(mktemp)
    curl -fsSL https://dot.net/v1/dotnet-install.sh -o "$script" || fail "https://dot.net/v1/dotnet-install.sh cannot be fetched; the .NET 10 SDK is needed to build."
    with_progress "Installing the .NET 10 SDK" bash "$script" --channel 10.0 --install-dir "$HOME/.dotnet"
    rm -f "$script"
    find_dotnet || fail "the .NET 10 SDK is still missing after its install script has run."
}

program=$top/out/hyperspace

build_program() {
    if [ -x "$program" ] && [ -z "$(find "$top/src" "$top/Directory.Build.props" \( -name obj -o -name bin \) -prune -o -type f -newer "$program" -print -quit)" ]; then return; fi
    with_progress "Building hyperspace" publish_program
}

# The old program stays until the new one is whole.
publish_program() {
    rm -rf "$top/.build/publish"
    "$dotnet" publish "$top/src/Hyperspace" -c Release -v q -nologo -o "$top/.build/publish" || return 1
    mkdir -p "$top/out"
    cp "$top/.build/publish/hyperspace" "$program.new" && touch "$program.new" && mv "$program.new" "$program"
}

guest_cache() {
    if [ -n "${HYPERSPACE_CACHE:-}" ]; then echo "$HYPERSPACE_CACHE"
    elif [ -n "${HYPERSPACE_HOME:-}" ]; then echo "$HYPERSPACE_HOME/cache"
    elif [ "$(id -u)" = 0 ]; then echo /var/cache/hyperspace
    else echo "${XDG_CACHE_HOME:-$HOME/.cache}/hyperspace"
    fi
}

build_guests() {
    "$top/guests/build" --check 2>/dev/null && return
    with_progress "Building three guests from Debian packages" "$top/guests/build"
}

# Boots the guests that open at once a first time and keeps what they are then.
prepare_templates() {
    if [ -d "$(guest_cache)/prepared/state/vms/instant/template" ]; then "$program" guests prepare >/dev/null
    else with_progress "Starting the browser of the guest Instant once, so that it opens at once from then on" "$program" guests prepare
    fi
}

prepare() {
    check_machine
    install_packages
    install_dotnet
    build_program
    build_guests
    prepare_templates
}

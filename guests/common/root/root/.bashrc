# Each command line goes to the serial line before it runs, and the first prompt says that the guest is ready.
HISTCONTROL=
hs_command() {
    local line
    line=$(HISTTIMEFORMAT='' builtin history 1)
    printf 'hs:cmd %s\n' "${line#*[0-9]  }" >/dev/ttyS0
}
hs_ready() {
    printf 'hs:ready %s\n' "$HOSTNAME" >/dev/ttyS0
    unset PROMPT_COMMAND
}
if [ -w /dev/ttyS0 ]; then
    PS0='$(hs_command)'
    PROMPT_COMMAND=hs_ready
fi
. /etc/hs-prompt

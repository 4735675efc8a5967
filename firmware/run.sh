#!/bin/sh
# cargo's runner: starts an image under QEMU, or brings it to a real board by probe-rs, as its board.toml says.
# BOARD chooses the board, as it does for the build; MODEL, if set, is the model file that goes into its region.
set -eu
image=$1
here=$(dirname "$0")
facts=$here/boards/${BOARD:-mps2-an386}/board.toml

# The value of KEY in [SECTION] of board.toml.
fact() {
    sed -n "/^\[$1\]/,/^\[/s/^$2 = //p" "$facts" | tr -d '"_'
}
top() {
    sed -n "1,/^\[/s/^$1 = //p" "$facts" | tr -d '"'
}

chip=$(sed -n 's/^chip = "\(.*\)"/\1/p' "$facts")
address=$(fact model origin)
if [ -n "$chip" ]; then
    if [ -n "${MODEL:-}" ]; then
        probe-rs download --chip "$chip" --binary-format bin --base-address "$address" "$MODEL"
    fi
    exec probe-rs run --chip "$chip" "$image"
fi

program=$(sed -n 's/^program = "\(.*\)"/\1/p' "$facts")
machine=$(sed -n 's/^machine = "\(.*\)"/\1/p' "$facts")
set -- -M "$machine" -nographic -monitor none
case $program in *riscv*) set -- "$@" -bios none ;; esac
if [ -n "${MODEL:-}" ]; then
    set -- "$@" -device "loader,file=$MODEL,addr=$address,force-raw=on"
fi
if [ "$(top transport)" = uart ]; then
    # The link on a socket, the logs here.
    set -- "$@" -chardev socket,id=link,path=edgefit.link,server=on,wait=off -serial chardev:link
    set -- "$@" -chardev stdio,id=logs,mux=off -serial chardev:logs
else
    # Without a host, what it would send is empty: the board leaves at once.
    [ -e edgefit.to-board ] || : >edgefit.to-board
    set -- "$@" -serial none -semihosting-config enable=on,target=native
fi
exec "$program" "$@" -kernel "$image"

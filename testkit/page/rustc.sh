#!/bin/sh
# Passes a call to Debian's rustc, which is older than the workspace's: these features are stable since 1.86 to 1.88.
rustc=$1
shift
features=let_chains,unsigned_is_multiple_of,slice_as_chunks,const_black_box,integer_sign_cast
case $CARGO_PKG_NAME in
hubward-registry | hubward-x509) features=$features,const_vec_string_slice ;;
esac
# the rolled compression of SHA-256 has a tenth of the code of the unrolled one
[ "$CARGO_PKG_NAME" != sha2 ] || set -- "$@" '--cfg=sha2_backend_soft="compact"'
# the standard library and the crates of others are built without checks of overflows, as rustup builds the former
case $CARGO_PKG_NAME in
hubward*) ;;
*) set -- "$@" -Coverflow-checks=off ;;
esac
case " $* " in
*" --edition=2024 "*) exec "$rustc" "$@" "-Zcrate-attr=feature($features)" ;;
esac
exec "$rustc" "$@"

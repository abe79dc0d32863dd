# Sourced. until_stdin_closes SIGNAL DIRECTORY PROGRAM [ARGUMENT...]: runs the program until a line or the end of stdin comes, then stops it
# with the signal. At the end of stdin, which also comes when whoever started us was killed, the directory is removed with it, unless
# KEEP_DIRECTORY is set.
until_stdin_closes() {
  signal=$1 directory=$2
  shift 2
  # A terminal's interrupt reaches us too; we stay until the server is stopped and tidied up after.
  trap '' HUP INT TERM
  "$@" 2>&1 </dev/null &
  server=$!
  # From here only the server holds our stdout, so that it ends when the server does.
  exec >/dev/null 2>&1
  keep=${KEEP_DIRECTORY:-}
  if read -r _; then keep=yes; fi
  kill -s "$signal" "$server"
  wait "$server"
  [ -n "$keep" ] || rm -rf "$directory"
}

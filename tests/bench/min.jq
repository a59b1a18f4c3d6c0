# `hull spec`, without a terminal.
.process.terminal = false | .root.readonly = false

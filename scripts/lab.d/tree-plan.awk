# SPDX-License-Identifier: GPL-2.0
#
# Decides, for each file, what scripts/lab tree does with it. Input lines:
#   KIND CHECKSUM  FILE	KIND: want, have, base (vanilla), last (installed by the lab)
#   list FILE		a file to decide on
# Output lines:
#   put FILE		write it as it should be
#   drop FILE		remove it
#   keep FILE		leave a developer's edit of an existing kernel file
#   stray FILE		leave a file that nobody knows
#   lose FILE		(besides put or drop) an edit is thrown away
#   conflict FILE	edited, and it should change as well
#   ours FILE		a file of the repository, edited in the wrong place
#   sum CHECKSUM  FILE	the new state of .lab/installed

function name(line) {
	sub(/^[^ ]+ [^ ]+  /, "", line)
	return line
}

$1 == "list" {
	sub(/^list /, "")
	files[++n] = $0
	next
}
{ sum[$1, name($0)] = $2 }
$1 == "want" { wanted[name($0)] = 1 }

# A checksum that stands for "not there" if there is none.
function get(kind, f) {
	return (kind, f) in sum ? sum[kind, f] : "-"
}

function set_right(f, want) {
	print (want == "-" ? "drop " : "put ") f
}

function decide(f,    have, want, base, last, edited) {
	have = get("have", f)
	base = get("base", f)
	want = (f in wanted) ? get("want", f) : base
	last = ("last", f) in sum ? get("last", f) : base
	# remembered as long as it is not vanilla's, or an edit hangs on it
	if (want != base)
		print "sum " want "  " f
	if (have == want)
		return
	edited = (have != last)
	if (!edited) {
		set_right(f, want)
	} else if (discard == "yes") {
		print "lose " f
		set_right(f, want)
	} else if (base == "-" && (f in wanted)) {
		print (have == "-" ? "put " : "ours ") f
	} else if (base == "-" && last == "-") {
		print "stray " f
	} else if (want != last) {
		print "conflict " f
	} else {
		print "keep " f
	}
}

END {
	for (i = 1; i <= n; i++)
		decide(files[i])
}

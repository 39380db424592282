#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: test/report.sh BUILD COLUMNS
#
# Tables, pictures and verdicts of what verdicts.sh has left in COLUMNS, and of a guest.

set -euo pipefail
cd "$(dirname "$0")/.."
COLUMNS_OF=$2
WORK=$(mktemp -d "${TMPDIR:-/tmp}/papers-report-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
FAILED=0

# has TEXT FILE: a line of it
has() {
	grep -q -x -e "$1" "$WORK/out/$2" || {
		echo "$2 has no line '$1'"
		FAILED=1
	}
}

# A file for each id, as the experiments write them
for column in model kernel; do
	mkdir -p "$WORK/out/$column"
	awk -F , -v dir="$WORK/out/$column" '
		$1 == "id" { next }
		!($1 in file) { file[$1] = dir "/" $1 ".csv"; print "id,condition,value,unit" >file[$1] }
		{ print >file[$1] }' "$COLUMNS_OF/$column/all.csv"
done
mkdir "$WORK/out/guest"
cat >"$WORK/out/guest/web.csv" <<-'END'
	id,condition,value,unit
	f2.4,quantum=1000us first miss,47.5,% utilisation
	t2.2,overloaded=yes policy=cbs domain=3,17,% missed
	new,a <b&c>,1,s
END

# Where there is no gnuplot, its pictures are left out of what is tested.
pictures=yes
command -v gnuplot >/dev/null || {
	pictures=no
	mkdir "$WORK/bin"
	# shellcheck disable=SC2016 # for that script
	printf '#!/bin/sh\necho "<svg/>" >"$5"\n' >"$WORK/bin/gnuplot"
	chmod +x "$WORK/bin/gnuplot"
	PATH=$WORK/bin:$PATH
}
./report.sh "$WORK/out" >"$WORK/out/said" || FAILED=1
has '[0-9]* verdicts hold, [0-9]* differ for a known reason, 0 do NOT hold; .*' said
has 'id,condition,unit,published,model,kernel,guest' t2.2.csv
# A value that a column does not have is left empty.
has 't2.2,overloaded=yes policy=cbs domain=3,% missed,,[0-9.]*,[0-9.]*,17' t2.2.csv
has 't2.2,overloaded=yes policy=deferrable domain=3,% missed,[^,]*,[0-9.]*,,' t2.2.csv
has 'id,condition,unit,published,kernel,guest' f2.4.csv
has 'f2.4,quantum=1000us first miss,% utilisation,48,[0-9.]*,47.5' f2.4.csv
has 'f2.4,quantum=10us first miss,% utilisation,30,,' f2.4.csv
has '<tr><td>a &lt;b&amp;c&gt;<td>s<td><td>1</tr>' report.html
has '<tr><th>condition<th>unit<th>published<th>model<th>kernel<th>guest</tr>' report.html
has '<li class="ok">ok: .*' report.html
has '</body></html>' report.html
[ ! -e "$WORK/out/model/reclaim.csv" ] || has '<tr><th>set<th>none, cbs<th>none, cash<th>.*' report.html
[ $pictures = no ] || has '<svg .*' report.html
# A verdict that does not hold is seen in its status.
sed -i 's/^\(t4.2,others=3 domain=rt\),[^,]*/\1,39/' "$WORK/out/kernel/t4.2.csv"
if ./report.sh "$WORK/out" >"$WORK/out/said"; then
	echo "what does not hold is not in the status"
	FAILED=1
fi
has '.*, 1 do NOT hold; .*' said
has '<li class="NOT">NOT: the guest with 4/10 ms has 40 %.*' report.html
exit $FAILED

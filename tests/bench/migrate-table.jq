# Medians -> Markdown.
def ms: if . == null then "" elif . >= 100 then (. | round | tostring) else (. * 10 | round | . / 10 | tostring) end;
def names: {by_hull: "hull migrate, `local:`", by_runc: "runc, tar by a pipe", by_hull_ssh: "hull migrate, ssh",
	by_runc_ssh: "runc, tar by ssh", hull_in_place: "hull checkpoint + restore, in place",
	runc_in_place: "runc checkpoint + restore, in place"};
def order: ["hull_in_place", "runc_in_place", "by_hull", "by_hull_ssh", "by_runc", "by_runc_ssh"];
"\(.date), \(.cpus) CPUs (\(.cpu)), Linux \(.kernel), CRIU \(.criu), runc \(.runc); medians of \(.rounds) rounds, load \(.load) before.",
"",
"| | memory | written | stands still | (least–most) | hull says | dump, transfer, restore | total |",
"|---|--:|--:|--:|--:|--:|--:|--:|",
(.rows | sort_by([(.how as $h | order | index($h)), .mib, .rate])[]
	| "| \(names[.how]) | \(.mib) MiB | \(if .rate > 0 then "\(.rate) MiB/s" else "" end) | \(.downtimeMs | ms) ms | \(.least | ms)–\(.most | ms) | \(.told | ms) | \((.parts // []) | map(ms) | join(", ")) | \(.totalMs | ms) ms |")

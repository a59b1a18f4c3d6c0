# Medians -> SVG: both axes logarithmic.
def lg: log10;
def x: 80 + ((. | lg) - (48 | lg)) / ((6144 | lg) - (48 | lg)) * 520;
def y: 360 - ((. | lg) - (20 | lg)) / ((50000 | lg) - (20 | lg)) * 310;
def r: . * 10 | round | . / 10;
def series: [
	{how: "by_runc", rate: 0, name: "runc, CRIU, tar by a pipe", color: "#b3541e"},
	{how: "by_runc_ssh", rate: 0, name: "runc, CRIU, tar by ssh", color: "#d9a441"},
	{how: "by_hull", rate: 50, name: "hull migrate, 50 MiB/s written", color: "#2a7f9e"},
	{how: "by_hull", rate: 0, name: "hull migrate, idle", color: "#1d4e89"},
	{how: "by_hull_ssh", rate: 0, name: "hull migrate by ssh, idle", color: "#4a9c6d"}];
. as $all
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 470\" font-family=\"sans-serif\" font-size=\"12\">",
"<rect width=\"640\" height=\"470\" fill=\"#fff\"/>",
"<text x=\"80\" y=\"24\" font-size=\"15\">How long a container stands still while it is moved</text>",
([20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000][]
	| "<path d=\"M80 \(y | r)H600\" stroke=\"#ddd\"/><text x=\"74\" y=\"\((y | r) + 4)\" text-anchor=\"end\">\(if . < 1000 then "\(.) ms" else "\(. / 1000) s" end)</text>"),
([64, 256, 1024, 4096][]
	| "<path d=\"M\(x | r) 50V360\" stroke=\"#eee\"/><text x=\"\(x | r)\" y=\"378\" text-anchor=\"middle\">\(if . < 1024 then "\(.) MiB" else "\(. / 1024) GiB" end)</text>"),
(series | to_entries[] | .key as $i | .value as $s
	| [$all.rows[] | select(.how == $s.how and .rate == $s.rate)] | sort_by(.mib)
	| (if length > 1 then "<polyline fill=\"none\" stroke=\"\($s.color)\" stroke-width=\"2\" points=\"\(map("\(.mib | x | r),\(.downtimeMs | y | r)") | join(" "))\"/>" else empty end),
	  (.[] | "<circle cx=\"\(.mib | x | r)\" cy=\"\(.downtimeMs | y | r)\" r=\"4\" fill=\"\($s.color)\"/>"),
	  (if length > 0 then "<rect x=\"\(80 + ($i % 2) * 260)\" y=\"\(392 + ($i / 2 | floor) * 18)\" width=\"10\" height=\"10\" fill=\"\($s.color)\"/><text x=\"\(96 + ($i % 2) * 260)\" y=\"\(402 + ($i / 2 | floor) * 18)\">\($s.name)</text>" else empty end)),
"<text x=\"80\" y=\"460\" font-size=\"10\" fill=\"#666\">\(.date), \(.cpus) CPUs, \(.cpu), Linux \(.kernel), CRIU \(.criu), runc \(.runc); medians of \(.rounds)</text>",
"</svg>"

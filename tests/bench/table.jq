# The README's table: jq -r -f tests/bench/table.jq bench.json
def cell($rows; $what; $rt): ($rows | map(select(.what == $what and .runtime == $rt)) | first) as $r
  | if $r == null then "" elif $rt == "crun" then "\($r.median * 100 | round / 100)"
    else "\($r.median * 100 | round / 100) (\($r.ratio * 1000 | round / 1000))" end;
.rows as $rows
| "\(.date), \(.cpus) processors, Linux \(.kernel); \(.crun), \(.runc); medians in ms, in brackets the median of the ratios to crun of the same round.",
  "", "| | hull | crun | runc | floor |", "|---|---|---|---|---|",
  ($rows | map(.what) | reduce .[] as $w ([]; if index([$w]) then . else . + [$w] end) | .[]
   | . as $w | "| \($w) | \(cell($rows; $w; "hull")) | \(cell($rows; $w; "crun")) | \(cell($rows; $w; "runc")) | \(cell($rows; $w; "floor")) |"),
  "", "Peak resident memory of the runtime, kB (largest of all rounds):", "",
  "| | hull | crun | runc |", "|---|---|---|---|",
  (("run min", "run dk", "create dk", "exec dk") | . as $w
   | [("hull", "crun", "runc") as $rt | $rows | map(select(.what == $w and .runtime == $rt)) | first | .peak_kb // ""]
   | "| \($w) | \(.[0]) | \(.[1]) | \(.[2]) |")

# Rows of single runs -> medians.
def median: map(select(. != null)) | sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
{date: $date, kernel: $kernel, cpus: $cpus, cpu: $cpu, load: $load, criu: $criu, runc: $runc, rounds: $rounds,
	rows: (group_by([.how, .mib, .rate]) | map({how: .[0].how, mib: .[0].mib, rate: .[0].rate, runs: length,
		downtimeMs: (map(.downtimeMs) | median), least: (map(.downtimeMs) | min),
		most: (map(.downtimeMs) | max), totalMs: (map(.totalMs) | median), told: (map(.told) | median),
		apart: (map(select(.told) | (.told - .downtimeMs) | fabs) | max),
		parts: (map(.parts | select(.)) | if length == 0 then null else transpose | map(median) end)}))}

# Is a document as its JSON schema wants it? $value the document, $file the schema's file name, $all
# every schema by file name. Gives an array of complaints, empty when all is well. Knows what the
# schemas of the runtime specification use: type, properties, patternProperties, items, required,
# enum, pattern, minimum, maximum, $ref.
def at($path): . as $doc | reduce ($path | split("/")[] | select(. != "")) as $k ($doc; .[$k]);

def is_type($t): type as $have
	| $have == $t or ($t == "integer" and $have == "number" and . == floor);

def check($file; $schema; $at):
	. as $v
	| if $schema["$ref"] then
		($schema["$ref"] | split("#")) as $r
		| (if $r[0] == "" then $file else $r[0] end) as $f
		| ($all[$f] | at($r[1] // "")) as $s
		| if $s == null then "\($at): the schema has no \($schema["$ref"])" else check($f; $s; $at) end
	else empty end,
	(if $schema.type and ([$schema.type] | flatten | any(. as $t | $v | is_type($t)) | not)
		then "\($at): is a \($v | type), not a \($schema.type)" else empty end),
	(if $schema.enum and ($schema.enum | index([$v]) | not) then "\($at): \($v) is not allowed" else empty end),
	(if $schema.pattern and ($v | type) == "string" and ($v | test($schema.pattern) | not)
		then "\($at): \($v) is not like \($schema.pattern)" else empty end),
	(if $schema.minimum and ($v | type) == "number" and $v < $schema.minimum then "\($at): \($v) is too small" else empty end),
	(if ($v | type) == "object" then
		(($schema.required // [])[] | select(. as $k | $v | has($k) | not) | "\($at): has no \(.)"),
		($v | keys_unsorted[] | . as $k | ($schema.properties // {})[$k] | select(.) as $s
			| $v[$k] | check($file; $s; "\($at)/\($k)"))
	else empty end),
	(if ($v | type) == "array" and $schema.items then
		(range($v | length) as $i | $v[$i] | check($file; $schema.items; "\($at)/\($i)"))
	else empty end);

[$value | check($file; $all[$file]; "")]

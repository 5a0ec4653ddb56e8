//! A JSON schema → a few lines that a person reads as an example.

use serde_json::Value;

/// A schema in a few words, such as `string (uuid)`.
pub(super) fn kind(schema: &Value) -> String {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{kind} ({format})"),
        None => kind,
    }
}

/// The shape of a schema: an object with what each field holds.
pub(super) fn shape(schema: &Value, description: &Value) -> String {
    let mut lines = String::new();
    write(schema, description, 0, &mut lines);
    lines
}

/// Deeper than this a schema goes round in circles.
const DEEPEST: usize = 6;

fn write(schema: &Value, description: &Value, depth: usize, lines: &mut String) {
    let schema = resolved(schema, description);
    let indent = "  ".repeat(depth);
    if depth > DEEPEST {
        lines.push('…');
    } else if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        lines.push_str("{\n");
        for (name, field) in fields {
            let optional = if is_required(schema, name) { "" } else { "?" };
            lines.push_str(&format!("{indent}  {name}{optional}: "));
            write(field, description, depth + 1, lines);
            lines.push('\n');
        }
        lines.push_str(&format!("{indent}}}"));
    } else if let Some(item) = schema.get("items") {
        lines.push_str("[ ");
        write(item, description, depth, lines);
        lines.push_str(" … ]");
    } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().map(Value::to_string).collect();
        lines.push_str(&values.join(" | "));
    } else {
        lines.push_str(&kind(schema));
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    required.filter_map(Value::as_str).any(|required| required == name)
}

/// What a reference refers to; of alternatives, the first that is not null.
fn resolved<'a>(schema: &'a Value, description: &'a Value) -> &'a Value {
    let mut alternatives = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let schema = alternatives.find(|one| one.get("type") != Some(&Value::from("null"))).unwrap_or(schema);
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema };
    description.pointer(reference.trim_start_matches('#')).unwrap_or(schema)
}

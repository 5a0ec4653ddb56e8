//! What is filled in, and how it looks in text and in HTML.

/// What is filled in for a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A line, whoever wrote it.
    Text(String),
    /// Several lines with names.
    Facts(Vec<Fact>),
    /// A part that was filled in before.
    Part(String),
}

/// A line with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// In which form a letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Html,
}

impl Value {
    pub(super) fn shown(&self, form: Form) -> String {
        match (self, form) {
            (Self::Part(part), _) => part.clone(),
            (Self::Text(text), Form::Text) => isolated(text),
            (Self::Text(text), Form::Html) if is_right_to_left(text) => format!("<bdi>{}</bdi>", escaped(text)),
            (Self::Text(text), Form::Html) => escaped(text),
            (Self::Facts(facts), Form::Text) => facts.iter().map(text_of).collect::<Vec<_>>().join("\n"),
            (Self::Facts(facts), Form::Html) => table_of(facts),
        }
    }
}

fn text_of(fact: &Fact) -> String {
    [fact.name, ": ", &isolated(&fact.text)].concat()
}

fn table_of(facts: &[Fact]) -> String {
    let row = |fact: &Fact| {
        let (name, text) = (fact.name, escaped(&fact.text));
        let edge = "padding: 6px 0; border-top: 1px solid #88888866; vertical-align: top";
        format!(
            "<tr><th scope=\"row\" align=\"left\" style=\"{edge}; padding-right: 16px; font-weight: 400; opacity: 0.8; \
             white-space: nowrap\">{name}</th><td width=\"100%\" dir=\"auto\" style=\"{edge}\">{text}</td></tr>\n"
        )
    };
    let rows: String = facts.iter().map(row).collect();
    format!("<table style=\"width: 100%; border-collapse: collapse; font-size: 16px\">\n{rows}</table>")
}

/// A line as part of a text: what is read from right to left does not reorder what stands beside it.
fn isolated(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if is_right_to_left(&line) { format!("\u{2068}{line}\u{2069}") } else { line }
}

fn is_right_to_left(text: &str) -> bool {
    let blocks = [
        '\u{590}'..='\u{8FF}',
        '\u{FB1D}'..='\u{FDFF}',
        '\u{FE70}'..='\u{FEFF}',
        '\u{10800}'..='\u{10FFF}',
        '\u{1E800}'..='\u{1EFFF}',
    ];
    text.chars().any(|c| blocks.iter().any(|block| block.contains(&c)))
}

/// A text that is a text in HTML, also within the quotes of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_control() => html.push(' '),
            c => html.push(c),
        }
    }
    html
}

//! A description: people's text on several lines, folded if it is long.

use leptos::prelude::*;

/// The longest text that is shown whole at once.
const LONGEST: usize = 500;
const MOST_LINES: usize = 8;

/// A text on several lines; a long one is folded.
pub(crate) fn description(text: String) -> AnyView {
    let Some(start) = start_of(&text) else {
        return view! { <p class="prose" dir="auto">{text}</p> }.into_any();
    };
    let start = format!("{start}…");
    view! {
        <details class="fold">
            <summary>
                <span class="fold-start" dir="auto">{start}</span>
                <span class="fold-more">"Read the whole description"</span>
                <span class="fold-less">"Show less"</span>
            </summary>
            <p class="prose" dir="auto">{text}</p>
        </details>
    }
    .into_any()
}

/// The beginning of a text that is too long to be shown whole at once, up to the end of a word.
fn start_of(text: &str) -> Option<&str> {
    let by_length = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    let by_lines = text.match_indices('\n').nth(MOST_LINES - 1).map(|(end, _)| end);
    let start = text.get(..[by_length, by_lines].into_iter().flatten().min()?)?;
    Some(start.rsplit_once(char::is_whitespace).map_or(start, |(words, _)| words).trim_end())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST_LINES, start_of};

    #[test]
    fn a_long_description_is_folded_at_the_end_of_a_word() {
        let words = "word ".repeat(200);
        let lines = "line\n".repeat(20);

        assert_eq!(start_of("A short one.\nOn two lines."), None);
        assert!(start_of(&words).is_some_and(|start| start.len() < LONGEST && start.ends_with("word")));
        assert!(start_of(&lines).is_some_and(|start| start.lines().count() < MOST_LINES));
        assert!(start_of(&"\u{1F3AD}".repeat(600)).is_some());
    }
}

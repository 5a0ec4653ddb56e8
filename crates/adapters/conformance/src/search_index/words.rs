//! What words find, and suggestions. What the words of a text are is the core's, and tested there.

use ticketing_core::domain::search::{Filters, Question, SearchPage, SearchSort};
use ticketing_core::domain::ticket::{OfferInput, Ticket};
use ticketing_core::ports::search_index::MOST_SUGGESTIONS;

use super::{ALL, SearchIndexFixture, apply_all, asked, found, ids, in_days, page, question, ticket, titled};
use crate::outcome::Outcome;
use crate::sample::NOW;
use crate::time::soon;

/// The whole title comes first, then exact words of titles, of places, then beginnings, then descriptions.
pub async fn exact_words_come_first(fixture: &dyn SearchIndexFixture) -> Outcome {
    let with = |title: &'static str, venue: Option<&'static str>, description: Option<&'static str>| {
        ticket(OfferInput { title, venue, description, ..OfferInput::default() })
    };
    // Made in the order that nobody wants, so that being newer makes none of them come first.
    let whole = titled("Faust");
    let title = titled("Faust for children");
    let venue = with("Hamlet", Some("Faust hall"), None);
    let longer = titled("Fausto");
    let description = with("Macbeth", None, Some("By the author of Faust."));
    let others = [titled("Tosca"), with("Aida", Some("Arena"), None)];
    apply_all(fixture, &[&whole, &title, &venue, &longer, &description, &others[0], &others[1]]).await;

    let expected = [&whole, &title, &venue, &longer, &description];
    assert_eq!(found(fixture, &question("FAUST")).await, ids(&expected), "of a word");
    assert_eq!(found(fixture, &question("faust chil")).await, ids(&[&title]), "of a word and a beginning");
    assert_eq!(found(fixture, &question("fau")).await, ids(&[&longer, &title, &whole, &venue]), "of a beginning");
    assert_eq!(found(fixture, &question("ust")).await, [], "of the middle of a word");
    assert_eq!(found(fixture, &question("faust tosca")).await, [], "of words that are not together");
    let newest = asked("faust", Filters::default(), SearchSort::Newest);
    assert_eq!(found(fixture, &newest).await.len(), expected.len(), "in another order");
    Outcome::Kept
}

/// A question that nothing answers is answered with one error in each word corrected, and says what was looked for.
pub async fn an_error_is_corrected_and_told(fixture: &dyn SearchIndexFixture) -> Outcome {
    let (beethoven, aida) = (titled("Beethoven night"), titled("Aida"));
    apply_all(fixture, &[&beethoven, &aida]).await;
    for typed in ["bethoven", "beethovan", "beetohven", "beeethoven", "eethoven", "night bethov", "nigth beethoven"] {
        let answer = page(fixture, &question(typed), ALL).await;
        assert_eq!(answer.hits.iter().map(|hit| hit.ticket).collect::<Vec<_>>(), [beethoven.id], "of {typed:?}");
        let instead = answer.instead.unwrap_or_default();
        assert!(instead.contains("beethoven"), "of {typed:?} it was told that {instead:?} was looked for");
    }
    for typed in ["aidb", "bethovan", "opera"] {
        assert_eq!(found(fixture, &question(typed)).await, [], "of {typed:?}: a short word, two errors, nothing alike");
    }

    let beethoves = titled("Beethoves");
    apply_all(fixture, &[&beethoves]).await;
    let exact = page(fixture, &question("beethoves"), ALL).await;
    assert_eq!((exact.count, exact.instead), (1, None), "of a word that is there");
    let nowhere = Filters { city: Some("Nowhere".to_owned()), ..Filters::default() };
    let narrowed = page(fixture, &asked("beethoves", nowhere, SearchSort::BestMatch), ALL).await;
    assert_eq!((narrowed.count, narrowed.instead), (0, None), "a filter is no typing error");
    Outcome::Kept
}

/// Suggestions are titles that a question finds, each once, and only of what is sold.
pub async fn suggestions_are_titles_on_sale(fixture: &dyn SearchIndexFixture) -> Outcome {
    let over = ticket(OfferInput {
        title: "Operetta of yesterday",
        starts_at: Some(in_days(1)),
        time_zone: Some("UTC"),
        ..OfferInput::default()
    });
    let operas: Vec<Ticket> = (0..20).map(|n| titled(&format!("Opera number {n}"))).collect();
    let mut tickets: Vec<&Ticket> = operas.iter().collect();
    let (one, other, circus) = (titled("Operetta"), titled("OPERETTA"), titled("Circus"));
    tickets.extend([&over, &one, &other, &circus]);
    apply_all(fixture, &tickets).await;

    let suggest = async |typed: &str| {
        let index = fixture.index();
        soon("titles are suggested", index.suggest(typed, in_days(2))).await.expect("the index answers")
    };
    assert_eq!(suggest("operet").await, ["OPERETTA"], "of two that are spelled alike, and one that is over");
    assert_eq!(suggest("ope").await.len(), MOST_SUGGESTIONS, "of more titles than are shown");
    assert_eq!(suggest("circs").await, ["Circus"], "of an error");
    for typed in ["", " ", "nothing like it"] {
        assert_eq!(suggest(typed).await, [""; 0], "of {typed:?}");
    }
    Outcome::Kept
}

/// Whatever is asked is answered: long, many and odd words, signs, and pages that are far too long.
pub async fn no_question_is_too_much(fixture: &dyn SearchIndexFixture) -> Outcome {
    let tickets: Vec<Ticket> = (0..120).map(|n| titled(&format!("Opera a{n} b{n} c{n} ÷ 歌{n}"))).collect();
    apply_all(fixture, &tickets.iter().collect::<Vec<_>>()).await;
    let long = "x".repeat(Question::LONGEST);
    let many: String = ('a'..='z').map(|letter| format!("{letter} ")).collect();
    for typed in [&*long, &many, "歌歌歌歌歌歌", "\u{0}\u{301}\u{200D}", "*", "\" OR (", "a:b~2^9", "𝕆𝕡𝕖𝕣𝕒", "'", "-"]
    {
        page(fixture, &question(typed), ALL).await;
        let index = fixture.index();
        soon("titles are suggested", index.suggest(typed, NOW)).await.expect("the index answers");
        index.facets(&question(typed)).await.expect("the index answers");
    }
    let far = page(fixture, &question("opera"), SearchPage::First { limit: usize::MAX }).await;
    assert_eq!((far.hits.len(), far.count), (SearchPage::MOST, 120), "of a page without end");
    let none = page(fixture, &question("opera"), SearchPage::First { limit: 0 }).await;
    assert_eq!((none.hits.len(), none.count), (0, 120), "of a page of nothing");
    assert_eq!(page(fixture, &question("÷"), ALL).await.count, 120, "of a sign");
    Outcome::Kept
}

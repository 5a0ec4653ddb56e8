//! Choices that narrow a question, with their counts.

use super::name_to_find;

/// What a question can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The category.
    Category,
    /// The city.
    City,
    /// The country: the attribute `country`, where tickets have one.
    Country,
    /// The currency of the price.
    Currency,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As most of the hits spell it.
    pub value: String,
    /// How many hits there are with it.
    pub count: u64,
}

/// The choices of a question. Each is counted as if its own facet were not filtered by, so that others can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// Categories, most frequent first.
    pub categories: Vec<Choice>,
    /// Cities, most frequent first.
    pub cities: Vec<Choice>,
    /// Countries, most frequent first.
    pub countries: Vec<Choice>,
    /// Codes of currencies, most frequent first.
    pub currencies: Vec<Choice>,
}

impl Facets {
    /// The most choices of one facet.
    pub const MOST: usize = 50;

    /// Puts the spellings of one name together, and keeps the most frequent.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::search::{Choice, Facets};
    ///
    /// let cities = [("Wien", 3), ("WIEN", 1), ("Graz", 4)];
    /// let cities = Facets::choices(cities.map(|(value, count)| Choice { value: value.to_owned(), count }));
    /// assert_eq!(cities[0], Choice { value: "Graz".to_owned(), count: 4 });
    /// assert_eq!(cities[1], Choice { value: "Wien".to_owned(), count: 4 });
    /// ```
    #[must_use]
    pub fn choices(spelled: impl IntoIterator<Item = Choice>) -> Vec<Choice> {
        let mut spelled: Vec<(String, Choice)> =
            spelled.into_iter().map(|choice| (name_to_find(&choice.value), choice)).collect();
        spelled.sort_by(|(one, a), (other, b)| {
            one.cmp(other).then(b.count.cmp(&a.count)).then_with(|| a.value.cmp(&b.value))
        });
        let mut choices: Vec<(String, Choice)> = Vec::new();
        for (name, choice) in spelled {
            match choices.last_mut() {
                Some((known, first)) if *known == name => first.count += choice.count,
                Some(_) | None => choices.push((name, choice)),
            }
        }
        choices.sort_by(|(one, a), (other, b)| b.count.cmp(&a.count).then_with(|| one.cmp(other)));
        choices.truncate(Self::MOST);
        choices.into_iter().map(|(_, choice)| choice).collect()
    }
}

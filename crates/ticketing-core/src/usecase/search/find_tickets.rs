//! Answers questions about tickets with what the store has of them.

use std::collections::HashMap;

use crate::domain::ids::TicketId;
use crate::domain::search::{Facets, Found, Question, SearchCursor, SearchEntry, SearchPage};
use crate::domain::ticket::Listing;
use crate::ports::store::StoreError;
use crate::usecase::error::Error;

use super::Search;

/// One page of the tickets that answer a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundTickets {
    /// As the store has them, in the order asked for.
    pub tickets: Vec<Listing>,
    /// How many there are on all pages, as far as the index has heard.
    pub count: u64,
    /// The question with its errors corrected, if nothing has the words that were typed: what was looked for instead.
    pub instead: Option<String>,
    /// Where this page begins, if others are before it: for [`SearchPage::Before`].
    pub previous: Option<SearchCursor>,
    /// Where this page ends, if others follow: for [`SearchPage::After`].
    pub next: Option<SearchCursor>,
}

impl Search {
    /// The tickets that answer a question, page by page.
    ///
    /// What is shown of each is what the store has now: a hit that is not on sale any more, that the filters leave out
    /// since it changed or that cannot be read is not shown, so a page may be shorter than asked for although others
    /// follow. The hits of a question of many thousands are counted four times a second at most.
    ///
    /// # Errors
    ///
    /// A failure of the index or of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::search::{Filters, Question, SearchPage, SearchSort};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let seller = AccountId::from_u128(1);
    /// let opera = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// let now = market.env().now();
    /// let question = Question::parse("cosi fan tutti", Filters::default(), SearchSort::BestMatch, now)?;
    /// let found = market.search().find_tickets(&question, SearchPage::First { limit: 10 }).await?;
    /// assert_eq!(found.tickets[0].ticket, opera);
    /// assert_eq!(found.instead.as_deref(), Some("cosi fan tutte"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_tickets(&self, question: &Question, page: SearchPage) -> Result<FoundTickets, Error> {
        let found = self.found(question, page).await?;
        let ids: Vec<TicketId> = found.hits.iter().map(|hit| hit.ticket).collect();
        let mut known = self.readable(&ids).await?;
        let tickets = ids.iter().filter_map(|id| known.remove(id)).filter(|listing| is_shown(question, listing));
        Ok(FoundTickets {
            tickets: tickets.collect(),
            count: found.count,
            previous: previous(&found, page),
            next: found.hits.last().filter(|_| found.behind() > 0).map(|hit| hit.cursor()),
            instead: found.instead,
        })
    }

    /// What the store has of these. One that cannot be read hides no other, so it is looked for among halves.
    async fn readable(&self, ids: &[TicketId]) -> Result<HashMap<TicketId, Listing>, Error> {
        let (mut known, mut parts) = (HashMap::new(), vec![ids]);
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            match self.store.listings(part).await {
                Err(StoreError::Corrupt(_)) if part.len() > 1 => {
                    parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2)))
                }
                Err(StoreError::Corrupt(error)) => {
                    error.downcast_ref().into_iter().for_each(|unreadable| self.passed_by.tell(unreadable));
                }
                found => known.extend(found?.into_iter().map(|stored| (stored.record.ticket.id, stored.record))),
            }
        }
        Ok(known)
    }

    /// The choices that narrow a question, with their counts.
    ///
    /// # Errors
    ///
    /// A failure of the index.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::domain::search::Question;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let seller = AccountId::from_u128(1);
    /// market.sell(seller, "Opera").price(4500, "EUR").city("Wien").await?;
    /// market.sell(seller, "Circus").price(1200, "EUR").city("Wien").await?;
    /// market.settle().await?;
    ///
    /// let facets = market.search().facets(&Question::all(market.env().now())).await?;
    /// assert_eq!((&*facets.cities[0].value, facets.cities[0].count), ("Wien", 2));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn facets(&self, question: &Question) -> Result<Facets, Error> {
        if let Some(facets) = self.facets.answer(question, None) {
            return Ok(facets);
        }
        let facets = self.index.facets(question).await?;
        let hits = facets.currencies.iter().map(|choice| choice.count).sum();
        self.facets.keep(question, None, hits, &facets);
        Ok(facets)
    }

    async fn found(&self, question: &Question, page: SearchPage) -> Result<Found, Error> {
        if let Some(found) = self.found.answer(question, Some(page)) {
            return Ok(found);
        }
        let found = self.index.search(question, page).await?;
        self.found.keep(question, Some(page), found.count, &found);
        Ok(found)
    }

    /// Titles of what is on sale that somebody may mean who has typed this much.
    ///
    /// # Errors
    ///
    /// A failure of the index.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// market.sell(AccountId::from_u128(1), "Così fan tutte").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// assert_eq!(market.search().suggest("cosi f").await?, ["Così fan tutte"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn suggest(&self, typed: &str) -> Result<Vec<String>, Error> {
        Ok(self.index.suggest(typed, self.env.now()).await?)
    }
}

/// Whether a hit still answers the question, its words aside.
fn is_shown(question: &Question, listing: &Listing) -> bool {
    let Listing { ticket, sales, .. } = listing;
    question.leaves(&SearchEntry { id: ticket.id, facts: Some(ticket.clone()), sales: *sales })
}

/// Where a page begins, or where it was to begin if nothing is there any more.
fn previous(found: &Found, page: SearchPage) -> Option<SearchCursor> {
    let asked = match page {
        SearchPage::After { cursor, .. } => Some(cursor),
        SearchPage::First { .. } | SearchPage::Before { .. } => None,
    };
    found.hits.first().map(|hit| hit.cursor()).or(asked).filter(|_| found.before > 0)
}

//! The fields of the index.

use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions,
};
use ticketing_core::domain::search::{Facet, Standing};

/// The version of what is written: another one is built again from nothing.
///
/// It moves with the schema, and with every change of the analyser in the core, whose terms are stored.
pub(crate) const FORMAT: u32 = 2;

/// The names of fast fields, by which readers are found.
pub(crate) const ID_HIGH: &str = "id_high";
pub(crate) const ID_LOW: &str = "id_low";
pub(crate) const STARTS: &str = "starts";
pub(crate) const STARTS_LOCAL: &str = "starts_local";
pub(crate) const CLOSES: &str = "closes";
pub(crate) const PRICE: &str = "price";
pub(crate) const LEFT: &str = "left";

/// The fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// Finds the entry of a ticket.
    pub(crate) id: Field,
    /// All that is known of the ticket.
    pub(crate) entry: Field,
    /// What is compared as a whole.
    pub(crate) names: Field,
    /// The words of a ticket; how often each is written says where it stands.
    pub(crate) words: Field,
    /// Their first letters; so does theirs.
    pub(crate) beginnings: Field,
    /// Pairs of characters of scripts without spaces, by where they stand.
    pub(crate) grams: [(Standing, Field); 3],
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    pub(crate) starts: Field,
    pub(crate) starts_local: Field,
    pub(crate) closes: Field,
    pub(crate) price: Field,
    /// Twice the places that are left, and one more if they are side by side.
    pub(crate) left: Field,
    pub(crate) facets: [(Facet, Field); 4],
}

/// The facets, in the order of [`Fields::facets`].
pub(crate) const FACETS: [Facet; 4] = [Facet::Category, Facet::City, Facet::Country, Facet::Currency];

/// The name of the fast field of a facet.
pub(crate) const fn facet_name(facet: Facet) -> &'static str {
    match facet {
        Facet::Category => "category",
        Facet::City => "city",
        Facet::Country => "country",
        Facet::Currency => "currency",
    }
}

pub(crate) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let fast = NumericOptions::default().set_fast();
    let terms = |option| {
        let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing)
    };
    let placed = terms(IndexRecordOption::WithFreqsAndPositions);
    let grams = Standing::ALL.map(|standing| {
        let name = match standing {
            Standing::Title => "title_grams",
            Standing::Place => "place_grams",
            Standing::About => "about_grams",
        };
        (standing, schema.add_text_field(name, placed.clone()))
    });
    let facets =
        FACETS.map(|facet| (facet, schema.add_text_field(facet_name(facet), TextOptions::default().set_fast("raw"))));
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        entry: schema.add_bytes_field("entry", STORED),
        names: schema.add_text_field("names", terms(IndexRecordOption::Basic)),
        words: schema.add_text_field("words", terms(IndexRecordOption::WithFreqs)),
        beginnings: schema.add_text_field("beginnings", terms(IndexRecordOption::WithFreqs)),
        grams,
        id_high: schema.add_u64_field(ID_HIGH, fast.clone()),
        id_low: schema.add_u64_field(ID_LOW, fast.clone()),
        starts: schema.add_i64_field(STARTS, fast.clone()),
        starts_local: schema.add_i64_field(STARTS_LOCAL, fast.clone()),
        closes: schema.add_i64_field(CLOSES, fast.clone()),
        price: schema.add_u64_field(PRICE, fast.clone()),
        left: schema.add_u64_field(LEFT, fast),
        facets,
    };
    (schema.build(), fields)
}

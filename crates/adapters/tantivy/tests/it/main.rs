//! The search index by Tantivy keeps every promise of its port, in memory and in a folder.

mod folders;
mod passed_by;
mod reference;
mod world;

use world::{Folder, Memory};

mod in_memory {
    use super::*;

    ticketing_conformance::search_index!(Memory::start().await);
}

mod in_a_folder {
    use super::*;

    ticketing_conformance::search_index!(Folder::start().await);
}

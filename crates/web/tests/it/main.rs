//! What holds for every page.

mod assets;
mod escaping;
mod forms;
mod pages;
mod policy;

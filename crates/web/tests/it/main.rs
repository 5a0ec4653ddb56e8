//! What holds for every page.

mod assets;
mod escaping;
mod forms;
mod letters;
mod pages;
mod policy;
mod sellers;

//! The static files of the pages, embedded in the program.
//!
//! Their paths carry a fingerprint of their content, so browsers may cache
//! them permanently: a changed file has another path.

use std::sync::LazyLock;

/// A static file.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path, such as `/assets/site.0123456789abcdef.css`.
    pub path: &'static str,
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The content, which never changes under one path.
    pub bytes: &'static [u8],
}

static ASSETS: LazyLock<[Embedded; 6]> = LazyLock::new(|| {
    [
        Embedded::new("site", "css", include_bytes!("../assets/site.css")),
        Embedded::new("live", "js", include_bytes!("../assets/live.js")),
        Embedded::new("door", "js", include_bytes!("../assets/door.js")),
        Embedded::new("search", "js", include_bytes!("../assets/search.js")),
        Embedded::new("icon", "svg", include_bytes!("../assets/icon.svg")),
        // `card.svg`, as a browser draws it: those who show a link take no SVG.
        Embedded::new("card", "png", include_bytes!("../assets/card.png")),
    ]
});

/// The asset at `path`, if there is one.
///
/// # Examples
///
/// ```
/// let style = ticketing_web::asset(ticketing_web::stylesheet_path()).expect("a page refers to it");
///
/// assert_eq!(style.content_type, "text/css; charset=utf-8");
/// assert!(ticketing_web::asset("/assets/site.css").is_none());
/// ```
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let found = ASSETS.iter().find(|asset| asset.path == path)?;
    Some(Asset { path: &found.path, content_type: found.content_type, bytes: found.bytes })
}

/// The path of the style sheet.
#[must_use]
pub fn stylesheet_path() -> &'static str {
    let [stylesheet, ..] = &*ASSETS;
    &stylesheet.path
}

/// The path of the script module.
#[must_use]
pub fn script_path() -> &'static str {
    let [_, script, ..] = &*ASSETS;
    &script.path
}

/// The path of the script of a door.
#[must_use]
pub fn door_script_path() -> &'static str {
    let [_, _, script, ..] = &*ASSETS;
    &script.path
}

/// The path of the script of a search.
#[must_use]
pub fn search_script_path() -> &'static str {
    let [_, _, _, script, ..] = &*ASSETS;
    &script.path
}

/// The path of the icon.
#[must_use]
pub fn icon_path() -> &'static str {
    let [.., icon, _] = &*ASSETS;
    &icon.path
}

/// The path of the picture that is shown beside a link to a page, 1200 by 630 pixels.
pub(crate) fn card_path() -> &'static str {
    let [.., card] = &*ASSETS;
    &card.path
}

struct Embedded {
    path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Embedded {
    fn new(name: &str, extension: &str, bytes: &'static [u8]) -> Self {
        let path = format!("/assets/{name}.{:016x}.{extension}", fingerprint(bytes));
        Self { path, content_type: content_type(extension), bytes }
    }
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        _ => "image/svg+xml",
    }
}

/// FNV-1a: it need not resist an attacker, only change with the content.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

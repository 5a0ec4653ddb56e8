//! Where the site is mounted.

use std::sync::Arc;

/// What stands before every path of the site, such as `/shop`; empty at the root.
///
/// # Examples
///
/// ```
/// use ticketing_web::Base;
///
/// assert_eq!(Base::new("/shop").at("/sell"), "/shop/sell");
/// assert_eq!(Base::new("/shop").at("/?q=rock"), "/shop?q=rock");
/// assert_eq!(Base::default().at("/sell"), "/sell");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base(Arc<str>);

impl Base {
    /// A site below a prefix, which begins with a slash and ends with none.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(prefix.into())
    }

    /// The address of a path of the site; the front page is the prefix itself, without a slash behind it.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        let is_front_page = path == "/" || path.starts_with("/?");
        let path = path.strip_prefix('/').filter(|_| is_front_page && !self.0.is_empty()).unwrap_or(path);
        [&*self.0, path].concat()
    }
}

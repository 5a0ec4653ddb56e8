//! Reads a list page by page, and two lists of the same ids side by side.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;

use crate::ports::store::{Page, StoreError};
use crate::ports::unreadable::{Listed, Unreadable};

type Read<'a, T, C> = dyn Fn(Page<C>) -> BoxFuture<'a, Result<Listed<T>, StoreError>> + Send + Sync + 'a;

/// A list, of which one page is in memory.
pub(crate) struct Pages<'a, T, C> {
    read: Box<Read<'a, T, C>>,
    id: fn(&T) -> C,
    next: Page<C>,
    page: VecDeque<T>,
    ended: bool,
    /// What was passed by so far.
    unreadable: Vec<Unreadable>,
}

impl<'a, T, C: Copy> Pages<'a, T, C> {
    pub(crate) fn new(
        limit: usize,
        read: impl Fn(Page<C>) -> BoxFuture<'a, Result<Listed<T>, StoreError>> + Send + Sync + 'a,
        id: fn(&T) -> C,
    ) -> Self {
        let (next, page) = (Page::first(limit.max(1)), VecDeque::new());
        Self { read: Box::new(read), id, next, page, ended: false, unreadable: Vec::new() }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<T>, StoreError> {
        self.fill().await?;
        Ok(self.page.pop_front())
    }

    /// Compares a record with what this list keeps of it. What lies before it has no source, and is compared with nothing.
    pub(super) async fn beside<S: Sync>(
        &mut self,
        (id, source): (C, &S),
        mut compare: impl FnMut(Option<&S>, Option<&T>) + Send,
    ) -> Result<(), StoreError>
    where
        C: Ord,
    {
        while let Some(next) = self.peek().await?.filter(|next| *next <= id) {
            let kept = self.next().await?;
            if next == id {
                compare(Some(source), kept.as_ref());
                return Ok(());
            }
            compare(None, kept.as_ref());
        }
        compare(Some(source), None);
        Ok(())
    }

    /// Compares the rest, which has no source, with nothing; returns what the list has that cannot be read.
    pub(super) async fn end_beside<S>(
        mut self,
        mut compare: impl FnMut(Option<&S>, Option<&T>) + Send,
    ) -> Result<Vec<Unreadable>, StoreError> {
        while let Some(orphan) = self.next().await? {
            compare(None, Some(&orphan));
        }
        Ok(self.unreadable())
    }

    /// What the list has that cannot be read, once it was read to its end.
    pub(crate) fn unreadable(self) -> Vec<Unreadable> {
        self.unreadable
    }

    /// The id of the record that comes next.
    async fn peek(&mut self) -> Result<Option<C>, StoreError> {
        self.fill().await?;
        Ok(self.page.front().map(self.id))
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        if self.ended || !self.page.is_empty() {
            return Ok(());
        }
        let Listed { records: page, unreadable } = (self.read)(self.next).await?;
        self.unreadable.extend(unreadable);
        // A page that is not full is the last: who reads on would chase what is being written.
        self.ended = page.len() < self.next.limit;
        self.next.after = page.last().map(self.id);
        self.page = page.into();
        Ok(())
    }
}

/// Records that two lists have under one id, or one of them alone.
pub(super) type Pair<L, R> = (Option<L>, Option<R>);

/// The records of the lowest id that comes next in either list; `None` at the end of both.
pub(super) async fn pair<L, R, C: Copy + Ord>(
    left: &mut Pages<'_, L, C>,
    right: &mut Pages<'_, R, C>,
) -> Result<Option<Pair<L, R>>, StoreError> {
    let ids = (left.peek().await?, right.peek().await?);
    let Some(lowest) = ids.0.into_iter().chain(ids.1).min() else { return Ok(None) };
    let of_left = if ids.0 == Some(lowest) { left.next().await? } else { None };
    let of_right = if ids.1 == Some(lowest) { right.next().await? } else { None };
    Ok(Some((of_left, of_right)))
}
